"""The work list: which tab holds what, in which order, in which group, page by page, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches.choices import Duty
from branches.models import Appointment, Office
from branches.scope import reach_of
from branches.workflow import office_of
from grievances import workflow
from grievances.lists.worklist import GROUPS, Cursor, Reader, WorkList, late_here, read_values, rows_of
from grievances.models import Category, Clock, Grievance
from grievances.rules.acts import next_act, open_acts, whose_turn
from grievances.rules.times import end_of_soon, length, said, working_days_left
from tests.grievances.conftest import at

pytestmark = pytest.mark.django_db


def reader(user, when=None) -> Reader:
    return Reader.of(reach_of(user, when or at("11-27 09:00")))


def listed(user, tab: str, **values) -> list[str]:
    rows = WorkList(reader(user), tab, at("11-27 09:00"), values).page(None).rows
    return [row.title for row in rows]


def due(case, when, **more) -> None:
    Grievance.objects.filter(pk=case.pk).update(next_due_at=when, **more)


def test_each_tab_holds_what_it_says(desk):
    lodged, held = desk.lodged(title="新来的"), desk.in_hand(title="在办的")
    answered, up = desk.answered(title="答复了的"), desk.in_hand(title="升上去的")
    workflow.escalate(up, actor=desk.clerk, reason="货主在外市。", at=at("11-26 09:00"))
    workflow.supervise(held, actor=desk.city_clerk, organization=desk.tree.city, demand="快办。", at=at("11-26 09:00"))
    assert set(listed(desk.clerk, "mine")) == {"新来的"}
    assert set(listed(desk.clerk, "unit")) == {"新来的", "在办的", "答复了的"}
    assert listed(desk.clerk, "moved") == ["升上去的"]
    assert listed(desk.clerk, "supervised") == ["在办的"]
    assert listed(desk.clerk, "to-confirm") == ["答复了的"]
    assert listed(desk.clerk, "ended") == []
    assert listed(desk.officer, "mine") == ["在办的"]
    assert set(listed(desk.city_clerk, "below")) == {"新来的", "在办的", "答复了的"}
    assert listed(desk.city_clerk, "unit") == ["升上去的"]
    assert {lodged.status, answered.status} == {"lodged", "answered"}


def test_the_list_goes_by_due_time_and_what_cannot_be_counted_stands_first(desk):
    now = at("11-27 09:00")
    for title, when, more in (
        ("以后", at("12-09 18:00"), {}),
        ("暂停", None, {"status": "waiting_for_complainant"}),
        ("三天内", at("12-01 18:00"), {}),
        ("今天", at("11-27 18:00"), {}),
        ("逾期", at("11-26 18:00"), {}),
        ("没历", None, {"calendar_missing": True}),
    ):
        due(desk.assigned(title=title), when, **more)
    asked = WorkList(reader(desk.clerk), "unit", now)
    rows = asked.page(None).rows
    assert [row.title for row in rows] == ["没历", "逾期", "今天", "三天内", "以后", "暂停"]
    assert [asked.group_of(row) for row in rows] == ["missing", "late", "today", "soon", "later", "paused"]
    counts = asked.counts()
    assert {code: counts[f"in {code}"] for code in GROUPS} == dict.fromkeys(GROUPS, 1) | {"none": 0}
    for code, row in zip(("missing", "late", "today", "soon", "later", "paused"), rows, strict=True):
        assert listed(desk.clerk, "unit", when=code) == [row.title]


def test_pages_follow_each_other_without_gap_or_repetition_both_ways(desk):
    same = at("11-30 18:00")
    for number in range(7):
        missing = number < 2
        due(desk.lodged(title=f"件{number}"), None if number in (0, 6) else same, calendar_missing=missing)
    asked = WorkList(reader(desk.clerk), "unit", at("11-27 09:00"), size=2)
    seen, pages, cursor = [], [], None
    while True:
        page = asked.page(cursor)
        pages.append([row.pk for row in page.rows])
        seen += pages[-1]
        if not page.next:
            break
        cursor = Cursor.read(page.next)
    assert len(seen) == len(set(seen)) == 7
    assert seen == list(Grievance.objects.by_due().values_list("pk", flat=True))
    back = []
    while page.previous:
        page = asked.page(Cursor.read(page.previous))
        back.append([row.pk for row in page.rows])
    assert back == pages[-2::-1]


def test_ended_ones_go_newest_first_page_by_page(desk):
    for number in range(5):
        case = desk.lodged(f"11-{20 + number} 09:00", title=f"件{number}")
        workflow.refuse(case, actor=desk.clerk, reason="归法院管。", at=at(f"11-{20 + number} 10:00"))
    asked = WorkList(reader(desk.clerk), "ended", at("11-27 09:00"), size=2)
    first = asked.page(None)
    second = asked.page(Cursor.read(first.next))
    assert [row.title for row in first.rows + second.rows] == ["件4", "件3", "件2", "件1"]
    assert asked.page(Cursor.read(second.previous)).rows == first.rows


def test_a_forged_cursor_begins_at_the_beginning(desk):
    desk.lodged()
    assert Cursor.read("abc:def") is None


def test_conditions_narrow_and_nonsense_is_refused(desk, sign_in):
    desk.lodged(title="拖欠运费三个月")
    desk.lodged(title="停车难", category=Category.objects.get(code="parking_space"), amount_involved=None)
    main = Category.objects.get(code="parking")
    assert listed(desk.clerk, "unit", category=str(main.pk)) == ["停车难"]
    assert listed(desk.clerk, "unit", q="三个月") == ["拖欠运费三个月"]
    assert listed(desk.clerk, "unit", channel="branch") == []
    for wrong in ({"category": "x"}, {"stage": "nonsense"}, {"channel": "?"}, {"when": "never"}, {"unit": "-1"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            read_values(wrong)
    assert sign_in(desk.clerk).get(reverse("grievances:list"), {"stage": "nonsense"}).status_code == 400
    assert sign_in(desk.clerk).get(reverse("grievances:list"), {"tab": "nonsense"}).status_code == 400


def test_every_row_of_a_tab_is_a_row_the_reader_sees(desk, leader, neighbour_clerk):
    for make in (desk.lodged, desk.accepted, desk.in_hand, desk.answered):
        make()
    moved = desk.in_hand()
    workflow.escalate(moved, actor=desk.clerk, reason="货主在外市。", at=at("11-26 09:00"))
    everybody = (desk.clerk, desk.officer, desk.secretary, desk.city_clerk, desk.province_clerk, leader)
    for user in (*everybody, neighbour_clerk, desk.city_officer):
        who, found = reader(user), set()
        for tab in who.tabs():
            found |= set(rows_of(tab, who).values_list("pk", flat=True))
        assert found == set(Grievance.objects.visible_to(who.reach).values_list("pk", flat=True)), user


def test_the_next_step_is_offered_to_whose_turn_it_is_and_pressing_to_who_is_above(desk):
    case, when = desk.in_hand(), at("11-24 09:00")
    case = Grievance.objects.with_names().get(pk=case.pk)

    def step(user, instant=when):
        who = reader(user, instant)
        act = next_act(case, open_acts(who.reach, case, who.offices), instant)
        return act.code if act else None

    assert (step(desk.officer), step(desk.clerk), step(desk.city_clerk)) == ("answer", None, None)
    assert whose_turn(case) == "等东区交通执法大队答复"
    late = at("12-20 09:00")
    assert (step(desk.officer, late), step(desk.clerk, late), step(desk.city_clerk, late)) == (
        "answer",
        "escalate",
        "supervise",
    )


def test_who_deputises_an_office_does_its_work(desk):
    case = desk.assigned()
    deputy = Appointment.objects.get(user=desk.clerk)
    holder = Appointment.objects.get(user=desk.officer)
    Office.objects.filter(pk=desk.office.pk).update(
        holder=holder, deputy=deputy, absent_from_at=at("11-20 00:00"), absent_until_at=None
    )
    assert listed(desk.clerk, "mine") == [case.title]
    case = Grievance.objects.with_names().get(pk=case.pk)
    workflow.report_progress(case, actor=desk.clerk, text="我代办。", at=at("11-23 09:00"))
    assert case.status == "in_hand"


def test_the_number_in_the_navigation_is_what_is_late_here(desk, sign_in):
    due(desk.lodged(), timezone.now() - timedelta(hours=1))
    due(desk.lodged(), timezone.now() + timedelta(hours=1))
    assert late_here(reach_of(desk.clerk), timezone.now()) == 1
    assert late_here(reach_of(desk.second_clerk), timezone.now()) == 1
    assert late_here(reach_of(desk.city_clerk), timezone.now()) == 0
    page = sign_in(desk.clerk).get(reverse("grievances:list")).content.decode()
    assert '<span class="n n-bad">1<span class="sr"> 件已逾期</span></span>' in page
    with CaptureQueriesContext(connection) as queries:
        late_here(reach_of(desk.clerk), timezone.now())
    assert len(queries) == 2  # the reach, and one for the number


@pytest.mark.parametrize("tab", ["mine", "unit", "below", "supervised", "to-confirm", "ended"])
def test_a_list_costs_at_most_twelve_queries_however_long_it_is(desk, sign_in, tab):
    client, url = sign_in(desk.city_clerk), reverse("grievances:list")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url, {"tab": tab}).status_code == 200
        return len(queries)

    cost()  # the first request of a session writes that somebody was seen
    desk.in_hand()
    desk.answered()
    one = cost()
    for _ in range(2):
        desk.in_hand()
        desk.answered()
        desk.lodged()
    assert cost() == one <= 12


def test_times_are_said_as_people_say_them():
    now = at("11-24 14:05")
    assert said(at("11-20 18:00"), now).text == "超 3 天 20 小时"
    assert said(at("11-24 14:40"), now).text == "剩 35 分钟"
    assert said(at("11-24 18:00"), now).text == "剩 3 小时 55 分"
    assert said(at("11-25 18:00"), now).text == "11-25 18:00"
    assert said(at("2027-01-04 18:00"), now).text == "2027-01-04 18:00"
    assert length(timedelta(hours=2)) == "2 小时"


def test_working_days_are_never_guessed(divisions):
    from grievances.lists.worklist import calendar_from

    calendar = calendar_from(at("11-24 09:00"))
    assert working_days_left(at("11-27 18:00"), at("11-24 09:00"), calendar) == 3
    assert end_of_soon(at("11-24 09:00"), calendar) == at("11-28 00:00")
    unknown = calendar_from(at("2027-12-30 09:00"))
    assert working_days_left(at("2028-01-05 18:00"), at("2027-12-30 09:00"), unknown) is None
    assert end_of_soon(at("2027-12-30 09:00"), unknown) is None


def test_a_unit_that_can_take_a_case_is_offered_with_who_acts_there(desk):
    from grievances.lists.offices import taking_units

    when = at("11-20 16:30")
    units = {one.organization: one.words for one in taking_units(desk.tree.county, reach_of(desk.clerk, when), when)}
    assert units[desk.team] == "东区交通执法大队：承办人"
    assert units[desk.tree.branch].endswith("：书记")
    assert units[desk.tree.county] == "东区：空缺，由攀枝花市市承办人代管"
    assert desk.tree.second_branch not in units  # nobody there, and no office that anybody set up
    office_of(desk.tree.second_branch, Duty.HANDLE)
    again = taking_units(desk.tree.county, reach_of(desk.clerk, when), when, "出租车")
    assert [one.who for one in again] == ["空缺，由攀枝花市市承办人代管"]


def test_a_case_without_a_calendar_says_so_on_list_and_page(desk, sign_in):
    case = desk.lodged()
    Clock.objects.filter(grievance=case).update(due_at=None, missing_date="2027-01-01", remind_at=None)
    due(case, None, calendar_missing=True)
    assert "日历未载入 1 件" in sign_in(desk.clerk).get(reverse("grievances:list")).content.decode()
    page = sign_in(desk.clerk).get(reverse("grievances:detail", args=[case.pk])).content.decode()
    assert "2027 年日历未载入" in page
