"""What a roster can say about a driver: the one list of fields, the words people head them with, and their choices."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from members.choices import Group, PoliticalStatus, Sex, WorkStatus


@dataclass(frozen=True, slots=True)
class Field:
    """A column we understand. Of two columns for the same field the header that stands first in `headers` counts."""

    code: str
    label: str
    headers: tuple[str, ...]
    kind: str
    # Take the value of a second column (手机 beside 联系电话) where the first is empty.
    supplements: bool = False
    longest: int = 0
    choices: Mapping[str, str | bool] = field(default_factory=dict)


# 1 and 2 are the codes of GB/T 2261.1.
SEXES = dict.fromkeys(("男", "男性", "male", "m", "1"), Sex.MALE) | dict.fromkeys(
    ("女", "女性", "female", "f", "2"), Sex.FEMALE
)

GROUPS: dict[str, str] = {
    word: group
    for group, words in {
        Group.TRUCK: "货车司机 货运 道路货运 货车 货运司机 货车驾驶员 货运驾驶员 普货 普通货运 道路货物运输 "
        "大货车 大货车司机 普货司机 道路货物运输驾驶员 经营性道路货物运输驾驶员",
        Group.RIDE_HAILING: "网约车司机 网约车 网约车驾驶员 网约 网约出租 网约出租车 网络预约出租汽车 网约出租汽车 "
        "网络预约出租汽车驾驶员",
        Group.TAXI: "巡游出租 巡游出租车 巡游出租司机 巡游出租车司机 巡游出租汽车 巡游车 出租车 出租车司机 巡游 出租 "
        "出租汽车 出租汽车司机 出租车驾驶员 出租汽车驾驶员 巡游出租车驾驶员 巡游出租汽车驾驶员 巡游出租汽车司机",
        Group.PASSENGER: "客运 客运司机 客车司机 道路客运 客运驾驶员 旅客运输 道路旅客运输 "
        "班线客运 旅游客运 大客车司机 道路旅客运输驾驶员 经营性道路旅客运输驾驶员",
        Group.DANGEROUS_GOODS: "危货 危货司机 危货运输 危险货物 危险货物运输 危险品 危险品运输 道路危险货物运输 "
        "危货驾驶员 危险货物运输驾驶员 道路危险货物运输驾驶员",
    }.items()
    for word in words.split()
}

POLITICAL_STATUSES: dict[str, str] = {
    "中共党员": PoliticalStatus.MEMBER,
    "党员": PoliticalStatus.MEMBER,
    "中国共产党党员": PoliticalStatus.MEMBER,
    "共产党员": PoliticalStatus.MEMBER,
    "中国共产党员": PoliticalStatus.MEMBER,
    "正式党员": PoliticalStatus.MEMBER,
    "中共正式党员": PoliticalStatus.MEMBER,
    "中共预备党员": PoliticalStatus.PROBATIONARY,
    "预备党员": PoliticalStatus.PROBATIONARY,
    "中国共产党预备党员": PoliticalStatus.PROBATIONARY,
    "中共党员（预备）": PoliticalStatus.PROBATIONARY,
    "中共党员（预备党员）": PoliticalStatus.PROBATIONARY,
    "共青团员": PoliticalStatus.LEAGUE,
    "团员": PoliticalStatus.LEAGUE,
    "中国共产主义青年团团员": PoliticalStatus.LEAGUE,
    "群众": PoliticalStatus.MASSES,
    "普通群众": PoliticalStatus.MASSES,
    "入党积极分子": PoliticalStatus.ACTIVIST,
    "积极分子": PoliticalStatus.ACTIVIST,
}

WORK_STATUSES: dict[str, str] = {
    "在岗": WorkStatus.ON_DUTY,
    "在职": WorkStatus.ON_DUTY,
    "离职": WorkStatus.LEFT,
    "已离职": WorkStatus.LEFT,
    "辞职": WorkStatus.LEFT,
    "已辞职": WorkStatus.LEFT,
    "停运": WorkStatus.SUSPENDED,
    "已停运": WorkStatus.SUSPENDED,
}

YES_NO: dict[str, bool] = dict.fromkeys(
    ("是", "是的", "√", "✓", "✔", "✅", "v", "y", "yes", "true", "有", "1", "☑", "已加入"), True
) | dict.fromkeys(
    ("否", "×", "✗", "✘", "✕", "✖", "╳", "x", "n", "no", "false", "0", "不是", "没有", "未加入"),
    False,
)
UNION = YES_NO | {"会员": True, "工会会员": True, "已入会": True, "非会员": False, "非工会会员": False, "未入会": False}
VETERAN = YES_NO | {"退役军人": True, "退伍军人": True, "非退役军人": False, "非退伍军人": False}

# GB/T 3304, with the words people add to it.
_NAMES = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 "
    "柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 "
    "塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
)
_ETHNICITIES = _NAMES.split()
ETHNICITIES: dict[str, str] = (
    {name: f"{name}族" for name in _ETHNICITIES}
    | {f"{name}族": f"{name}族" for name in _ETHNICITIES}
    | {
        "维族": "维吾尔族",
        "维": "维吾尔族",
        "蒙族": "蒙古族",
        "蒙": "蒙古族",
        "毛难族": "毛南族",
        "穿青人": "穿青人",
        "其他": "其他",
        "其它": "其他",
        "外国血统中国籍人士": "外国血统中国籍人士",
    }
)

FIELDS: tuple[Field, ...] = (
    Field("number", "序号", ("序号", "序", "编号", "no", "no."), "number"),
    Field(
        "name",
        "姓名",
        (
            "姓名",
            "司机姓名",
            "驾驶员姓名",
            "name",
            "driver_name",
            "党员姓名",
            "人员姓名",
            "员工姓名",
            "真实姓名",
            "名字",
            "full_name",
            "real_name",
            "司机",
            "驾驶员",
            "驾驶人",
            "从业人员",
        ),
        "name",
    ),
    Field("sex", "性别", ("性别", "sex", "gender"), "choice", choices=SEXES),
    Field(
        "id_number",
        "身份证号",
        (
            "身份证号",
            "公民身份号码",
            "身份证号码",
            "证件号码",
            "id_card",
            "居民身份证号",
            "居民身份证号码",
            "公民身份证号",
            "公民身份证号码",
            "身份证",
            "身份证件号",
            "身份证件号码",
            "司机身份证号",
            "司机身份证号码",
            "驾驶员身份证号",
            "驾驶员身份证号码",
            "公民身份证",
            "居民身份证",
            "身份号码",
            "证件号",
            "id_number",
            "id_card_no",
            "id_no",
            "身份证编号",
            "有效身份证件号码",
            "有效证件号码",
            "身分证号",
            "身分证字号",
            "identity_no",
            "identity_card",
            "id_card_number",
        ),
        "id_number",
    ),
    Field(
        "birth_date", "出生日期", ("出生日期", "出生年月", "出生年月日", "出生时间", "birthday", "birth_date"), "date"
    ),
    Field(
        "phone",
        "手机号",
        (
            "手机号",
            "手机",
            "手机号码",
            "移动电话",
            "mobile",
            "联系电话",
            "本人手机",
            "本人手机号",
            "联系手机",
            "联系手机号",
            "司机手机号",
            "司机电话",
            "移动电话号码",
            "联系方式",
            "联系电话号码",
            "电话号码",
            "电话",
            "phone",
            "mobile_phone",
            "phone_number",
            "联络电话",
            "行动电话",
            "常用手机",
            "常用手机号",
            "tel",
            "telephone",
            "phone_no",
            "mobile_no",
            "mobile_number",
            "cellphone",
        ),
        "phone",
        supplements=True,
    ),
    Field("ethnicity", "民族", ("民族", "ethnicity"), "choice", choices=ETHNICITIES),
    Field(
        "declared_political_status",
        "政治面貌",
        ("政治面貌", "政治面目", "政治身份", "political_status"),
        "choice",
        choices=POLITICAL_STATUSES,
    ),
    Field(
        "group",
        "司机类别",
        ("司机类别", "从业类别", "车辆类型", "驾驶员类别", "司机类型", "从业类型", "驾驶员类型"),
        "choice",
        choices=GROUPS,
    ),
    Field(
        "credential_number",
        "从业资格证号",
        (
            "从业资格证号",
            "网约车驾驶员证号",
            "从业资格证号码",
            "从业资格证件号",
            "从业资格证",
            "从业资格证书号",
            "资格证号",
            "资格证号码",
            "从业资格号",
            "从业资格证编号",
            "网约车驾驶员证",
            "网约车驾驶员证号码",
            "网络预约出租汽车驾驶员证号",
        ),
        "number_text",
        supplements=True,
        longest=40,
    ),
    Field(
        "driving_class",
        "准驾车型",
        ("准驾车型", "驾照类型", "驾驶证类型", "准驾", "驾驶证准驾车型", "驾照类别"),
        "driving_class",
    ),
    Field(
        "plate",
        "车牌号",
        (
            "车牌号",
            "车牌号码",
            "plate_no",
            "车牌",
            "号牌号码",
            "车号",
            "机动车号牌",
            "plate",
            "plate_number",
            "license_plate",
            "车辆号牌",
            "车辆牌照",
            "车辆牌照号",
            "车牌照",
            "车牌照号",
            "牌照号",
            "牌照号码",
            "号牌",
            "车辆车牌号",
            "营运车牌号",
            "营运车辆车牌号",
            "car_no",
            "vehicle_no",
            "license_plate_no",
        ),
        "plate",
        supplements=True,
    ),
    Field(
        "enterprise_name",
        "所属企业",
        (
            "所属企业",
            "所属公司",
            "服务平台",
            "所在企业",
            "企业名称",
            "公司名称",
            "所在公司",
            "所属平台",
            "平台名称",
            "所属单位",
            "企业",
            "公司",
            "企业全称",
            "平台",
            "平台公司",
            "所属平台公司",
            "运输企业",
            "所属运输企业",
            "挂靠企业",
            "挂靠公司",
            "工作单位",
            "所在单位",
            "业户名称",
        ),
        "text",
        supplements=True,
        longest=120,
    ),
    Field(
        "uscc",
        "统一社会信用代码",
        (
            "统一社会信用代码",
            "社会信用代码",
            "信用代码",
            "企业统一社会信用代码",
            "统一信用代码",
            "企业信用代码",
            "uscc",
        ),
        "uscc",
    ),
    Field("work_status", "从业状态", ("从业状态", "在岗状态", "就业状态"), "choice", choices=WORK_STATUSES),
    Field(
        "committee",
        "所属县区",
        (
            "所属县区",
            "区县",
            "管辖单位",
            "县区",
            "所属区县",
            "所在县区",
            "所在区县",
            "所属县市区",
            "县市区",
            "区市县",
            "所属区市县",
            "区县名称",
            "管辖区县",
            "所属区",
            "所属县",
        ),
        "committee",
    ),
    Field(
        "declared_branch",
        "党支部",
        (
            "党支部",
            "所在支部",
            "党组织名称",
            "所在党支部",
            "所属支部",
            "所属党支部",
            "支部名称",
            "党支部名称",
            "所在党组织",
            "党组织",
            "所属党组织",
            "支部",
            "所在支部名称",
            "所在党支部名称",
        ),
        "branch",
    ),
    Field(
        "declared_joined",
        "入党时间",
        (
            "入党时间",
            "入党日期",
            "入党年月",
            "加入党组织时间",
            "加入党组织日期",
            "加入中国共产党时间",
            "加入中国共产党日期",
            "入党年月日",
        ),
        "date",
    ),
    Field(
        "union_member",
        "工会会员",
        (
            "工会会员",
            "是否工会会员",
            "是否为工会会员",
            "是否加入工会",
            "是否入会",
            "加入工会",
            "是否参加工会",
            "是否加入工会组织",
        ),
        "choice",
        choices=UNION,
    ),
    Field(
        "veteran",
        "退役军人",
        (
            "退役军人",
            "是否退役军人",
            "是否为退役军人",
            "是否退伍军人",
            "退伍军人",
            "是否退役",
            "是否退伍",
            "是否复退军人",
        ),
        "choice",
        choices=VETERAN,
    ),
    Field("remarks", "备注", ("备注", "备注说明", "remark", "remarks"), "text", supplements=True, longest=500),
)
BY_CODE: dict[str, Field] = {entry.code: entry for entry in FIELDS}

# Columns our own annotated workbook adds (report.py): left out without a word when it comes back.
REASONS, OUTCOME, REMINDERS = "错误原因", "导入结果", "导入提醒"
REPORT_COLUMNS = frozenset({REASONS, OUTCOME, REMINDERS})
