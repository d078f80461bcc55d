"""What branches do together, how it goes on, and how often a rule asks for it. Imports nothing of ours."""

from django.db.models import TextChoices


class ActivityKind(TextChoices):
    """What was done. 三会一课 first: 《中国共产党支部工作条例（试行）》第十一至十九条."""

    THEME_DAY = "theme_day", "主题党日"
    MEMBER_ASSEMBLY = "member_assembly", "党员大会"
    COMMITTEE_MEETING = "committee_meeting", "支委会"
    GROUP_MEETING = "group_meeting", "党小组会"
    PARTY_LECTURE = "party_lecture", "党课"
    ORGANISATIONAL_LIFE_MEETING = "organisational_life_meeting", "组织生活会"
    APPRAISAL = "appraisal", "民主评议党员"
    HEART_TALK = "heart_talk", "谈心谈话"
    STUDY = "study", "集中学习"
    LECTURE_TOUR = "lecture_tour", "宣讲"
    TRAINING = "training", "培训"
    UNVEILING = "unveiling", "揭牌授牌"


# Met by the committee of the branch, not by its members.
OF_COMMITTEE = frozenset({ActivityKind.COMMITTEE_MEETING})
# Several of these may be held by one unit at the same hour: each group its own, each pair its own.
IN_SMALL_CIRCLES = frozenset({ActivityKind.GROUP_MEETING, ActivityKind.HEART_TALK})


class Mode(TextChoices):
    """How people come together."""

    OFFLINE = "offline", "线下"
    ONLINE = "online", "线上"
    MIXED = "mixed", "线上加线下"


class ActivityStatus(TextChoices):
    """Where an activity stands."""

    PLANNED = "planned", "计划"
    NOTIFIED = "notified", "已通知"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"


# A record made by mistake is cancelled with a reason; it stays readable and counts no more.
NEXT: dict[str, frozenset[str]] = {
    ActivityStatus.PLANNED: frozenset({ActivityStatus.NOTIFIED, ActivityStatus.DONE, ActivityStatus.CANCELLED}),
    ActivityStatus.NOTIFIED: frozenset({ActivityStatus.DONE, ActivityStatus.CANCELLED}),
    ActivityStatus.DONE: frozenset({ActivityStatus.CANCELLED}),
    ActivityStatus.CANCELLED: frozenset(),
}
AHEAD = frozenset({ActivityStatus.PLANNED, ActivityStatus.NOTIFIED})


class AttendanceStatus(TextChoices):
    """What the roll says of one person. The secretary keeps it: no check-in, no photo, no place."""

    PRESENT = "present", "到会"
    EXCUSED = "excused", "请假"
    ABSENT = "absent", "缺席"
    MADE_UP = "made_up", "补学"


AT_THE_MEETING = (AttendanceStatus.PRESENT, AttendanceStatus.EXCUSED, AttendanceStatus.ABSENT)
TOOK_PART = frozenset({AttendanceStatus.PRESENT, AttendanceStatus.MADE_UP})
# Who was excused or absent may make up for it later; what was made up stays.
ATTENDANCE_NEXT: dict[str, frozenset[str]] = {
    AttendanceStatus.PRESENT: frozenset(),
    AttendanceStatus.EXCUSED: frozenset({AttendanceStatus.MADE_UP}),
    AttendanceStatus.ABSENT: frozenset({AttendanceStatus.MADE_UP}),
    AttendanceStatus.MADE_UP: frozenset(),
}


class Frequency(TextChoices):
    """The period a rule counts in."""

    MONTH = "month", "每月"
    QUARTER = "quarter", "每季度"
    HALF_YEAR = "half_year", "每半年"
    YEAR = "year", "每年"


MONTHS_OF = {Frequency.MONTH: 1, Frequency.QUARTER: 3, Frequency.HALF_YEAR: 6, Frequency.YEAR: 12}


class RuleCondition(TextChoices):
    """Which branches a rule binds, beside their kind."""

    ALWAYS = "always", "都适用"
    HAS_COMMITTEE = "has_committee", "设了支委会的"
    HAS_GROUPS = "has_groups", "分了党小组的，每个小组"


# --- instructors --------------------------------------------------------------------------------
class VisitForm(TextChoices):
    """How an instructor was with a branch."""

    ON_THE_SPOT = "on_the_spot", "到支部"
    PHONE = "phone", "电话"
    ONLINE = "online", "线上"


class VisitSubject(TextChoices):
    """What an instructor looked at."""

    ORGANISATIONAL_LIFE = "organisational_life", "组织生活"
    MINUTES = "minutes", "会议记录"
    MEMBERS = "members", "党员和流动党员"
    DEVELOPMENT = "development", "发展党员"
    ELECTION = "election", "换届和班子"
    GRIEVANCES = "grievances", "司机诉求"
    STATION = "station", "阵地"


class FollowUpOwner(TextChoices):
    """Who shall do something about a problem: the branch itself, or the committee above it."""

    BRANCH = "branch", "支部"
    COMMITTEE = "committee", "上级党组织"


class FollowUpStatus(TextChoices):
    """Where a problem found on a visit stands."""

    OPEN = "open", "待办"
    ANSWERED = "answered", "已回复，等指导员确认"
    DONE = "done", "已解决"
    DROPPED = "dropped", "不再办"


# Who answers is not who confirms: the branch or the committee answers, an instructor says whether it is done.
FOLLOW_UP_NEXT: dict[str, frozenset[str]] = {
    FollowUpStatus.OPEN: frozenset({FollowUpStatus.ANSWERED, FollowUpStatus.DROPPED}),
    FollowUpStatus.ANSWERED: frozenset({FollowUpStatus.OPEN, FollowUpStatus.DONE, FollowUpStatus.DROPPED}),
    FollowUpStatus.DONE: frozenset(),
    FollowUpStatus.DROPPED: frozenset(),
}
UNRESOLVED = frozenset({FollowUpStatus.OPEN, FollowUpStatus.ANSWERED})


# --- joint conferences ----------------------------------------------------------------------------
class DepartmentKind(TextChoices):
    """What kind of department is a member of a joint conference (domain a.1: six and more)."""

    ORGANISATION = "organisation", "组织部（两新工委）"
    SOCIAL_WORK = "social_work", "社会工作部"
    POLITICAL_LEGAL = "political_legal", "政法"
    PUBLIC_SECURITY = "public_security", "公安"
    DEVELOPMENT_REFORM = "development_reform", "发改"
    HUMAN_RESOURCES = "human_resources", "人社"
    TRANSPORT = "transport", "交通运输"
    MARKET = "market", "市场监管"
    UNION = "union", "工会"
    OTHER = "other", "其他"


class ActionItemStatus(TextChoices):
    """Where something a joint conference decided stands."""

    OPEN = "open", "还没开始"
    IN_HAND = "in_hand", "办理中"
    DONE = "done", "已办结"
    DROPPED = "dropped", "不再办"


ITEM_NEXT: dict[str, frozenset[str]] = {
    ActionItemStatus.OPEN: frozenset({ActionItemStatus.IN_HAND, ActionItemStatus.DONE, ActionItemStatus.DROPPED}),
    ActionItemStatus.IN_HAND: frozenset({ActionItemStatus.DONE, ActionItemStatus.DROPPED}),
    ActionItemStatus.DONE: frozenset(),
    ActionItemStatus.DROPPED: frozenset(),
}
PENDING = frozenset({ActionItemStatus.OPEN, ActionItemStatus.IN_HAND})
