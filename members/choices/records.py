"""Choices and life-cycles of what a branch keeps about its members: dues, the yearly appraisal, cards."""

from django.db.models import TextChoices

from members.choices.membership import MemberStatus

# Whoever is suspended exercises no right and owes no dues until he is restored (流动党员意见 2024, secondary).
MEMBER_PAYING = frozenset({MemberStatus.PROBATIONARY, MemberStatus.FULL})


class DuesCategory(TextChoices):
    """By what the monthly due of a member is reckoned (党费收缴、使用和管理的规定 第一至七条, secondary)."""

    INCOME = "income", "有工资或经营收入"
    PENSION = "pension", "离退休"
    PEASANT = "peasant", "农民"
    RELIEF = "relief", "学生、失业、领取救济"
    HARDSHIP = "hardship", "困难少交或免交"


class DuesMethod(TextChoices):
    """How dues came to the branch; the portal only writes it down."""

    CASH = "cash", "现金"
    PHONE = "phone", "手机转账"
    BANK = "bank", "银行转账"
    WITHHELD = "withheld", "单位代扣"
    EXEMPT = "exempt", "免交"


class AppraisalGrade(TextChoices):
    """What the appraisal of Party members (民主评议党员) found."""

    EXCELLENT = "excellent", "优秀"
    QUALIFIED = "qualified", "合格"
    BASICALLY_QUALIFIED = "basically_qualified", "基本合格"
    UNQUALIFIED = "unqualified", "不合格"


class CardStatus(TextChoices):
    """Life of a member card (一名党员一张卡)."""

    ACTIVE = "active", "有效"
    LOST = "lost", "挂失"
    CANCELLED = "cancelled", "注销"


CARD_NEXT: dict[str, frozenset[str]] = {
    CardStatus.ACTIVE: frozenset({CardStatus.LOST, CardStatus.CANCELLED}),
    CardStatus.LOST: frozenset({CardStatus.CANCELLED}),
    CardStatus.CANCELLED: frozenset(),
}
