"""Kinds, levels, roles and life-cycles of the organisation tree. Imports nothing of ours."""

from django.db.models import TextChoices


class DivisionLevel(TextChoices):
    """Level of an administrative division (GB/T 2260)."""

    PROVINCE = "province", "省级"
    PREFECTURE = "prefecture", "地级"
    COUNTY = "county", "县级"


class Kind(TextChoices):
    """What kind of unit an organisation is."""

    DEPARTMENT = "department", "指导部门"
    INDUSTRY_COMMITTEE = "industry_committee", "行业党委"
    ENTERPRISE_COMMITTEE = "enterprise_committee", "企业（平台）党委"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    ENTERPRISE_BRANCH = "enterprise_branch", "企业党支部"
    JOINT_BRANCH = "joint_branch", "联合党支部"
    MOBILE_BRANCH = "mobile_branch", "流动党员党支部"
    CLOUD_BRANCH = "cloud_branch", "云上党支部"
    GROUP = "group", "党小组"


COMMITTEES = frozenset({Kind.INDUSTRY_COMMITTEE, Kind.ENTERPRISE_COMMITTEE})
BRANCHES = frozenset({Kind.BRANCH, Kind.ENTERPRISE_BRANCH, Kind.JOINT_BRANCH, Kind.MOBILE_BRANCH, Kind.CLOUD_BRANCH})

# Which kind may stand under which. None is the top of a tree. 《中国共产党支部工作条例（试行）》第四至七条:
# a branch stands under a committee or a general branch, never under a branch; groups stand within a branch.
# A department is no subordinate of the committee whose clerk keeps its record and appoints its liaison officers.
MAY_STAND_UNDER: dict[Kind, frozenset[Kind | None]] = {
    Kind.DEPARTMENT: frozenset({None, Kind.DEPARTMENT, Kind.INDUSTRY_COMMITTEE}),
    Kind.INDUSTRY_COMMITTEE: frozenset({None, Kind.INDUSTRY_COMMITTEE}),
    Kind.ENTERPRISE_COMMITTEE: frozenset({None, Kind.INDUSTRY_COMMITTEE, Kind.ENTERPRISE_COMMITTEE}),
    Kind.GENERAL_BRANCH: COMMITTEES,
    **{kind: COMMITTEES | {Kind.GENERAL_BRANCH} for kind in BRANCHES},
    Kind.GROUP: BRANCHES,
}


class Level(TextChoices):
    """The rung an organisation stands on."""

    PROVINCE = "province", "省级"
    CITY = "city", "市级"
    COUNTY = "county", "县级"
    BASE = "base", "基层"


class OrganizationStatus(TextChoices):
    """Life of an organisation."""

    PREPARING = "preparing", "筹建"
    ACTIVE = "active", "运行"
    RECTIFYING = "rectifying", "整顿"
    DISSOLVED = "dissolved", "撤销"


ORGANIZATION_NEXT: dict[str, frozenset[str]] = {
    OrganizationStatus.PREPARING: frozenset({OrganizationStatus.ACTIVE, OrganizationStatus.DISSOLVED}),
    OrganizationStatus.ACTIVE: frozenset({OrganizationStatus.RECTIFYING, OrganizationStatus.DISSOLVED}),
    OrganizationStatus.RECTIFYING: frozenset({OrganizationStatus.ACTIVE, OrganizationStatus.DISSOLVED}),
    OrganizationStatus.DISSOLVED: frozenset(),
}


class GuidanceLine(TextChoices):
    """The two lines that guide without leading: both give read scope (组织线, 交通线)."""

    ORGANISATION = "organisation", "组织线"
    TRANSPORT = "transport", "交通线"


class Role(TextChoices):
    """What an appointment lets a person do (docs/permissions.csv, one column per role)."""

    CLERK = "clerk", "专干"
    LEADER = "leader", "党委负责人"
    ORGANISATION_READER = "organisation_reader", "组织部门联络员"
    SECRETARY = "secretary", "支部书记"
    BRANCH_COMMITTEE_MEMBER = "branch_committee_member", "支部委员"
    INSTRUCTOR = "instructor", "党建指导员"
    STATION_MANAGER = "station_manager", "站长"
    HANDLER = "handler", "承办岗"
    PARTNER = "partner", "平台服务账号"
    AUDITOR = "auditor", "审计员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"


ANONYMOUS = "anonymous"  # nobody has signed in
OUTSIDER = "outsider"  # signed in, no running appointment

# The three administrators exclude each other and every business role (GB/T 22239 三员分立).
SEPARATED_ROLES = frozenset({Role.AUDITOR, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN})
BUSINESS_ROLES = frozenset(Role) - SEPARATED_ROLES

# Roles whose holders open the admin: the lists behind the pages. Scope and capabilities hold there as everywhere.
STAFF_ROLES = frozenset({Role.CLERK, Role.AUDITOR, Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN})

# Where a role may be held.
ROLE_AT: dict[Role, frozenset[Kind]] = {
    Role.CLERK: COMMITTEES,
    Role.LEADER: COMMITTEES,
    Role.ORGANISATION_READER: frozenset({Kind.DEPARTMENT}),
    Role.SECRETARY: BRANCHES | {Kind.GENERAL_BRANCH},
    Role.BRANCH_COMMITTEE_MEMBER: BRANCHES | {Kind.GENERAL_BRANCH},
    Role.INSTRUCTOR: BRANCHES | {Kind.GENERAL_BRANCH},
    Role.STATION_MANAGER: BRANCHES | COMMITTEES | {Kind.GENERAL_BRANCH},
    Role.HANDLER: COMMITTEES | {Kind.DEPARTMENT, Kind.GENERAL_BRANCH},
    Role.PARTNER: frozenset({Kind.ENTERPRISE_COMMITTEE, Kind.ENTERPRISE_BRANCH}),
    Role.AUDITOR: COMMITTEES | {Kind.DEPARTMENT},
    Role.SECURITY_ADMIN: COMMITTEES | {Kind.DEPARTMENT},
    Role.SYSTEM_ADMIN: COMMITTEES | {Kind.DEPARTMENT},
}

# Posts that must not stand empty; the others are filled as needed.
REQUIRED_POSTS: dict[Kind, frozenset[Role]] = {
    Kind.INDUSTRY_COMMITTEE: frozenset({Role.LEADER, Role.CLERK}),
    Kind.ENTERPRISE_COMMITTEE: frozenset({Role.LEADER}),
    Kind.GENERAL_BRANCH: frozenset({Role.SECRETARY}),
    **{kind: frozenset({Role.SECRETARY}) for kind in BRANCHES},
}


class AppointmentSource(TextChoices):
    """How a post was filled."""

    ELECTED = "elected", "选举"
    SELECTED = "selected", "选拔"
    DELEGATED = "delegated", "委派"
    SECONDED = "seconded", "派驻"


class ElectionMethod(TextChoices):
    """How the committee or the secretary of a term was chosen."""

    ASSEMBLY = "assembly", "党员大会选举"
    CONGRESS = "congress", "党员代表大会选举"
    APPOINTED = "appointed", "上级指定"


class Duty(TextChoices):
    """What an office is there for; work is addressed to an office, never to a person."""

    COLLECT = "collect", "收集（有人问）"
    HANDLE = "handle", "承办（有人办）"
    SUPERVISE = "supervise", "督办（有人管）"
    REGISTER = "register", "登记"


# Who does the work of an office that nobody was named for: whoever holds one of these roles at its organisation.
DUTY_ROLES: dict[Duty, frozenset[Role]] = {
    Duty.COLLECT: frozenset({Role.CLERK, Role.SECRETARY, Role.STATION_MANAGER}),
    Duty.HANDLE: frozenset({Role.HANDLER, Role.SECRETARY, Role.PARTNER}),
    Duty.SUPERVISE: frozenset({Role.LEADER, Role.CLERK}),
    Duty.REGISTER: frozenset({Role.CLERK}),
}


class Extent(TextChoices):
    """How far a capability reaches: the cells of docs/permissions.csv (explained in docs/permissions.md)."""

    NONE = "none", "无"
    PUBLIC = "public", "公开"
    ALL = "all", "全部"
    SUBTREE = "subtree", "本级及以下"
    SUBTREE_BELOW = "subtree_below", "下级"
    SUBTREE_ABOVE = "subtree_above", "上级"
    UNIT = "unit", "本单位"
    UNIT_NOT_HANDLER = "unit_not_handler", "本单位（非承办）"
    GUIDED = "guided", "指导范围"
    ASSIGNED = "assigned", "指派范围"
    OWN = "own", "本人"
    OFFICE = "office", "本岗位"
    HELD = "held", "正在本单位"
    LODGED_OR_HELD = "lodged_or_held", "本单位提交或正在办"
    NAMED_OFFICE = "named_office", "指定岗位"
    AGGREGATE = "aggregate", "仅汇总"
