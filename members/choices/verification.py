"""Choices and life-cycles of verification (双查四核) and of the call for members to come forward (红色征集令)."""

from django.db.models import TextChoices


class VerificationOrigin(TextChoices):
    """Where a lead came from."""

    PLATFORM = "platform", "平台数据"
    TRANSPORT_REGISTER = "transport_register", "运政系统"
    CAMPAIGN = "campaign", "红色征集令"
    FIRM = "firm", "企业上报"
    IMPORT = "import", "名册自述"
    BRANCH = "branch", "支部上报"


class VerificationStatus(TextChoices):
    """Life of the verification of one candidate."""

    LEAD = "lead", "线索"
    CHECKING = "checking", "核查中"
    AWAITING = "awaiting", "待组织核实"
    DOUBTFUL = "doubtful", "存疑"
    CONFIRMED = "confirmed", "确认"
    REFUTED = "refuted", "否定"
    CLOSED = "closed", "关闭"


# Between the open states a case moves by what its checks say; the last three are somebody's act.
VERIFICATION_NEXT: dict[str, frozenset[str]] = {
    VerificationStatus.LEAD: frozenset(
        {
            VerificationStatus.CHECKING,
            VerificationStatus.DOUBTFUL,
            VerificationStatus.REFUTED,
            VerificationStatus.CLOSED,
        }
    ),
    VerificationStatus.CHECKING: frozenset(
        {
            VerificationStatus.AWAITING,
            VerificationStatus.DOUBTFUL,
            VerificationStatus.CONFIRMED,
            VerificationStatus.REFUTED,
            VerificationStatus.CLOSED,
        }
    ),
    VerificationStatus.AWAITING: frozenset(
        {
            VerificationStatus.CHECKING,
            VerificationStatus.DOUBTFUL,
            VerificationStatus.REFUTED,
            VerificationStatus.CLOSED,
        }
    ),
    VerificationStatus.DOUBTFUL: frozenset(
        {
            VerificationStatus.CHECKING,
            VerificationStatus.AWAITING,
            VerificationStatus.REFUTED,
            VerificationStatus.CLOSED,
        }
    ),
    VerificationStatus.CONFIRMED: frozenset(),
    VerificationStatus.REFUTED: frozenset(),
    VerificationStatus.CLOSED: frozenset(),
}
VERIFICATION_OPEN = frozenset(
    {
        VerificationStatus.LEAD,
        VerificationStatus.CHECKING,
        VerificationStatus.AWAITING,
        VerificationStatus.DOUBTFUL,
    }
)
# Nobody became a member by it: kept for a time only.
VERIFICATION_IN_VAIN = frozenset({VerificationStatus.REFUTED, VerificationStatus.CLOSED})


class CheckKind(TextChoices):
    """The two checks and the four confirmations (双查四核)."""

    PLATFORM_DATA = "platform_data", "查①数据平台"
    TRANSPORT_REGISTER = "transport_register", "查②省运政系统"
    MEMBER_REGISTER = "member_register", "核①全国党员管理系统"
    HOME_ORGANISATION = "home_organisation", "核②组织关系所在地党组织"
    PHONE = "phone", "核③电话微信"
    HOME_VISIT = "home_visit", "核④上门家访"


TWO_CHECKS = (CheckKind.PLATFORM_DATA, CheckKind.TRANSPORT_REGISTER)
FOUR_CONFIRMATIONS = (
    CheckKind.MEMBER_REGISTER,
    CheckKind.HOME_ORGANISATION,
    CheckKind.PHONE,
    CheckKind.HOME_VISIT,
)
# What an organisation answers makes a member; what the candidate says himself does not.
BY_ORGANISATION = (CheckKind.MEMBER_REGISTER, CheckKind.HOME_ORGANISATION)
BY_CONTACT = (CheckKind.PHONE, CheckKind.HOME_VISIT)


class CheckResult(TextChoices):
    """What one check found."""

    AGREES = "agrees", "符合"
    CONTRADICTS = "contradicts", "不符"
    UNREACHABLE = "unreachable", "无法联系"
    NO_RIGHT = "no_right", "无权查询"


# The others leave things as they were: nobody was reached, nobody was asked.
SAYING = frozenset({CheckResult.AGREES, CheckResult.CONTRADICTS})


class FunnelStage(TextChoices):
    """How far candidates have come, for figures and the rows behind them."""

    FOUND = "found", "线索（不算关闭的）"
    CHECKED = "checked", "已经开始核查"
    CONFIRMED = "confirmed", "已经确认"
    PLACED = "placed", "已经编入支部"


class RecruitStatus(TextChoices):
    """Life of a call."""

    RUNNING = "running", "进行中"
    ENDED = "ended", "已结束"


RECRUIT_NEXT: dict[str, frozenset[str]] = {
    RecruitStatus.RUNNING: frozenset({RecruitStatus.ENDED}),
    RecruitStatus.ENDED: frozenset(),
}


class DeclarationStatus(TextChoices):
    """Life of a self-declaration."""

    SUBMITTED = "submitted", "待处理"
    TURNED = "turned", "转入核查"
    RETURNED = "returned", "退回"
    DUPLICATE = "duplicate", "重复"
    WITHDRAWN = "withdrawn", "本人撤回"


DECLARATION_NEXT: dict[str, frozenset[str]] = {
    DeclarationStatus.SUBMITTED: frozenset(
        {
            DeclarationStatus.TURNED,
            DeclarationStatus.RETURNED,
            DeclarationStatus.DUPLICATE,
            DeclarationStatus.WITHDRAWN,
        }
    ),
    # Consent can be withdrawn at any time (《个人信息保护法》第十五条).
    DeclarationStatus.TURNED: frozenset({DeclarationStatus.WITHDRAWN}),
    DeclarationStatus.RETURNED: frozenset({DeclarationStatus.WITHDRAWN}),
    DeclarationStatus.DUPLICATE: frozenset({DeclarationStatus.WITHDRAWN}),
    DeclarationStatus.WITHDRAWN: frozenset(),
}
