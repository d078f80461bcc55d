"""Who may sign in to the demo: one account per role, all with one password that is printed and nowhere secret."""

from __future__ import annotations

from dataclasses import dataclass

from branches.choices import Role
from dashboard.demo import cities

PASSWORD = "Tonglu-2026"  # noqa: S105 - printed by `make run`; these accounts exist in the demo only


@dataclass(frozen=True, slots=True)
class Account:
    """One sign-in; no role and organisation: the outsider."""

    username: str
    name: str
    role: str = ""
    organization: str = ""
    shows: str = ""


ACCOUNTS = (
    Account("province-clerk", "演示省级专干", Role.CLERK, cities.PROVINCE, "四川省全省"),
    Account("city-clerk", "演示市级专干", Role.CLERK, cities.PANZHIHUA, "攀枝花市"),
    Account("county-clerk", "演示县级专干", Role.CLERK, "510106", "成都市金牛区"),
    Account("suzhou-clerk", "演示苏州专干", Role.CLERK, cities.SUZHOU, "苏州市 1+9"),
    Account("leader", "演示党委负责人", Role.LEADER, cities.PANZHIHUA, "攀枝花市"),
    Account("organisation-reader", "演示联络员", Role.ORGANISATION_READER, "D510400-1", "组织线指导攀枝花市"),
    Account("secretary", "演示支部书记", Role.SECRETARY, cities.PANZHIHUA_FIRM_BRANCH, "29 名党员的支部"),
    Account("committee-member", "演示支部委员", Role.BRANCH_COMMITTEE_MEMBER, cities.PANZHIHUA_FIRM_BRANCH, "同上"),
    Account("instructor", "演示党建指导员", Role.INSTRUCTOR, cities.PANZHIHUA_MOBILE_BRANCH, "仁和区流动支部"),
    Account("station-manager", "演示站长", Role.STATION_MANAGER, "370502", "东营区"),
    Account("handler", "演示承办人", Role.HANDLER, cities.PANZHIHUA, "攀枝花市"),
    Account("partner", "演示平台账号", Role.PARTNER, cities.PLATFORM, "示例货运平台自己的司机"),
    Account("auditor", "演示审计员", Role.AUDITOR, cities.PROVINCE, "审计记录"),
    Account("security-admin", "演示安全管理员", Role.SECURITY_ADMIN, cities.PROVINCE, "账号与权限"),
    Account("system-admin", "演示系统管理员", Role.SYSTEM_ADMIN, cities.PROVINCE, "参数与运行"),
    Account("outsider", "演示无任职人员", shows="没有任职，什么也看不到"),
)


def sign_ins() -> str:
    """Return the list of demo sign-ins as text for people."""
    lines = [f"\n演示账号（密码都是 {PASSWORD}；人员、号码、企业全部虚构）："]
    for account in ACCOUNTS:
        role = Role(account.role).label if account.role else "无任职"
        # A Chinese character takes two columns.
        lines.append(f"  {account.username:<22}{role}{' ' * (18 - 2 * len(role))}{account.shows}")
    lines.append("演示账号不要求动态验证码；正式使用时，三员必须启用（SECOND_FACTOR_ROLES）。\n")
    return "\n".join(lines)
