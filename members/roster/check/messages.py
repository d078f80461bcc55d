"""What people read about a cell: what is wrong and what to do. The place (sheet, row, column) stands beside it."""

from foundation.protection.masks import mask_id_number, scrub
from members.choices import Group, PoliticalStatus, Sex, WorkStatus

_DASH = "、"
_CHOICES = {
    "sex": "男、女",
    "group": _DASH.join(Group.labels),
    "declared_political_status": _DASH.join(PoliticalStatus.labels),
    "work_status": _DASH.join(WorkStatus.labels),
    "union_member": "是、否",
    "veteran": "是、否",
    "ethnicity": "五十六个民族的名称，如 汉族",
    "driving_class": "A1、A2、A3、B1、B2、C1 至 C6、D、E、F、M、N、P",
}

MESSAGES = {
    "name_missing": "没有姓名。请填写姓名。",
    "name_too_long": "姓名有 {length} 个字，最多 50 个。请核对这一格。",
    "id_missing": "没有身份证号。请填写 18 位身份证号。",
    "id_numeric_cell": "身份证号是数字格式，末几位已经丢失，无法还原。请把这一列设成“文本”，再重新填写。",
    "id_length": "身份证号要 18 位，这里是 {length} 位。请核对后重新填写。",
    "id_characters": "身份证号只能是 17 位数字加 1 位数字或 X，这里有别的字符。请核对后重新填写。",
    "id_birthdate": "身份证号 {masked} 里的出生日期不对（没有这一天，或者不在 16 至 100 岁）。请核对后重新填写。",
    "id_checksum": "身份证号 {masked} 的校验码不对，有一位或几位填错了。请对照证件核对。",
    "duplicate_in_file": "身份证号 {masked} 与{where}重复。同一个人只留一行。",
    "phone_invalid": "手机号要 1 开头的 11 位数字，这里是“{text}”。请核对；没有就留空。",
    "plate_invalid": "车牌号“{text}”不对。应是省份简称、字母（没有 I、O）和 5 位，新能源 6 位。"
    "一格只填一个；没有就留空。",
    "organization_unknown": "没有“{text}”，或者不在您导入的组织之下。请填代码或全称；没有就留空。",
    "organization_ambiguous": "“{text}”不止一个，分不清是哪一个。请填代码或全称。",
    "date_invalid": "“{text}”不是日期，或者晚于今天。请写成 2011.07 或 2011-07-01；没有就留空。",
    "month_lost": "“{text}”是数字格式，分不清是 1 月还是 10 月。请把这一列设成“文本”，写成 2011.01 或 2011.10。",
    "choice_unknown": "“{text}”认不出来。可以填：{choices}；没有就留空。",
    "sex_mismatch": "填的是{text}，身份证号第 17 位说的是{other}。请核对。",
    "birth_mismatch": "填的是 {text}，身份证号里是 {other}。请核对。",
    "area_unknown": "身份证号前 6 位 {text} 不在现行区划里，可能是已撤销的区划。请核对。",
    "phone_shared": "手机号与{where}相同。请核对是不是同一个人的号码。",
    "traditional_folded": "“{text}”按简体“{other}”理解。姓名照原样保存。",
    "digits_lost": "这一格是数字格式，末几位已经丢失，这一格没有导入。请把这一列设成“文本”，再重新填写。",
    "uscc_invalid": "统一社会信用代码的校验码不对，这一格没有导入，其余照常。请核对。",
    "too_long": "内容太长，这一格没有导入，其余照常。请核对。",
    "cut": "内容太长，只保留了前面的 {length} 个字。",
    "shifted": "这一行像是整体向{side}移了一格，请对齐后再填。",
}


def choices_of(field: str) -> str:
    """Return what may be written into a field with choices."""
    return _CHOICES.get(field, "")


def excerpt(text: object) -> str:
    """Return what a cell holds, short and with numbers of persons in it masked."""
    cleaned = " ".join(scrub(str(text)).split())
    return cleaned if len(cleaned) <= 20 else f"{cleaned[:20]}…"


def message(code: str, **values: object) -> str:
    """Return the sentence for a code; `text` is cut and masked, `number` is masked."""
    if "text" in values:
        values["text"] = excerpt(values["text"])
    if "number" in values:
        values["masked"] = mask_id_number(str(values["number"]))
    return MESSAGES[code].format_map(values)


def sex_label(sex: str) -> str:
    """Return 男 or 女."""
    return Sex(sex).label
