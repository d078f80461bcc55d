"""Who sees and does what on a case: one table, every cell tried twice, through the verb and through its address.

The case was lodged by a secretary for a driver, is decided by the county, handled by the enforcement team, and a second
team helps. Read a row as: in this state, who may do this.

    yes  he may          no  he sees the case and is refused          .  for him there is no such case
    code  no account: who has code and passphrase follows the case, and does none of this
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from branches.choices import Duty
from branches.scope import reach_of
from branches.workflow import office_of
from foundation.audit.models import Entry
from grievances import workflow
from grievances.choices import Result, Satisfaction, Status
from grievances.models import Assist, Category, Clock, Evidence, Extension, Grievance
from grievances.workflow.lodging import Complaint
from tests.factories import OrganizationFactory
from tests.grievances.conftest import PHONE, Desk, holder

pytestmark = pytest.mark.django_db

NOWHERE = 987_654_321

# act            state      clerk handler helper lodger superior leader subordinate neighbour outsider complainant other
TABLE = """
see              lodged     yes   .       .      yes    yes      yes    .           .         .        code        .
see              in_hand    yes   yes     yes    yes    yes      yes    .           .         .        code        .
see              escalated  yes   .       yes    yes    yes      yes    .           .         .        code        .
see              closed     yes   yes     yes    yes    yes      yes    .           .         .        code        .
read_internal    in_hand    yes   yes     yes    no     yes      yes    .           .         .        code        .
open_file        in_hand    yes   yes     yes    yes    yes      yes    .           .         .        code        .
open_inner_file  in_hand    yes   yes     yes    no     yes      yes    .           .         .        code        .
reveal           in_hand    yes   yes     no     no     no       no     .           .         .        code        .
reveal           lodged     yes   .       .      no     no       no     .           .         .        code        .
reveal           confiding  no    yes     no     no     no       no     .           .         .        code        .
accept           lodged     yes   .       .      no     no       no     .           .         .        code        .
refuse           lodged     yes   .       .      no     no       no     .           .         .        code        .
assign           accepted   yes   .       .      no     no       no     .           .         .        code        .
assign           in_hand    yes   no      no     no     no       no     .           .         .        code        .
assist           in_hand    yes   no      no     no     no       no     .           .         .        code        .
end_assist       in_hand    yes   no      no     no     no       no     .           .         .        code        .
merge            in_hand    yes   no      no     no     no       no     .           .         .        code        .
report           assigned   no    yes     no     no     no       no     .           .         .        code        .
note             in_hand    yes   yes     yes    no     yes      yes    .           .         .        code        .
ask              in_hand    no    yes     no     no     no       no     .           .         .        code        .
resume           waiting    yes   yes     no     no     no       no     .           .         .        code        .
suspend          in_hand    yes   no      no     no     no       no     .           .         .        code        .
resume           suspended  yes   no      no     no     no       no     .           .         .        code        .
return           in_hand    no    yes     no     no     no       no     .           .         .        code        .
extend           in_hand    no    yes     no     no     no       no     .           .         .        code        .
decide           asked_more no    no      no     no     yes      no     .           .         .        code        .
answer           in_hand    no    yes     no     no     no       no     .           .         .        code        .
keep_answer      in_hand    no    yes     no     no     no       no     .           .         .        code        .
follow_up        answered   yes   no      no     no     no       no     .           .         .        code        .
escalate         in_hand    yes   yes     no     no     no       no     .           .         .        code        .
escalate         lodged     yes   .       .      no     no       no     .           .         .        code        .
take_up          in_hand    no    no      no     no     yes      no     .           .         .        code        .
supervise        in_hand    no    no      no     no     yes      yes    .           .         .        code        .
report_back      supervised yes   yes     no     no     no       no     .           .         .        code        .
withdraw         in_hand    no    no      no     yes    no       no     .           .         .        code        .
assign           escalated  no    .       no     no     yes      no     .           .         .        code        .
take_up          escalated  no    .       no     no     no       no     .           .         .        code        .
accept           taken_up   no    .       .      no     yes      no     .           .         .        code        .
"""
PEOPLE = (
    "clerk", "handler", "helper", "lodger", "superior", "leader", "subordinate", "neighbour", "outsider",
    "complainant", "other",
)  # fmt: skip
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@dataclass
class Stage:
    """The people by the name of their column, the case, and what belongs to it."""

    desk: Desk
    people: dict
    case: Grievance
    passphrase: str
    other_case: Grievance
    files: dict


@pytest.fixture
def stage(desk, leader, neighbour_clerk, outsider, settings, tmp_path) -> Stage:
    settings.MEDIA_ROOT = tmp_path
    second_team = OrganizationFactory(
        parent=desk.tree.county, code="D510402-2", kind="department", level="county", short_name="东区人社局"
    )
    people = {
        "clerk": desk.clerk,
        "handler": desk.officer,
        "helper": holder("helper", "协办人", second_team, "handler"),
        "lodger": desk.secretary,
        "superior": desk.city_clerk,
        "leader": leader,
        "subordinate": holder("second-secretary", "另一书记", desk.tree.second_branch, "secretary"),
        "neighbour": neighbour_clerk,
        "outsider": outsider,
        "complainant": None,
        "other": None,
    }
    at = timezone.now() - timedelta(hours=3)
    told = Complaint(
        title="拖欠运费",
        description="说好到货三天付。",
        category=Category.objects.get(code="freight_arrears"),
        name="测试甲",
        phone=PHONE,
        amount_involved=100,
    )
    lodged = workflow.lodge(told, at=at, actor=desk.secretary, unit=desk.tree.branch)
    other = desk.lodged()
    files = {}
    for name, is_public in (("open_file", True), ("open_inner_file", False)):
        (tmp_path / "evidence").mkdir(exist_ok=True)
        (tmp_path / "evidence" / f"{name}.jpg").write_bytes(ContentFile(b"picture").read())
        files[name] = Evidence.objects.create(
            grievance=lodged.grievance, stored_file=f"{name}.jpg", name="运单.jpg", kind="jpg", size=7,
            is_public=is_public, at=at,
        )  # fmt: skip
    return Stage(desk, people, lodged.grievance, lodged.passphrase, other, files)


def bring_to(stage: Stage, state: str) -> None:
    """Bring the case to a state by verbs; the secret note is there once somebody works on it."""
    case, desk, at = stage.case, stage.desk, timezone.now() - timedelta(hours=2)
    if state == "lodged":
        return
    if state == "taken_up":
        workflow.take_up(case, actor=desk.city_clerk, reason="涉及两个县。", at=at)
        return
    if state == "confiding":
        Grievance.objects.filter(pk=case.pk).update(confidential_to=desk.office)
        case.refresh_from_db()
    workflow.accept(case, actor=desk.clerk, at=at)
    if state == "accepted":
        return
    workflow.assign(case, desk.office, actor=desk.clerk, at=at)
    helps = office_of(stage.people["helper"].appointments.get().organization, Duty.HANDLE)
    workflow.assist(case, helps, actor=desk.clerk, at=at)
    Clock.objects.filter(grievance=case, kind="answer").update(due_at=timezone.now() + timedelta(days=3))
    if state == "assigned":
        return
    workflow.report_progress(case, actor=desk.officer, text="约好对账。", at=at)
    workflow.note_internally(case, actor=desk.clerk, text="只给同事看的话", at=at)
    further = {
        "in_hand": lambda: None,
        "confiding": lambda: None,
        "waiting": lambda: workflow.ask_complainant(case, actor=desk.officer, text="请补运单。", at=at),
        "suspended": lambda: workflow.suspend(case, actor=desk.clerk, reason="已起诉。", at=at),
        "supervised": lambda: workflow.supervise(
            case, actor=desk.city_clerk, organization=desk.tree.city, demand="三天内办好。", at=at
        ),
        "asked_more": lambda: workflow.request_extension(case, actor=desk.officer, days=2, reason="等回函。", at=at),
        "escalated": lambda: workflow.escalate(case, actor=desk.clerk, reason="货主在外市。", at=at),
        "answered": lambda: _answer(case, desk.officer, at),
        "closed": lambda: (_answer(case, desk.officer, at), _call_back(case, desk.clerk, at)),
    }
    further[state]()
    case.refresh_from_db()


def _answer(case, actor, at):
    workflow.answer(case, actor=actor, result=Result.SOLVED, text="付清了。", amount_recovered=100, at=at)


def _call_back(case, actor, at):
    said = {"solved": Result.SOLVED, "satisfaction": Satisfaction.SATISFIED}
    workflow.follow_up(case, actor=actor, method="phone", was_reached=True, at=at, **said)


def by_verb(stage: Stage, act: str, actor) -> None:
    """Do it by its verb. Raises PermissionDenied."""
    case, desk, at = Grievance.objects.with_names().get(pk=stage.case.pk), stage.desk, timezone.now()
    units = stage.people["helper"].appointments.get().organization
    do = {
        "see": lambda: _require(Grievance.objects.visible_to(actor).filter(pk=case.pk).exists()),
        "read_internal": lambda: _require(_reads_internal(case, actor, at)),
        "open_file": lambda: workflow.open_evidence(stage.files["open_file"], actor=actor, at=at),
        "open_inner_file": lambda: workflow.open_evidence(stage.files["open_inner_file"], actor=actor, at=at),
        "reveal": lambda: workflow.reveal(case, "phone", actor=actor, reason="核实情况", at=at),
        "accept": lambda: workflow.accept(case, actor=actor, at=at),
        "refuse": lambda: workflow.refuse(case, actor=actor, reason="归法院管。", at=at),
        "assign": lambda: workflow.assign(case, office_of(units, Duty.HANDLE), actor=actor, at=at),
        "assist": lambda: workflow.assist(case, office_of(desk.tree.branch, Duty.HANDLE), actor=actor, at=at),
        "end_assist": lambda: workflow.end_assist(Assist.objects.get(grievance=case), actor=actor, at=at),
        "merge": lambda: workflow.merge(case, stage.other_case, actor=actor, at=at),
        "report": lambda: workflow.report_progress(case, actor=actor, text="在办。", at=at),
        "note": lambda: workflow.note_internally(case, actor=actor, text="同事看的。", at=at),
        "ask": lambda: workflow.ask_complainant(case, actor=actor, text="请补运单。", at=at),
        "resume": lambda: workflow.resume(case, actor=actor, at=at),
        "suspend": lambda: workflow.suspend(case, actor=actor, reason="已起诉。", at=at),
        "return": lambda: workflow.return_to_unit(case, actor=actor, reason="归人社管。", at=at),
        "extend": lambda: workflow.request_extension(case, actor=actor, days=2, reason="等回函。", at=at),
        "decide": lambda: workflow.decide_extension(
            Extension.objects.select_related("clock__grievance__organization").get(), actor=actor, approve=True, at=at
        ),
        "answer": lambda: _answer(case, actor, at),
        "keep_answer": lambda: workflow.keep_answer(case, actor=actor, text="写了一半", at=at),
        "follow_up": lambda: _call_back(case, actor, at),
        "escalate": lambda: workflow.escalate(case, actor=actor, reason="货主在外市。", at=at),
        "take_up": lambda: workflow.take_up(case, actor=actor, reason="涉及两个县。", at=at),
        "supervise": lambda: workflow.supervise(
            case, actor=actor, organization=desk.tree.city, demand="三天内办好。", at=at
        ),
        "report_back": lambda: workflow.report_on_supervision(
            case.supervisions.get(), actor=actor, report="已约对账。", at=at
        ),
        "withdraw": lambda: workflow.withdraw_for_driver(case, actor=actor, words="司机说已经付了。", at=at),
    }
    do[act]()


def _require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def _reads_internal(case, actor, at) -> bool:
    from grievances.rules import cases
    from grievances.workflow.handling import is_helped_by
    from grievances.workflow.steps import acting

    if not Grievance.objects.visible_to(actor).filter(pk=case.pk).exists():
        return False
    who = acting(actor, at)
    return cases.may_read_internal(who.reach, case, who.offices, is_helped_by(case, who.offices))


def posted(stage: Stage, act: str) -> dict:
    """Return what the form of an act posts."""
    unit = str(stage.people["helper"].appointments.get().organization_id)
    return {
        "reveal": {"field": "phone", "reason": "核实情况"},
        "refuse": {"reason": "归法院管。"},
        "assign": {"unit": unit},
        "assist": {"unit": str(stage.desk.tree.branch.pk)},
        "merge": {"number": stage.other_case.number},
        "report": {"text": "在办。"},
        "note": {"text": "同事看的。"},
        "ask": {"text": "请补运单。"},
        "suspend": {"reason": "已起诉。"},
        "return": {"reason": "归人社管。"},
        "extend": {"days": "2", "reason": "等回函。"},
        "decide": {"approve": "1"},
        "answer": {"result": "solved", "text": "付清了。", "amount_recovered": "100", "person_times": "1"},
        "follow_up": {"was_reached": "1", "method": "phone", "solved": "solved", "satisfaction": "satisfied"},
        "escalate": {"reason": "货主在外市。"},
        "take_up": {"reason": "涉及两个县。"},
        "supervise": {"demand": "三天内办好。"},
        "report_back": {"report": "已约对账。"},
        "withdraw": {"words": "司机说已经付了。"},
    }.get(act, {})


def knock(stage: Stage, client: Client, act: str, pk: int):
    """Ask at the address of an act, as its page does."""
    if act in ("see", "read_internal"):
        return client.get(reverse("grievances:detail", args=[pk]))
    if act in ("open_file", "open_inner_file"):
        return client.get(reverse("grievances:evidence", args=[pk, stage.files[act].pk]))
    if act == "end_assist":
        helper = Assist.objects.filter(grievance=stage.case).values_list("pk", flat=True).first() or NOWHERE
        return client.post(reverse("grievances:end_assist", args=[pk, helper]))
    if act == "keep_answer":
        return client.post(reverse("grievances:answer", args=[pk]), {"text": "写了一半", "keep": "1"})
    if act == "decide":
        extension = Extension.objects.get().pk if pk == stage.case.pk else NOWHERE
        return client.post(reverse("grievances:extension_decide", args=[extension]), posted(stage, act))
    return client.post(reverse(f"grievances:{act}", args=[pk]), posted(stage, act))


def entries(case) -> int:
    return Entry.objects.for_object(case).count()


def by_address(stage: Stage, act: str, person) -> str:
    """Do it at its address and return the cell: yes, no, "." or code (sent to the sign-in page, nothing done)."""
    client = Client()
    if person is not None:
        client.force_login(person)
    before = entries(stage.case)
    answer = knock(stage, client, act, stage.case.pk)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    done = entries(stage.case) > before
    if person is None:
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")
        assert not done
        return "code"
    if answer.status_code in (200, 302):
        if act == "read_internal":
            return "yes" if "只给同事看的话" in body.decode() else "no"
        assert done or act == "see", (act, answer.status_code, body.decode()[:3000])
        return "yes"
    assert answer.status_code in (403, 404), (answer.status_code, body.decode()[-3000:])
    assert not done
    there_is_none = knock(stage, client, act, NOWHERE)
    if there_is_none.status_code == answer.status_code:
        return "."
    assert answer.status_code == 403
    return "no"


def test_the_table_has_a_cell_for_everybody():
    assert all(len(row) == len(PEOPLE) + 2 for row in ROWS)
    assert {cell for row in ROWS for cell in row[2:]} == {"yes", "no", ".", "code"}
    from grievances.rules.acts import ACTS

    assert set(ACTS) <= {row[0] for row in ROWS}, "an act without a row"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_every_cell_by_its_verb(stage, row):
    act, state, *cells = row
    bring_to(stage, state)
    for name, cell in zip(PEOPLE, cells, strict=True):
        actor = stage.people[name] or workflow.COMPLAINANT
        with transaction.atomic():
            try:
                by_verb(stage, act, actor)
                found = "yes"
            except PermissionDenied:
                seen = Grievance.objects.visible_to(actor).filter(pk=stage.case.pk).exists()
                found = "no" if seen else "."
            transaction.set_rollback(True)
        assert found == ("." if cell == "code" else cell), name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_every_cell_by_its_address(stage, row):
    act, state, *cells = row
    bring_to(stage, state)
    for name, cell in zip(PEOPLE, cells, strict=True):
        with transaction.atomic():
            found = by_address(stage, act, stage.people[name])
            transaction.set_rollback(True)
        assert found == ("code" if name == "other" else cell), name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_page_offers_exactly_what_its_reader_may_do(stage, row, sign_in):
    from grievances.rules.acts import ACTS

    act, state, *cells = row
    bring_to(stage, state)
    if act not in ACTS:
        return
    for name, cell in zip(PEOPLE, cells, strict=True):
        if cell not in ("yes", "no"):
            continue
        page = sign_in(stage.people[name]).get(reverse("grievances:detail", args=[stage.case.pk]))
        step = page.context["step"]
        offered = {one.code for one in page.context["others"]} | ({step.code} if step else set())
        assert (act in offered) == (cell == "yes"), name


def test_code_and_passphrase_open_ones_own_case_and_no_other(stage):
    case, other = stage.case, stage.other_case
    assert workflow.found_by_code(case.track_code, stage.passphrase) == case
    assert workflow.found_by_code(other.track_code, stage.passphrase) is None
    assert workflow.found_by_code(case.track_code, "WRONG2") is None


def test_a_list_holds_exactly_the_cases_its_reader_sees(stage, sign_in):
    bring_to(stage, "in_hand")
    for name, cell in zip(PEOPLE, next(row for row in ROWS if row[:2] == ["see", "in_hand"])[2:], strict=True):
        person = stage.people[name]
        if person is None or not reach_of(person).has("grievance.view"):
            continue
        found = set()
        for tab in ("mine", "unit", "below", "moved", "supervised", "to-confirm", "ended"):
            page = sign_in(person).get(reverse("grievances:list"), {"tab": tab})
            if page.status_code == 200:
                found |= {line["row"].pk for group in page.context["sections"] for line in group["lines"]}
        assert (stage.case.pk in found) == (cell == "yes"), name


def test_a_confidential_author_stands_on_no_page_but_the_named_offices(stage, sign_in):
    bring_to(stage, "confiding")
    for name in ("clerk", "lodger", "superior", "leader", "helper"):
        page = sign_in(stage.people[name]).get(reverse("grievances:detail", args=[stage.case.pk])).content.decode()
        assert "只告诉了东区交通执法大队" in page
        assert "190****7720" not in page
    page = sign_in(stage.people["handler"]).get(reverse("grievances:detail", args=[stage.case.pk])).content.decode()
    assert "190****7720" in page
    assert PHONE not in page


def test_a_form_that_was_made_before_somebody_else_acted_is_refused(stage, sign_in):
    bring_to(stage, "in_hand")
    url = reverse("grievances:assign", args=[stage.case.pk])
    unit = str(stage.people["helper"].appointments.get().organization_id)
    answer = sign_in(stage.people["clerk"]).post(url, {"unit": unit, "seen": f"{Status.ASSIGNED}.0.0"})
    assert answer.status_code == 409
    assert "刚刚被别人办过一步" in answer.content.decode()
