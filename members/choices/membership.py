"""Choices and life-cycles of Party membership: members, ties beside the formal one, transfers, lost contact."""

from django.db.models import TextChoices


class MemberStatus(TextChoices):
    """Standing of a Party member."""

    PROBATIONARY = "probationary", "预备党员"
    FULL = "full", "正式党员"
    SUSPENDED = "suspended", "停止党籍"
    REMOVED = "removed", "出党"
    TRANSFERRED_OUT = "transferred_out", "转出"
    DECEASED = "deceased", "去世"


# 《中国共产党章程》第七条 (probation), 第九条 (leaving). Who was suspended may be restored: 流动党员意见 2024.
MEMBER_NEXT: dict[str, frozenset[str]] = {
    MemberStatus.PROBATIONARY: frozenset(
        {MemberStatus.FULL, MemberStatus.REMOVED, MemberStatus.TRANSFERRED_OUT, MemberStatus.DECEASED}
    ),
    MemberStatus.FULL: frozenset(
        {MemberStatus.SUSPENDED, MemberStatus.REMOVED, MemberStatus.TRANSFERRED_OUT, MemberStatus.DECEASED}
    ),
    MemberStatus.SUSPENDED: frozenset({MemberStatus.FULL, MemberStatus.REMOVED, MemberStatus.DECEASED}),
    # Who left with a letter may come back with one.
    MemberStatus.TRANSFERRED_OUT: frozenset({MemberStatus.FULL, MemberStatus.PROBATIONARY, MemberStatus.DECEASED}),
    MemberStatus.REMOVED: frozenset(),
    MemberStatus.DECEASED: frozenset(),
}
# Members of a branch now; the suspended stay on its list until they are restored or removed.
MEMBER_CURRENT = frozenset({MemberStatus.PROBATIONARY, MemberStatus.FULL, MemberStatus.SUSPENDED})
MEMBER_LEFT = frozenset(MemberStatus) - MEMBER_CURRENT
# 预备党员 have neither vote nor election rights (《发展党员工作细则》); the suspended exercise none.
MEMBER_VOTING = frozenset({MemberStatus.FULL})


class AdmissionBasis(TextChoices):
    """What made a person a member of this registry; a roster never does."""

    VERIFICATION = "verification", "双查四核确认"
    DEVELOPMENT = "development", "发展党员"
    LETTER = "letter", "凭介绍信转入"


class AffiliationKind(TextChoices):
    """Ties beside the formal one (一方隶属、参加多重组织生活)."""

    FLOWING = "flowing", "流动纳入"
    ACTIVITY = "activity", "双重组织生活"


class AffiliationStatus(TextChoices):
    """Life of a tie beside the formal one."""

    REGISTERED = "registered", "已登记"
    NOTIFIED = "notified", "已通知报到"
    REPORTED_IN = "reported_in", "已报到"
    DECLINED = "declined", "未接收"
    ENDED = "ended", "已结束"


AFFILIATION_NEXT: dict[str, frozenset[str]] = {
    AffiliationStatus.REGISTERED: frozenset(
        {
            AffiliationStatus.NOTIFIED,
            AffiliationStatus.REPORTED_IN,
            AffiliationStatus.DECLINED,
            AffiliationStatus.ENDED,
        }
    ),
    AffiliationStatus.NOTIFIED: frozenset(
        {AffiliationStatus.REPORTED_IN, AffiliationStatus.DECLINED, AffiliationStatus.ENDED}
    ),
    AffiliationStatus.REPORTED_IN: frozenset({AffiliationStatus.ENDED}),
    AffiliationStatus.DECLINED: frozenset(),
    AffiliationStatus.ENDED: frozenset(),
}
AFFILIATION_OVER = frozenset({AffiliationStatus.DECLINED, AffiliationStatus.ENDED})


class Absence(TextChoices):
    """How long a member has been away from the branch of his formal relation."""

    HOME = "home", "在支部所在地"
    SHORT = "short", "短期外出"
    FLOWING = "flowing", "流动党员"


class LetterStatus(TextChoices):
    """Life of the transfer of a formal relation (组织关系介绍信)."""

    DRAFT = "draft", "草稿"
    IN_REVIEW = "in_review", "审核中"
    AWAITING = "awaiting", "待接收"
    RECEIVED = "received", "已接收"
    RETURNED = "returned", "退回"
    EXPIRED = "expired", "逾期"
    WITHDRAWN = "withdrawn", "撤销"


class LetterAsked(TextChoices):
    """What the list of transfers may be asked for: those under way, or one status."""

    OPEN = "open", "没办完的"
    DRAFT = LetterStatus.DRAFT.value, LetterStatus.DRAFT.label
    IN_REVIEW = LetterStatus.IN_REVIEW.value, LetterStatus.IN_REVIEW.label
    AWAITING = LetterStatus.AWAITING.value, LetterStatus.AWAITING.label
    RECEIVED = LetterStatus.RECEIVED.value, LetterStatus.RECEIVED.label
    RETURNED = LetterStatus.RETURNED.value, LetterStatus.RETURNED.label
    EXPIRED = LetterStatus.EXPIRED.value, LetterStatus.EXPIRED.label
    WITHDRAWN = LetterStatus.WITHDRAWN.value, LetterStatus.WITHDRAWN.label


LETTER_NEXT: dict[str, frozenset[str]] = {
    LetterStatus.DRAFT: frozenset({LetterStatus.IN_REVIEW, LetterStatus.WITHDRAWN}),
    LetterStatus.IN_REVIEW: frozenset({LetterStatus.AWAITING, LetterStatus.DRAFT, LetterStatus.WITHDRAWN}),
    LetterStatus.AWAITING: frozenset(
        {LetterStatus.RECEIVED, LetterStatus.RETURNED, LetterStatus.EXPIRED, LetterStatus.WITHDRAWN}
    ),
    LetterStatus.RECEIVED: frozenset(),
    LetterStatus.RETURNED: frozenset(),
    LetterStatus.EXPIRED: frozenset(),
    LetterStatus.WITHDRAWN: frozenset(),
}
LETTER_OPEN = frozenset({LetterStatus.DRAFT, LetterStatus.IN_REVIEW, LetterStatus.AWAITING})
# The letter has been signed by the side that lets the member go.
LETTER_SIGNED = frozenset({LetterStatus.AWAITING, LetterStatus.RECEIVED, LetterStatus.RETURNED, LetterStatus.EXPIRED})


class LostStatus(TextChoices):
    """Life of a search for a member who cannot be reached (失联)."""

    SEARCHING = "searching", "查找中"
    DECIDED = "decided", "支部已决定，等党委批准"
    APPROVED = "approved", "党委已批准，等备案"
    FILED = "filed", "停止党籍，已备案"
    FOUND = "found", "不再查找"
    RESTORED = "restored", "恢复党籍"
    REMOVED = "removed", "除名（取消资格）"


# Every step is somebody's act on a date; nothing moves by itself.
LOST_NEXT: dict[str, frozenset[str]] = {
    LostStatus.SEARCHING: frozenset({LostStatus.DECIDED, LostStatus.FOUND}),
    LostStatus.DECIDED: frozenset({LostStatus.APPROVED, LostStatus.REMOVED, LostStatus.SEARCHING, LostStatus.FOUND}),
    LostStatus.APPROVED: frozenset({LostStatus.FILED, LostStatus.RESTORED, LostStatus.FOUND}),
    LostStatus.FILED: frozenset({LostStatus.RESTORED, LostStatus.REMOVED, LostStatus.FOUND}),
    LostStatus.FOUND: frozenset(),
    LostStatus.RESTORED: frozenset(),
    LostStatus.REMOVED: frozenset(),
}
LOST_OPEN = frozenset({LostStatus.SEARCHING, LostStatus.DECIDED, LostStatus.APPROVED, LostStatus.FILED})


class ContactChannel(TextChoices):
    """How somebody tried to reach a member."""

    PHONE = "phone", "电话"
    MESSAGE = "message", "微信或短信"
    VISIT = "visit", "上门"
    RELATIVES = "relatives", "亲友"
    WORKPLACE = "workplace", "单位或平台"
    HOME_ORGANIZATION = "home_organization", "流出地党组织"
