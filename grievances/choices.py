"""The life of a grievance as tables: statuses, what may follow what, clocks, outcomes. Imports nothing of ours."""

from django.db.models import TextChoices


class Status(TextChoices):
    """Where a grievance is. The closed loop is 收集 → 台账 → 转办 → 反馈 → 回访."""

    DRAFT = "draft", "草稿"
    LODGED = "lodged", "待受理"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    ACCEPTED = "accepted", "待转办"
    ASSIGNED = "assigned", "已转办"
    IN_HAND = "in_hand", "办理中"
    WAITING_FOR_COMPLAINANT = "waiting_for_complainant", "待补充"
    SUSPENDED = "suspended", "挂起"
    ANSWERED = "answered", "已答复"
    FOLLOW_UP = "follow_up", "回访中"
    CLOSED = "closed", "已办结"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已合并"


# What may follow what. A status that follows itself is the same step in other hands: another office, one level up.
NEXT: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({Status.LODGED}),  # or deleted, as nobody else has seen it
    Status.LODGED: frozenset({Status.ACCEPTED, Status.NOT_ACCEPTED, Status.LODGED, Status.MERGED, Status.WITHDRAWN}),
    Status.NOT_ACCEPTED: frozenset({Status.LODGED}),  # the complainant objects: one level up
    Status.ACCEPTED: frozenset({Status.ASSIGNED, Status.ACCEPTED, Status.MERGED, Status.WITHDRAWN}),
    Status.ASSIGNED: frozenset(
        {
            Status.IN_HAND,
            Status.WAITING_FOR_COMPLAINANT,
            Status.SUSPENDED,
            Status.ANSWERED,
            Status.ASSIGNED,
            Status.ACCEPTED,
            Status.MERGED,
            Status.WITHDRAWN,
        }
    ),
    Status.IN_HAND: frozenset(
        {
            Status.WAITING_FOR_COMPLAINANT,
            Status.SUSPENDED,
            Status.ANSWERED,
            Status.ASSIGNED,
            Status.ACCEPTED,
            Status.MERGED,
            Status.WITHDRAWN,
        }
    ),
    Status.WAITING_FOR_COMPLAINANT: frozenset({Status.IN_HAND, Status.ACCEPTED, Status.MERGED, Status.WITHDRAWN}),
    Status.SUSPENDED: frozenset({Status.IN_HAND, Status.ACCEPTED, Status.WITHDRAWN}),
    Status.ANSWERED: frozenset({Status.FOLLOW_UP, Status.CLOSED, Status.ACCEPTED}),  # accepted again: reopened
    Status.FOLLOW_UP: frozenset({Status.FOLLOW_UP, Status.CLOSED, Status.ACCEPTED}),
    Status.CLOSED: frozenset({Status.ACCEPTED}),  # "not solved after all", within the days of rules.cases
    Status.WITHDRAWN: frozenset(),
    Status.MERGED: frozenset(),
}

# With a handling office, which has neither answered nor been relieved of it.
WITH_HANDLER = frozenset({Status.ASSIGNED, Status.IN_HAND, Status.WAITING_FOR_COMPLAINANT, Status.SUSPENDED})
# The committee's turn: to accept it, or to give it to an office.
WAITS_FOR_COMMITTEE = frozenset({Status.LODGED, Status.ACCEPTED})
# The clocks stand still (docs/domain: clocks, Counting 3).
PAUSED = frozenset({Status.WAITING_FOR_COMPLAINANT, Status.SUSPENDED})
# Answered, and not yet confirmed by anybody.
TO_CONFIRM = frozenset({Status.ANSWERED, Status.FOLLOW_UP})
# Somebody still owes something.
OPEN = WAITS_FOR_COMMITTEE | WITH_HANDLER | TO_CONFIRM
ENDED = frozenset({Status.NOT_ACCEPTED, Status.CLOSED, Status.WITHDRAWN, Status.MERGED})
# In the ledger (台账): accepted once, with three owners for good.
IN_LEDGER = frozenset({Status.ACCEPTED, Status.CLOSED}) | WITH_HANDLER | TO_CONFIRM
MAY_MOVE_UP = WAITS_FOR_COMMITTEE | WITH_HANDLER


class Channel(TextChoices):
    """How a grievance came in."""

    DIRECT_LINE = "direct_line", "直通车"
    BRANCH = "branch", "支部"
    STATION = "station", "站点"
    HOTLINE_12328 = "hotline_12328", "12328"
    HOTLINE_12345 = "hotline_12345", "12345"
    VISIT = "visit", "走访"
    PLATFORM = "platform", "平台"
    PORTAL = "portal", "本网站"


HOTLINES = frozenset({Channel.HOTLINE_12328, Channel.HOTLINE_12345})


class Urgency(TextChoices):
    """Urgent is rescue, weather, sudden illness: handled at once."""

    NORMAL = "normal", "一般"
    URGENT = "urgent", "紧急"


class Level(TextChoices):
    """The rung on which a grievance is decided; a policy may differ by it."""

    COUNTY = "county", "县级"
    CITY = "city", "市级"
    PROVINCE = "province", "省级"


class ClockKind(TextChoices):
    """What is being waited for."""

    TRANSFER = "transfer", "转办"
    PROGRESS = "progress", "反馈进度"
    ANSWER = "answer", "答复"
    CALL_BACK = "call_back", "回访"
    PROMISE = "promise", "对司机的承诺"


LEVEL_CLOCKS = frozenset({ClockKind.TRANSFER, ClockKind.PROGRESS, ClockKind.ANSWER, ClockKind.CALL_BACK})


class ClockState(TextChoices):
    """What became of a clock. Overdue is no state: it follows from due time and now."""

    RUNNING = "running", "在走"
    MET = "met", "已做到"
    VOID = "void", "不再算"  # the case moved to another level, or ended another way


class Unit(TextChoices):
    """How a limit is counted: hours and minutes around the clock, days by the official calendar."""

    MINUTES = "minutes", "分钟"
    HOURS = "hours", "小时"
    WORKING_DAYS = "working_days", "个工作日"


class PauseKind(TextChoices):
    """Why the clocks stand still."""

    COMPLAINANT = "complainant", "等诉求人补充"
    JUDICIAL = "judicial", "司法或信访程序中"


class Result(TextChoices):
    """Whether it is solved: as the handler answers, and as the complainant says."""

    SOLVED = "solved", "解决了"
    PARTLY = "partly", "解决了一部分"
    NOT_SOLVED = "not_solved", "没解决"


class Satisfaction(TextChoices):
    """How the complainant finds the handling. Unrated is not satisfied."""

    SATISFIED = "satisfied", "满意"
    BASICALLY_SATISFIED = "basically_satisfied", "基本满意"
    DISSATISFIED = "dissatisfied", "不满意"
    UNRATED = "unrated", "未评"


class CloseReason(TextChoices):
    """What a closed grievance was closed on. Silence is none of them."""

    CONFIRMED = "confirmed", "诉求人确认"
    CALLED_BACK = "called_back", "回访核实"
    UNREACHABLE = "unreachable", "未联系上"


class Measure(TextChoices):
    """What a solved grievance counts as; the units are never summed together."""

    CASE_SOLVED = "case_solved", "解决问题（件）"
    DISPUTE_MEDIATED = "dispute_mediated", "调解纠纷（人次）"
    OTHER_HELP = "other_help", "其他帮助（人次）"


class FollowUpMethod(TextChoices):
    """How the complainant was asked, or said it unasked."""

    PHONE = "phone", "电话"
    VISIT = "visit", "上门"
    MESSAGE = "message", "信息"
    SELF = "self", "本人在网上确认"


class StatementKind(TextChoices):
    """What was said on a grievance."""

    PROGRESS = "progress", "办理进度"
    INTERNAL = "internal", "内部意见"
    QUESTION = "question", "请补充"
    REPLY = "reply", "诉求人补充"
    ANSWER = "answer", "答复"
    REASON = "reason", "说明"
    FOLLOW_UP = "follow_up", "回访记录"


class ExtensionStatus(TextChoices):
    """What became of a request for more time."""

    REQUESTED = "requested", "待批"
    APPROVED = "approved", "已批准"
    REFUSED = "refused", "未批准"


class CampaignStatus(TextChoices):
    """Life of a 专项整治."""

    RUNNING = "running", "进行中"
    ENDED = "ended", "已结束"


CAMPAIGN_NEXT: dict[str, frozenset[str]] = {
    CampaignStatus.RUNNING: frozenset({CampaignStatus.ENDED}),
    CampaignStatus.ENDED: frozenset(),
}


class WorkOrderStatus(TextChoices):
    """Life of a file of work orders."""

    WAITING = "waiting", "等待读取"
    DONE = "done", "已读完"
    FAILED = "failed", "没读成"


WORK_ORDER_NEXT: dict[str, frozenset[str]] = {
    WorkOrderStatus.WAITING: frozenset({WorkOrderStatus.DONE, WorkOrderStatus.FAILED}),
    WorkOrderStatus.DONE: frozenset(),
    WorkOrderStatus.FAILED: frozenset(),
}


class WorkOrderFate(TextChoices):
    """What became of a row of a file of work orders."""

    CREATED = "created", "新登记"
    UNCHANGED = "unchanged", "已有，不变"
    REJECTED = "rejected", "拒绝"
