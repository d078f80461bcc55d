"""Words of the audit page: what an action and an object of the trail are called."""

import re

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from activities.notices import ACTIONS as ACTIVITIES
from grievances.notices import ACTIONS as GRIEVANCES
from members.lists.columns import COLUMNS
from members.lists.drivers import CONDITIONS
from members.lists.member_export import COLUMNS as MEMBER_COLUMNS
from members.lists.members import LABELS as MEMBER_CONDITIONS
from members.notices import ACTIONS as MEMBERSHIP
from members.roster.read.refusals import SENTENCES

_COLUMNS = {code: column.label for code, column in (MEMBER_COLUMNS | COLUMNS).items()}
_CONDITIONS = MEMBER_CONDITIONS | {code: condition.label for code, condition in CONDITIONS.items()}

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")

ACTIONS: dict[str, str] = {
    "account.added": "开通账号",
    "account.locked": "锁定账号",
    "account.locked_out": "密码连错，暂停登录",
    "account.password_changed": "修改密码",
    "account.phone_changed": "修改电话",
    "account.recovery_code_used": "用恢复码登录",
    "account.recovery_codes_renewed": "更换恢复码",
    "account.reset_code_issued": "发一次性验证码",
    "account.reset_code_used": "使用一次性验证码",
    "account.second_factor_added": "启用动态验证码",
    "account.second_factor_failed": "动态验证码不对",
    "account.second_factor_removed": "解除动态验证码",
    "account.sessions_ended": "退出其他登录",
    "account.sign_in": "登录",
    "account.sign_in_failed": "登录失败",
    "account.sign_out": "退出",
    "account.unlocked": "解除锁定",
    "appointment.appointed": "任命",
    "appointment.ended": "免职",
    "audit.cut": "到期清理审计记录",
    "audit.verify": "校验审计记录",
    "branch_file.freeze": "冻结支部档案",
    "compliance_rule.save": "写组织生活规定",
    "division.added": "增加行政区划",
    "division.changed": "修改行政区划",
    "division.exported": "导出行政区划",
    "division.imported": "导入行政区划",
    "division.loaded": "载入行政区划",
    "driver.add": "登记司机",
    "driver.assign_vehicle": "登记司机的车",
    "driver.change": "修改司机",
    "driver.claim_registration": "认领登记",
    "driver.end_vehicle": "结束司机的车",
    "driver.export": "申请导出司机",
    "driver.export_braked": "不打码导出，超过每天上限被拦下",
    "driver.export_download": "下载导出文件",
    "driver.merge": "合并人员",
    "driver.out_of_scope": "登记时遇到别处的人",
    "driver.register": "登记司机",
    "driver.reveal": "查看完整号码",
    "driver.reveal_braked": "查看完整号码，超过每天上限被拦下",
    "driver.set_credential": "登记从业资格",
    "driver.vehicle_elsewhere": "登记车辆时遇到别处的车",
    "driver.verify": "核实司机信息",
    "enterprise.add": "登记企业",
    "enterprise.change": "修改企业",
    "enterprise.exported": "导出企业",
    "export.expire": "导出文件过期",
    "export.fail": "导出没有成功",
    "export.finish": "导出完成",
    "export.start": "开始导出",
    "campaign.add_case": "专项整治列入诉求",
    "campaign.begin": "开始专项整治",
    "campaign.end": "结束专项整治",
    "category.add": "登记诉求类别",
    "category.change": "修改诉求类别",
    "guidance.added": "建立指导关系",
    "guidance.ended": "结束指导关系",
    "hand_over.acknowledged": "确认接手",
    "hand_over.counted": "清点交接清单",
    "hand_over.noted": "写交接说明",
    "keys.forget": "弃用旧密钥",
    "keys.rotate": "更换数据密钥",
    "notification.change_address": "改收通知的地址",
    "notification.purge": "清理旧通知",
    "notification.resend": "重发通知",
    "notification.resend_all": "全部重发通知",
    "office.absent": "登记缺岗",
    "office.assigned": "岗位定人",
    "office.back": "缺岗结束",
    "office.deputy_set": "指定代理",
    "office.opened": "设立岗位",
    "organization.added": "新建组织",
    "organization.changed": "修改组织",
    "organization.dissolved": "撤销组织",
    "organization.exported": "导出组织",
    "organization.loaded": "载入组织",
    "organization.moved": "调整上级组织",
    "organization.rectifying": "组织进入整顿",
    "organization.resumed": "组织恢复运行",
    "organization.started": "组织开始运行",
    "registration.decide": "裁定登记归属",
    "registration.refuse": "不同意转出登记",
    "registration.release": "放行登记",
    "registration.withdraw": "撤回认领",
    "roster_import.apply": "名册写入完成",
    "roster_import.cancel": "要求停止导入",
    "roster_import.cancelled": "导入已停止",
    "roster_import.confirm": "确认写入名册",
    "roster_import.download": "下载导入结果",
    "roster_import.fail": "导入没有成功",
    "roster_import.map": "调整列对应",
    "roster_import.out_of_scope": "名册里有别处的人",
    "roster_import.plan": "名册计划完成",
    "roster_import.plan_again": "基础有变，重新计划",
    "roster_import.purge": "清理导入留底",
    "roster_import.read": "开始读取名册",
    "roster_import.request_undo": "要求撤销导入",
    "roster_import.undo": "撤销导入完成",
    "roster_import.upload": "上传名册",
    "seed.demo": "装入演示数据",
    "seed.scale": "装入测试数据",
    "sla_policy.add": "登记时限规定",
    "sla_policy.end": "停止时限规定",
    "term.end_changed": "批准延期或提前换届",
    "term.recorded": "登记换届",
    "vehicle.add": "登记车辆",
    "user.exported": "导出用户",
    "vehicle.change": "修改车辆",
    "vehicle.exported": "导出车辆",
    "workday.added": "增加工作日历",
    "workday.changed": "修改工作日历",
    "workday.exported": "导出工作日历",
    "workday.imported": "导入工作日历",
    "workday.loaded": "载入工作日历",
    **GRIEVANCES,
    **ACTIVITIES,
    **MEMBERSHIP,
}


# Names in the details of an entry that are no field of what the entry is about.
DETAILS: dict[str, str] = {
    "activated": "首次启用",
    "by": "经由",
    "channel": "通道",
    "changed_since": "之后又改过的人数",
    "checked": "校验条数",
    "code": "代码",
    "columns": "列",
    "conditions": "筛选条件",
    "count": "个数",
    "created": "新增",
    "days": "天数",
    "digest": "文件指纹",
    "document": "文号",
    "drivers": "司机数",
    "ended": "一并结束的",
    "expires_date": "有效期止",
    "filters": "列表条件",
    "format": "格式",
    "from": "从",
    "gate": "条件",
    "guiding_organization": "指导组织",
    "half_year": "第几个半年",
    "id_number": "身份证号",
    "issued_by": "发放人",
    "key": "密钥编号",
    "kind": "类别",
    "line": "指导线",
    "masked": "打码",
    "members": "党员数",
    "name": "姓名",
    "new": "新增",
    "organizations": "组织数",
    "parent": "上级",
    "phone": "电话",
    "plan": "计划指纹",
    "plate": "车牌",
    "problem": "问题",
    "rejected": "拒绝",
    "results": "结果指纹",
    "role": "角色",
    "rows": "行数",
    "seal": "封印",
    "seed": "随机种子",
    "sequence": "序号",
    "show": "状态",
    "size": "字节",
    "source": "产生方式",
    "step": "步骤",
    "table": "表",
    "to": "到",
    "unchanged": "不变",
    "updated": "变更",
    "user": "用户编号",
    "year": "年份",
}


def action_words(action: str) -> str:
    """Return what people call an action; the code itself for one that has no words yet."""
    return ACTIONS.get(action, action)


def object_words(object_type: str) -> str:
    """Return what people call a kind of object ("members.driver" → 司机)."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return object_type


def _field(object_type: str, name: str):
    try:
        return apps.get_model(object_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def field_words(object_type: str, name: str) -> str:
    """Return what people call a field of a kind of object, or a detail of an entry; the name itself for an unknown."""
    word = getattr(_field(object_type, name), "verbose_name", None)
    return str(word) if word else DETAILS.get(name, name)


def value_words(object_type: str, name: str, value) -> str:
    """Return a value of the trail as people read it: choices by label, times in Shanghai, lists by their length."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict) and name == "conditions":
        return "、".join(f"{_CONDITIONS.get(code, code)} {part}" for code, part in value.items())
    if isinstance(value, list) and name == "columns":
        return "、".join(_COLUMNS.get(code, code) for code in value)
    if name == "code" and value in SENTENCES and "{" not in SENTENCES[value]:
        return SENTENCES[value].partition("。")[0]
    if isinstance(value, dict):
        parts = value.items()
        return "、".join(f"{field_words('members.driver', key)} {part}" for key, part in parts if not _nested(part))
    if isinstance(value, list):
        return f"{len(value)} 项" if any(map(_nested, value)) else "、".join(map(str, value))
    moment = parse_datetime(value) if isinstance(value, str) and _MOMENT.match(value) else None
    if moment is not None and timezone.is_aware(moment):
        return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
    choices = dict(getattr(_field(object_type, name), "flatchoices", ()))
    return str(choices.get(value, value)) if not _nested(value) else ""


def _nested(value) -> bool:
    return isinstance(value, dict | list)
