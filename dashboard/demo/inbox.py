"""What lies in the inboxes of the demo accounts beside the messages of cases: a few for each role, read and unread."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from branches.choices import Role
from dashboard.demo.accounts import ACCOUNTS
from foundation.accounts.models import User
from foundation.notifications.workflow import Recipient, mark_all_read, publish

WELCOME = "欢迎来到演示站：人员、号码、企业都是虚构的"
_FIRST_STEPS = "先看帮助里和您有关的几页。右上角可以换成大字版；有事要您办，会写在这里。"
# Role → title, body, the page it leads to.
_LINES: dict[str, tuple[str, str, str]] = {
    Role.CLERK: ("有岗位空着，请指定代理人", "空着的岗位，收到的诉求会由上一级代管。", "branches:appointment_list"),
    Role.LEADER: ("诉求的数字可以看了", "响应率、解决率、满意率，点数字看是哪些件。", "grievances:figures"),
    Role.ORGANISATION_READER: ("您联系的单位都在组织树里", "", "branches:organization_list"),
    Role.SECRETARY: ("司机说难处，您可以替他登记", "点一个类别、写一句经过就行。", "grievances:lodge"),
    Role.BRANCH_COMMITTEE_MEMBER: ("请核对一遍支部的司机名单", "电话换了的，告诉书记改。", "members:driver_list"),
    Role.INSTRUCTOR: ("请核对一遍支部的司机名单", "电话换了的，告诉书记改。", "members:driver_list"),
    Role.STATION_MANAGER: ("司机在站里说的难处，您可以替他登记", "", "grievances:lodge"),
    Role.HANDLER: ("转给您的诉求按到期时间排", "答复没写完可以先存着。", "grievances:list"),
    Role.PARTNER: ("请核对一遍本平台的司机名单", "", "members:driver_list"),
    Role.AUDITOR: ("审计记录可以随时校验", "校验会从头算一遍每条记录的封印。", "dashboard:audit"),
    Role.SECURITY_ADMIN: ("请核对一遍最近开通的账号", "离任的人要停用账号。", "branches:user_list"),
    Role.SYSTEM_ADMIN: ("短信、邮件和企业微信还没有开通", "演示站不往外发消息。", "notifications:deliveries"),
}


def load_inbox(at: datetime) -> int:
    """Write the messages of every demo account and return how many; what is older than a day has been read."""
    users = User.objects.in_bulk([account.username for account in ACCOUNTS], field_name="username")
    count = 0
    for account in ACCOUNTS:
        user = users[account.username]
        count += _tell(user, "welcome", WELCOME, _FIRST_STEPS, reverse("dashboard:help"), at - timedelta(days=3))
        mark_all_read(user, at - timedelta(days=1))
        if account.role in _LINES:
            title, body, page = _LINES[account.role]
            count += _tell(user, "first", title, body, reverse(page), at - timedelta(hours=5))
    return count


def _tell(user: User, name: str, title: str, body: str, url: str, at: datetime) -> int:
    return publish(
        "account.demo",
        recipients=[Recipient(user_id=user.pk)],
        subject=f"accounts.user:{user.pk}",
        title=title,
        body=body,
        url=url,
        dedupe=f"demo:{user.pk}:{name}",
        at=at,
    )
