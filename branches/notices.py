"""Wording: how the acts of this app are called in a history."""

ACTIONS = {
    "organization.added": "新建组织",
    "organization.changed": "修改资料",
    "organization.moved": "调整隶属关系",
    "organization.started": "投入运行",
    "organization.rectifying": "开始整顿",
    "organization.resumed": "整顿结束，恢复运行",
    "organization.dissolved": "撤销组织",
    "organization.loaded": "由文件载入",
    "guidance.added": "登记指导关系",
    "guidance.ended": "结束指导关系",
    "appointment.appointed": "任命",
    "appointment.ended": "免职",
    "hand_over.noted": "写交接说明",
    "hand_over.counted": "清点交接清单",
    "hand_over.acknowledged": "确认接手",
    "office.opened": "设置岗位",
    "office.assigned": "调整岗位任职人",
    "office.deputy_set": "设置代理人",
    "office.absent": "登记缺岗",
    "office.back": "结束缺岗",
    "term.recorded": "登记换届",
    "term.end_changed": "批准延期或提前换届",
    "account.added": "开通账号",
    "account.reset_code_issued": "发一次性验证码",
    "account.locked": "锁定账号",
    "account.unlocked": "解除锁定",
    "account.second_factor_removed": "移除动态验证码",
}


def action_label(action: str) -> str:
    """Return the Chinese word for a dotted verb; the verb itself when it has none."""
    return ACTIONS.get(action, action)
