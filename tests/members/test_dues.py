"""The register of dues: rates without incomes, months in one go, counter entries, one truth about "paid until"."""

import json
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from dashboard import integrity_members
from foundation.audit.models import Entry
from foundation.audit.trail import NotAllowed
from members.models import Affiliation, DuesRate, DuesRecord, PartyMember
from members.statistics.dues import register_of, sums_of
from members.workflow import dues, membership, transfers
from members.workflow.dues import Payment
from tests.factories import AppointmentFactory
from tests.factories.members import PartyMemberFactory

pytestmark = pytest.mark.django_db
D = Decimal
JANUARY = date(2026, 1, 1)


def noon(*day):
    return datetime(*day, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


AT = noon(2026, 6, 15)


@pytest.fixture
def member(tree):
    return PartyMemberFactory(formal_organization=tree.branch)


@pytest.fixture
def other(tree, secretary):
    return AppointmentFactory(organization=tree.second_branch, role="secretary").user


def rated(member, actor, income="4000", month=JANUARY):
    return dues.set_rate(member, category="income", income=D(income), from_month=month, actor=actor, at=AT)


def pay(tree, secretary, *payments, unit=None, at=AT, **more):
    values = {"paid_date": date(2026, 6, 1), "method": "phone"} | more
    return dues.record_payments(unit or tree.branch, payments, actor=secretary, at=at, **values)


def of(member, first, last, amount):
    return Payment(member.pk, date(2026, first, 1), date(2026, last, 1), D(amount))


def until(member):
    return PartyMember.objects.values_list("dues_paid_until_date", flat=True).get(pk=member.pk)


def test_a_rate_keeps_the_due_and_no_trace_of_the_income(member, secretary):
    rate = rated(member, secretary, "4321.50")
    assert (rate.monthly_due, rate.category) == (D("43.22"), "income")
    entry = Entry.objects.get(action="dues.set_rate")
    text = json.dumps([entry.fields, entry.details, entry.reason, entry.object_label], default=str)
    assert "4321" not in text
    assert "43.22" not in text
    assert not [field.name for field in DuesRate._meta.fields if "income" in field.name or "base" in field.name]


def test_a_rate_is_replaced_for_the_same_month_and_followed_by_a_later_one(member, secretary):
    rated(member, secretary)
    rated(member, secretary, "2000")
    assert DuesRate.objects.get().monthly_due == D("10.00")
    dues.set_rate(
        member, category="hardship", monthly_due=D("0"), from_month=date(2026, 3, 1), reason="家人重病",
        document="东党〔2026〕3号", actor=secretary, at=AT,
    )  # fmt: skip
    assert DuesRate.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"category": "income"}, "income"),
        ({"category": "income", "income": D("-1")}, "income"),
        ({"category": "peasant", "monthly_due": D("2")}, "monthly_due"),
        ({"category": "hardship", "monthly_due": D("1"), "document": "1 号文"}, "reason"),
        ({"category": "hardship", "monthly_due": D("1"), "reason": "家人重病"}, "document"),
        ({"category": "relief", "from_month": date(2010, 6, 1)}, "from_month"),
        ({"category": "relief", "from_month": date(2028, 6, 1)}, "from_month"),
    ],
)
def test_a_rate_that_is_not_right_is_refused_at_its_field(member, secretary, values, field):
    with pytest.raises(ValidationError) as caught:
        dues.set_rate(member, **{"from_month": JANUARY, "actor": secretary, "at": AT} | values)
    assert field in caught.value.message_dict
    assert not DuesRate.objects.exists()


def test_the_database_itself_holds_the_rules_of_rates_and_records(member, tree, secretary):
    base = {"member": member, "from_date": JANUARY, "set_by": secretary, "set_at": AT}
    for values in (
        {"category": "peasant", "monthly_due": D("1.01")},
        {"category": "relief", "monthly_due": D("0.30")},
        {"category": "income", "monthly_due": D("0")},
        {"category": "hardship", "monthly_due": D("0")},
        {"category": "income", "monthly_due": D("9"), "approval_document": "1 号"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            DuesRate.objects.create(**base | values)
    row = {
        "member": member, "organization": tree.branch, "month": JANUARY, "paid_date": JANUARY, "method": "cash",
        "recorded_by": secretary, "recorded_at": AT,
    }  # fmt: skip
    for values in (
        {"due": D("2"), "paid": D("1")},
        {"due": D("0"), "paid": D("0")},
        {"due": D("1"), "paid": D("1"), "method": "exempt"},
        {"due": D("1"), "paid": D("1"), "reason": "不该有"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            DuesRecord.objects.create(**row | values)
    DuesRecord.objects.create(**row, due=D("1"), paid=D("1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        DuesRecord.objects.create(**row, due=D("1"), paid=D("1"))


def test_months_are_recorded_in_one_go_and_move_paid_until(tree, member, secretary):
    second = PartyMemberFactory(formal_organization=tree.branch)
    rated(member, secretary)
    rated(second, secretary, "2000")
    made = pay(tree, secretary, of(member, 1, 3, "120"), of(second, 1, 2, "25"))
    assert [(row.month.month, row.paid) for row in made if row.member_id == member.pk] == [
        (1, D("40.00")), (2, D("40.00")), (3, D("40.00")),
    ]  # fmt: skip
    # 5 yuan more than due: of one's own will, on the last month.
    assert [row.paid for row in made if row.member_id == second.pk] == [D("10.00"), D("15.00")]
    assert (until(member), until(second)) == (date(2026, 4, 1), date(2026, 3, 1))
    assert list(integrity_members.dues(AT)) == []


def test_the_same_form_sent_twice_writes_once_and_says_so(tree, member, secretary):
    rated(member, secretary)
    pay(tree, secretary, of(member, 1, 2, "80"))
    with pytest.raises(ValidationError, match="刚刚记过，已经交到 2026-03"):
        pay(tree, secretary, of(member, 1, 2, "80"))
    assert DuesRecord.objects.count() == 2


def test_one_wrong_line_saves_nothing_and_is_named(tree, member, secretary):
    second = PartyMemberFactory(formal_organization=tree.branch)
    rated(member, secretary)
    rated(second, secretary)
    for wrong, said in (
        (of(second, 1, 2, "79.99"), f"{second.person.name}应交 80.00 元"),
        (of(second, 2, 3, "80"), "刚刚记过"),
        (Payment(second.pk, JANUARY, date(2027, 7, 1), D("9999")), "最多预交 12 个月"),
        (of(second, 1, 1, "40.001"), "最多到分"),
        (Payment(PartyMemberFactory(formal_organization=tree.second_branch).pk, JANUARY, JANUARY, D(1)), "不在本支部"),
        (of(PartyMemberFactory(formal_organization=tree.branch), 1, 1, "1"), "还没有定党费标准"),
    ):
        with pytest.raises(ValidationError, match=said):
            pay(tree, secretary, of(member, 1, 2, "80"), wrong)
    assert not DuesRecord.objects.exists()
    assert until(member) is None


def test_the_due_of_a_month_is_that_of_its_own_time(tree, member, secretary):
    rated(member, secretary)
    rated(member, secretary, "6000", date(2026, 3, 1))
    made = pay(tree, secretary, of(member, 1, 3, "170"))
    assert [row.due for row in made] == [D("40.00"), D("40.00"), D("90.00")]
    rated(member, secretary, "20000", date(2026, 1, 1))
    assert [row.due for row in DuesRecord.objects.order_by("month")] == [D("40.00"), D("40.00"), D("90.00")]


def test_who_is_exempt_is_recorded_with_nothing(tree, member, secretary):
    dues.set_rate(
        member, category="hardship", monthly_due=D(0), from_month=JANUARY, reason="家人重病", document="3 号文",
        actor=secretary, at=AT,
    )  # fmt: skip
    (row,) = pay(tree, secretary, of(member, 1, 1, "0"))
    assert (row.method, row.paid, until(member)) == ("exempt", D(0), date(2026, 2, 1))


def test_probationary_members_pay_from_the_month_of_the_meeting(tree, secretary):
    new = PartyMemberFactory(
        formal_organization=tree.branch, status="probationary", joined_date=date(2026, 2, 17), full_date=None
    )
    with pytest.raises(ValidationError, match="2026-02"):
        rated(new, secretary)
    rated(new, secretary, month=date(2026, 2, 1))
    pay(tree, secretary, of(new, 2, 3, "80"))
    assert until(new) == date(2026, 4, 1)


def test_who_is_suspended_pays_nothing_until_restored(tree, member, secretary):
    rated(member, secretary)
    PartyMember.objects.filter(pk=member.pk).update(
        status="suspended", status_from_date=JANUARY, status_document="1 号文"
    )
    with pytest.raises(ValidationError, match="不在本支部"):
        pay(tree, secretary, of(member, 1, 1, "40"))


def test_a_counter_entry_opens_the_month_and_the_sum_is_right(tree, member, secretary):
    rated(member, secretary)
    made = pay(tree, secretary, of(member, 1, 4, "160"))
    with pytest.raises(ValidationError):
        dues.take_back(made[1], reason=" ", actor=secretary, at=AT)
    counter = dues.take_back(made[1], reason="记错了人", actor=secretary, at=AT)
    assert (counter.paid, counter.month, until(member)) == (D("-40.00"), date(2026, 2, 1), date(2026, 2, 1))
    assert DuesRecord.objects.count() == 5
    sums = sums_of(DuesRecord.objects.all(), JANUARY, date(2026, 12, 1))[tree.branch.pk]
    assert (sums.paid, sums.persons) == (D("120.00"), 1)
    for row in (DuesRecord.objects.get(pk=made[1].pk), counter):
        with pytest.raises(NotAllowed):
            dues.take_back(row, reason="再冲一次", actor=secretary, at=AT)
    assert list(integrity_members.dues(AT)) == []
    pay(tree, secretary, Payment(member.pk, date(2026, 2, 1), date(2026, 2, 1), D("40")))
    assert until(member) == date(2026, 5, 1), "months that were paid after it count again"
    assert list(integrity_members.dues(AT)) == []


def test_a_change_behind_the_register_is_found(tree, member, secretary):
    rated(member, secretary)
    pay(tree, secretary, of(member, 1, 2, "80"))
    PartyMember.objects.filter(pk=member.pk).update(dues_paid_until_date=date(2026, 2, 1))
    assert list(integrity_members.dues(AT)) == [f"党员 {member.pk}：党费交到的月份和登记的不一样"]


def test_a_flowing_member_pays_where_he_has_reported_in_and_both_sides_see_it(tree, member, secretary, other):
    rated(member, secretary)
    with pytest.raises(ValidationError):
        pay(tree, other, of(member, 1, 1, "40"), unit=tree.second_branch)
    Affiliation.objects.create(
        member=member, organization=tree.second_branch, kind="flowing", status="reported_in", from_date=JANUARY,
        reported_in_date=JANUARY,
    )  # fmt: skip
    (row,) = pay(tree, other, of(member, 1, 1, "40"), unit=tree.second_branch)
    assert row.organization == tree.second_branch
    assert DuesRecord.objects.visible_to(secretary).count() == DuesRecord.objects.visible_to(other).count() == 1
    line = next(iter(register_of(PartyMember.objects.paying_in([tree.branch.pk]), JANUARY, JANUARY, date(2026, 2, 9))))
    assert (line.months, line.open_months) == (1, 0)
    with pytest.raises(PermissionDenied):
        dues.take_back(row, reason="记错了人", actor=secretary, at=AT)


def test_only_the_secretary_of_the_branch_records(tree, member, secretary, other, county_clerk, leader, instructor):
    rated(member, secretary)
    (row,) = pay(tree, secretary, of(member, 1, 1, "40"))
    for actor in (other, county_clerk, leader, instructor):
        with pytest.raises(PermissionDenied):
            pay(tree, actor, of(member, 2, 2, "40"))
        with pytest.raises(PermissionDenied):
            rated(member, actor)
        with pytest.raises(PermissionDenied):
            dues.take_back(row, reason="记错了人", actor=actor, at=AT)


def test_silence_of_six_months_is_a_word_to_the_secretary_and_nothing_else(tree, member, secretary):
    rated(member, secretary)
    roll = PartyMember.objects.paying_in([tree.branch.pk])
    (line,) = register_of(roll, JANUARY, date(2026, 6, 1), date(2026, 6, 15))
    assert (line.open_months, line.is_silent) == (5, False), "the month of today is not late yet"
    (line,) = register_of(roll, JANUARY, date(2026, 7, 1), date(2026, 7, 1))
    assert (line.open_months, line.is_silent) == (6, True)
    member.refresh_from_db()
    assert (member.status, member.dues_paid_until_date) == ("full", None)


def test_a_letter_begins_the_count_and_does_not_undo_what_was_paid_after_it(
    tree, member, secretary, county_clerk, other
):
    rated(member, secretary)
    pay(tree, secretary, of(member, 1, 2, "80"))
    member.refresh_from_db()
    transfer = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    assert transfer.dues_paid_until_date == date(2026, 3, 1)
    pay(tree, secretary, Payment(member.pk, date(2026, 3, 1), date(2026, 3, 1), D("40")))
    transfers.submit(transfer, actor=secretary)
    transfers.approve(transfer, actor=county_clerk)
    transfer.refresh_from_db()
    transfers.receive(transfer, actor=other)
    assert until(member) == date(2026, 4, 1)
    assert list(integrity_members.dues(AT)) == []


def test_what_was_paid_stays_when_a_membership_ends(tree, member, secretary, county_clerk):
    rated(member, secretary)
    pay(tree, secretary, of(member, 1, 1, "40"))
    member.refresh_from_db()
    membership.end_membership(
        member, "deceased", on_date=date(2026, 6, 1), document="死亡证明", reason="病故", version=member.version,
        actor=county_clerk, at=AT,
    )  # fmt: skip
    assert DuesRecord.objects.count() == 1
    assert list(integrity_members.dues(AT)) == []


# --- pages ------------------------------------------------------------------------------------------------------------
def test_the_secretary_records_on_one_page_and_committees_see_sums_only(tree, member, secretary, county_clerk, sign_in):
    today = timezone.localdate()
    month = today.replace(day=1)
    dues.set_rate(member, category="income", income=D("4000"), from_month=month, actor=secretary)
    here, page = sign_in(secretary), reverse("members:dues_record", args=[tree.branch.pk])
    text = here.get(page).content.decode()
    assert member.person.name in text
    assert 'value="40.00"' in text
    values = {
        "pay": [member.pk], f"from-{member.pk}": f"{month:%Y-%m}", f"amount-{member.pk}": "￥40元",
        "until_month": f"{month:%Y-%m}", "paid_date": today, "method": "phone",
    }  # fmt: skip
    wrong = here.post(page, values | {f"amount-{member.pk}": "四十"})
    assert wrong.status_code == 422
    assert "四十" in wrong.content.decode()
    assert "checked" in wrong.content.decode(), "what was ticked stays ticked"
    assert here.post(page, values).status_code == 302
    assert here.post(page, values).status_code == 422
    register = here.get(reverse("members:dues_register", args=[tree.branch.pk])).content.decode()
    assert member.person.name in register
    assert "40.00" in register
    sums = sign_in(county_clerk).get(reverse("members:dues_list")).content.decode()
    assert "40.00" in sums
    assert member.person.name not in sums
    assert sign_in(county_clerk).get(reverse("members:dues_register", args=[tree.branch.pk])).status_code == 403


def test_arrears_are_said_to_the_secretary_only(tree, member, secretary, county_clerk, leader, sign_in):
    dues.set_rate(member, category="relief", from_month=date(2026, 1, 1), actor=secretary)
    for who in (county_clerk, leader):
        client = sign_in(who)
        pages = [reverse("members:member_detail", args=[member.pk])]
        pages += [reverse("members:dues_list")] if who is county_clerk else []
        for page in pages:
            text = client.get(page).content.decode()
            assert "还没有交" not in text
            assert "0.20" not in text
    assert "个月" in sign_in(secretary).get(reverse("members:dues_register", args=[tree.branch.pk])).content.decode()


def test_the_history_of_a_member_says_nothing_of_his_money(tree, member, secretary, leader, sign_in):
    rated(member, secretary)
    (row,) = pay(tree, secretary, of(member, 1, 1, "40"))
    dues.take_back(row, reason="其实没有交钱", actor=secretary, at=AT)
    text = sign_in(leader).get(reverse("members:member_detail", args=[member.pk])).content.decode()
    assert "其实没有交钱" not in text
    assert "冲正" not in text


def test_the_register_costs_the_same_for_one_member_and_three(
    tree, member, secretary, sign_in, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = sign_in(secretary)
    pages = [reverse(f"members:{name}", args=[tree.branch.pk]) for name in ("dues_register", "dues_record")]
    rated(member, secretary)
    costs = []
    for _ in range(2):
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            costs.append(len(queries))
        for _ in range(2):
            rated(PartyMemberFactory(formal_organization=tree.branch), secretary)
    assert costs[:2] == costs[2:]
    assert max(costs) <= 12
