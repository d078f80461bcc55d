"""The verbs of the way to membership: refused, conflicting, twice; what ends with what; reminders once; integrity."""

import threading
from contextlib import nullcontext
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from branches.models import Organization
from branches.workflow import dissolve_organization
from dashboard.integrity import CHECKS
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from members.choices import STEPS, DevelopmentStage, StepNumber, StepStatus
from members.models import (
    Development,
    DevelopmentReview,
    DevelopmentSponsor,
    DevelopmentStep,
    GateOverride,
    PartyMember,
    Person,
)
from members.statistics import pipeline
from members.workflow import development as verbs
from members.workflow import transfers
from members.workflow.development import steps
from members.workflow.membership import end_membership
from members.workflow.people import merge_people
from tests.factories import AppointmentFactory, UserFactory
from tests.factories.members import DriverFactory, PartyMemberFactory, PersonFactory, id_number

pytestmark = pytest.mark.django_db
N = StepNumber
NUMBER = id_number(7, birth="19900228")


def noon(*day):
    return datetime(*day, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def branch(tree):
    """Return the branch of the secretary, with leave to admit members."""
    Organization.objects.filter(pk=tree.branch.pk).update(may_develop_members=True)
    tree.branch.refresh_from_db()
    return tree.branch


@pytest.fixture
def friends(branch):
    """Return three full members of the branch."""
    return [PartyMemberFactory(formal_organization=branch) for _ in range(3)]


def opened(branch, secretary, **more):
    values = {"name": "测试新人", "id_number": NUMBER, "applied_date": date(2024, 1, 8)} | more
    return verbs.open_file(branch, actor=secretary, at=noon(2024, 1, 9), **values)


VOTES = {"entitled": 10, "present": 8, "votes_for": 7, "votes_against": 1, "votes_abstained": 0}


def values_of(number, friends):
    """Return what a step wants written down."""
    wanted = {
        "document": {"document": f"测〔{number}〕号"},
        "opinion": {"opinion": "讨论过，同意"},
        "votes": dict(VOTES),
        "notice": {"notice_from_date": date(2025, 2, 10), "notice_until_date": date(2025, 2, 19)},
        "training": {"training_hours": 24},
        "qualified": {"result": "qualified"},
        "outcome": {"result": "confirm"},
        "cultivators": {"members": friends[:1]},
        "introducers": {"members": friends[:2]},
    }
    found = {}
    for name in STEPS[number].fields:
        found |= wanted.get(name, {})
    return found


DATES = {
    2: (2024, 1, 20), 3: (2024, 2, 29), 4: (2024, 3, 5), 5: (2024, 3, 6), 6: (2025, 2, 27), 7: (2025, 2, 28),
    8: (2025, 3, 3), 9: (2025, 3, 4), 10: (2025, 3, 5), 11: (2025, 3, 6), 12: (2025, 3, 10), 13: (2025, 3, 12),
    14: (2025, 3, 13), 15: (2025, 3, 20), 16: (2025, 3, 25), 17: (2025, 4, 1), 18: (2025, 4, 8), 19: (2025, 4, 2),
    20: (2025, 4, 3), 21: (2026, 3, 1), 22: (2026, 3, 10), 23: (2026, 3, 20), 24: (2026, 4, 1), 25: (2026, 4, 10),
}  # fmt: skip


@pytest.fixture
def walk(secretary, county_clerk, friends):
    """Return a function: file, last step → records the steps up to it by those who have to."""

    def go(file, last, first=2):
        for number in range(first, last + 1):
            if number == N.TARGET:
                for day in ((2024, 8, 29), (2025, 2, 20)):
                    verbs.record_review(
                        file, on_date=date(*day), opinion="表现不错", version=file.version, actor=secretary
                    )
            actor = secretary if STEPS[number].by == "branch" else county_clerk
            verbs.record_step(
                file,
                number,
                done_date=date(*DATES[number]),
                version=file.version,
                actor=actor,
                values=values_of(number, friends),
                at=noon(*DATES[number]),
            )
        return file

    return go


def check(name="development"):
    return list(CHECKS[name][1](timezone.now()))


# --- opening ----------------------------------------------------------------------------------------------------------
def test_an_application_opens_a_file_and_adds_the_person(branch, secretary):
    file = opened(branch, secretary)
    assert (file.stage, file.next_step, file.person.name) == ("applicant", 2, "测试新人")
    assert file.steps.get().number == N.APPLICATION
    assert file.person.birth_date == date(1990, 2, 28)
    entry = Entry.objects.get(action="development.open")
    assert "测试新人" not in entry.object_label
    assert check() == []


def test_who_is_known_by_number_and_name_is_taken_as_he_is(branch, secretary):
    person = PersonFactory(name="测试新人", id_number=NUMBER, phone="19000007720")
    file = opened(branch, secretary, phone="19000009999")
    assert file.person_id == person.pk
    assert Person.objects.get(pk=person.pk).phone == "19000007720"


def test_a_wrong_name_a_member_and_a_second_file_are_refused_in_the_same_words(tree, branch, secretary):
    said = []
    person = PersonFactory(name="测试老人", id_number=NUMBER)
    with pytest.raises(ValidationError) as caught:
        opened(branch, secretary)
    said.append(caught.value.message_dict)
    member = PartyMemberFactory(person=person, formal_organization=tree.neighbour_branch)
    with pytest.raises(ValidationError) as caught:
        opened(branch, secretary, name="测试老人")
    said.append(caught.value.message_dict)
    member.delete()
    other = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    opened(tree.second_branch, other, name="测试老人")
    with pytest.raises(ValidationError) as caught:
        opened(branch, secretary, name="测试老人")
    said.append(caught.value.message_dict)
    assert said[0] == said[1] == said[2]
    assert Development.objects.count() == 1


def test_nobody_applies_before_eighteen_and_the_refusal_says_when(branch, secretary):
    young = id_number(3, birth="20080229")
    with pytest.raises(ValidationError, match=r"第五条.*2026-02-28"):
        verbs.open_file(
            branch, name="测试少年", id_number=young, applied_date=date(2026, 2, 27), actor=secretary,
            at=noon(2026, 3, 1),
        )  # fmt: skip
    assert not Person.objects.filter(name="测试少年").exists(), "nothing half-saved"
    assert verbs.open_file(
        branch, name="测试少年", id_number=young, applied_date=date(2026, 2, 28), actor=secretary, at=noon(2026, 3, 1)
    )


def test_only_the_secretary_of_the_branch_opens(tree, branch, secretary, county_clerk, neighbour_clerk):
    for actor in (county_clerk, neighbour_clerk, UserFactory()):
        with pytest.raises(PermissionDenied):
            opened(branch, actor)
    with pytest.raises(PermissionDenied):
        opened(tree.second_branch, secretary)
    assert not Development.objects.exists()


# --- steps ------------------------------------------------------------------------------------------------------------
def test_the_whole_way_makes_a_probationary_and_then_a_full_member(branch, secretary, walk):
    file = walk(opened(branch, secretary), 17)
    member = PartyMember.objects.get(pk=file.person_id)
    assert (member.status, member.joined_date, member.formal_organization) == (
        "probationary",
        date(2025, 3, 20),
        branch,
    )
    assert (member.basis, member.basis_reference) == ("development", f"development:{file.pk}")
    assert file.probation_until_date == date(2026, 3, 20)
    assert check() == []
    walk(file, 25, first=18)
    member.refresh_from_db()
    file.refresh_from_db()
    assert (member.status, member.full_date) == ("full", date(2026, 3, 20))
    assert (file.stage, file.full_date, file.next_step) == ("full", date(2026, 3, 20), None)
    assert check() == check("membership") == []
    # A full member may not apply, a file that is done hinders nobody.
    with pytest.raises(ValidationError):
        opened(branch, secretary)


def test_a_step_is_recorded_once_in_turn_and_by_its_own_side(branch, secretary, county_clerk, neighbour_clerk, walk):
    file = walk(opened(branch, secretary), 2)
    common = {"version": file.version, "at": noon(2024, 2, 29)}
    with pytest.raises(NotAllowed, match=r"第 2 步.*已经记过了（2024-01-20）"):
        verbs.record_step(file, 2, done_date=date(2024, 1, 21), actor=secretary, values={"opinion": "再谈"}, **common)
    with pytest.raises(ValidationError, match="第 3 步"):
        verbs.record_step(
            file, 4, done_date=date(2024, 2, 1), actor=county_clerk, values={"document": "1 号"}, **common
        )
    for actor in (county_clerk, neighbour_clerk, UserFactory()):
        with pytest.raises(PermissionDenied):
            verbs.record_step(file, 3, done_date=date(2024, 2, 29), actor=actor, values={"opinion": "同意"}, **common)
    with pytest.raises(ValidationError, match="2024-01-20"):
        verbs.record_step(file, 3, done_date=date(2024, 1, 19), actor=secretary, values={"opinion": "同意"}, **common)
    with pytest.raises(ValidationError, match="还没有到"):
        verbs.record_step(file, 3, done_date=date(2024, 3, 1), actor=secretary, values={"opinion": "同意"}, **common)
    with pytest.raises(ValidationError):
        verbs.record_step(file, 3, done_date=date(2024, 2, 29), actor=secretary, values={}, **common)
    assert file.steps.count() == 2


def test_who_comes_second_is_told_and_nothing_is_half_saved(branch, secretary, walk):
    file = walk(opened(branch, secretary), 2)
    stale = Development.objects.select_related("person", "organization").get(pk=file.pk)
    Development.objects.filter(pk=file.pk).update(version=file.version + 1)
    entries = Entry.objects.count()
    with pytest.raises(Conflict):
        verbs.record_step(
            stale, 3, done_date=date(2024, 2, 29), version=stale.version, actor=secretary, values={"opinion": "同意"}
        )
    stale.refresh_from_db()
    assert (stale.stage, stale.steps.count(), Entry.objects.count()) == ("applicant", 2, entries)


@pytest.mark.parametrize("sabotaged", [False, True])
def test_nothing_is_recorded_on_a_step_that_was_taken_back_meanwhile(branch, secretary, walk, monkeypatch, sabotaged):
    file = walk(opened(branch, secretary), 5)
    really = steps.held

    def meanwhile(development, version, at):
        # The gates were asked already; now somebody else takes the step before it back.
        monkeypatch.setattr(steps, "held", really)
        other = Development.objects.get(pk=file.pk)
        verbs.take_back(other, 5, reason="选错人了", version=other.version, actor=secretary)
        return nullcontext() if sabotaged else really(development, version, at)

    monkeypatch.setattr(steps, "held", meanwhile)
    late = {"done_date": date(2025, 2, 27), "version": file.version, "values": {"opinion": "同意"}}
    if sabotaged:
        verbs.record_step(file, 6, actor=secretary, **late)
        assert any("第 6 步" in one for one in check())
    else:
        with pytest.raises(Conflict):
            verbs.record_step(file, 6, actor=secretary, **late)
        assert check() == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_the_same_moment_one_makes_the_member(tree, branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 16)
    second = AppointmentFactory(organization=tree.county, role="clerk").user
    ready, said = threading.Barrier(2), []

    def approve(actor):
        own = Development.objects.select_related("person", "organization").get(pk=file.pk)
        ready.wait(10)
        try:
            verbs.record_step(
                own, 17, done_date=date(2025, 4, 1), version=own.version, actor=actor, values={"document": "1 号"}
            )
        except (Conflict, NotAllowed) as error:
            said.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve, args=(actor,)) for actor in (county_clerk, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(said) == 1
    assert PartyMember.objects.filter(pk=file.person_id).count() == 1
    assert file.steps.filter(number=17).count() == 1
    assert check() == []


def test_a_failure_at_the_admission_leaves_no_trace_of_the_step(branch, secretary, county_clerk, walk, monkeypatch):
    file = walk(opened(branch, secretary), 16)

    def fail(*args, **kwargs):
        raise ValidationError("不行")

    monkeypatch.setattr("members.workflow.development.steps.admit", fail)
    with pytest.raises(ValidationError):
        verbs.record_step(
            file, 17, done_date=date(2025, 4, 1), version=file.version, actor=county_clerk, values={"document": "1 号"}
        )
    stored = Development.objects.get(pk=file.pk)
    assert (stored.stage, stored.steps.filter(number=17).exists()) == ("development_target", False)
    assert not PartyMember.objects.filter(pk=file.person_id).exists()


def test_votes_that_do_not_add_up_are_refused_by_the_verb_and_by_the_database(branch, secretary, walk):
    file = walk(opened(branch, secretary), 14)
    wrong = VOTES | {"votes_for": 8}
    with pytest.raises(ValidationError, match="票数对不上"):
        verbs.record_step(file, 15, done_date=date(2025, 3, 20), version=file.version, actor=secretary, values=wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        DevelopmentStep.objects.create(
            development=file, number=15, done_date=date(2025, 3, 20), recorded_at=noon(2025, 3, 20),
            written_opinions=0, **wrong,
        )  # fmt: skip


def test_exactly_half_is_no_majority_and_written_opinions_count_among_the_votes(branch, secretary, walk):
    file = walk(opened(branch, secretary), 14)
    half = {"entitled": 10, "present": 6, "votes_for": 5, "votes_against": 1, "votes_abstained": 0}
    with pytest.raises(ValidationError, match="第二十一条"):
        verbs.record_step(file, 15, done_date=date(2025, 3, 20), version=file.version, actor=secretary, values=half)
    written = half | {"votes_for": 6, "written_opinions": 1}
    row = verbs.record_step(
        file, 15, done_date=date(2025, 3, 20), version=file.version, actor=secretary, values=written
    )
    assert (row.votes_for, row.written_opinions) == (6, 1)


# --- refused, done again ----------------------------------------------------------------------------------------------
def test_the_committee_refuses_and_the_branch_holds_its_meeting_again(branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 16)
    refusal = {"reason": "材料不全", "done_date": date(2025, 4, 1)}
    with pytest.raises(PermissionDenied):
        verbs.refuse_step(file, 17, version=file.version, actor=secretary, **refusal)
    with pytest.raises(NotAllowed):
        verbs.refuse_step(file, 16, version=file.version, actor=county_clerk, **refusal)
    verbs.refuse_step(file, 17, version=file.version, actor=county_clerk, **refusal)
    done = set(file.steps.filter(status=StepStatus.DONE).values_list("number", flat=True))
    assert done == set(range(1, 15))
    assert (file.stage, file.next_step) == ("development_target", 15)
    assert check() == []
    # The month after the pre-review is over: that has to be done again too, by the committee.
    late = {"done_date": date(2025, 4, 14), "actor": secretary, "values": VOTES}
    with pytest.raises(ValidationError, match="重新预审"):
        verbs.record_step(file, 15, version=file.version, **late)
    with pytest.raises(PermissionDenied):
        verbs.take_back(file, 13, reason="过期", version=file.version, actor=secretary)
    assert verbs.take_back(file, 13, reason="预审过期", version=file.version, actor=county_clerk) == 2
    assert file.next_step == 13


def test_a_step_that_was_wrong_is_done_again_but_not_what_has_taken_effect(branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 5)
    with pytest.raises(NotAllowed, match="第 3 步"):
        verbs.take_back(file, 3, reason="日期错了", version=file.version, actor=county_clerk)
    with pytest.raises(NotAllowed, match="没有什么可以作废"):
        verbs.take_back(file, 9, reason="日期错了", version=file.version, actor=county_clerk)
    assert verbs.take_back(file, 5, reason="选错人了", version=file.version, actor=secretary) == 1
    assert not file.sponsors.filter(until_date=None).exists()
    assert (file.next_step, file.steps.get(number=5).status) == (5, "void")
    walk(file, 5, first=5)
    assert file.sponsors.filter(until_date=None).count() == 1
    assert check() == []


# --- exceptions -------------------------------------------------------------------------------------------------------
def test_a_gate_is_let_pass_by_the_committee_with_a_reason_that_stays(branch, secretary, county_clerk, walk, friends):
    file = walk(opened(branch, secretary), 6)
    early = {"done_date": date(2025, 2, 27), "values": values_of(7, friends), "actor": secretary}
    with pytest.raises(ValidationError) as caught:
        verbs.record_step(file, 7, version=file.version, at=noon(2025, 2, 27), **early)
    said = "".join(caught.value.messages)
    assert "第十三条" in said
    assert "2025-02-28" in said
    assert "第十一条" in said
    with pytest.raises(PermissionDenied):
        verbs.override_gate(file, 7, "year", reason="随行远航在外多年", version=file.version, actor=secretary)
    for gate, reason in (("year", "太短"), ("age", "这一步没有这样的条件，试一试")):
        with pytest.raises(ValidationError):
            verbs.override_gate(file, 7, gate, reason=reason, version=file.version, actor=county_clerk)
    reason = "援藏车队年底离开，党委会研究同意提前一天"
    for gate in ("year", "reviews"):
        verbs.override_gate(
            file, 7, gate, reason=reason, version=file.version, actor=county_clerk, at=noon(2025, 2, 27)
        )
    with pytest.raises(ValidationError, match="已经放行过了"):
        verbs.override_gate(file, 7, "year", reason=reason, version=file.version, actor=county_clerk)
    verbs.record_step(file, 7, version=file.version, at=noon(2025, 2, 27), **early)
    assert "2025-02-28" in GateOverride.objects.get(gate="year").sentence
    assert Entry.objects.filter(action="development.override", reason=reason).count() == 2
    with pytest.raises(NotAllowed):
        verbs.override_gate(file, 7, "notice", reason=reason, version=file.version, actor=county_clerk)


def test_no_exception_makes_a_full_member_before_the_probation_is_over(branch, secretary, county_clerk, walk, friends):
    file = walk(opened(branch, secretary), 22)
    reason = "预备期没有满，党委会研究同意提前讨论"
    verbs.override_gate(file, 23, "probation", reason=reason, version=file.version, actor=county_clerk)
    at = noon(2026, 3, 12)
    values = values_of(23, friends)
    verbs.record_step(
        file, 23, done_date=date(2026, 3, 11), version=file.version, actor=secretary, values=values, at=at
    )
    with pytest.raises(ValidationError, match="2026-03-20"):
        verbs.record_step(
            file, 24, done_date=date(2026, 3, 12), version=file.version, actor=county_clerk,
            values={"document": "1 号"}, at=at,
        )  # fmt: skip
    assert PartyMember.objects.get(pk=file.person_id).status == "probationary"


# --- probation --------------------------------------------------------------------------------------------------------
def test_probation_is_prolonged_once_and_standing_counts_from_its_end(branch, secretary, county_clerk, walk, friends):
    file = walk(opened(branch, secretary), 22)

    def meet(day, **values):
        verbs.record_step(
            file, 23, done_date=date(*day), version=file.version, actor=secretary, values=VOTES | values, at=noon(*day)
        )

    def approve(day):
        verbs.record_step(
            file, 24, done_date=date(*day), version=file.version, actor=county_clerk, values={"document": "2 号"},
            at=noon(*day),
        )  # fmt: skip

    with pytest.raises(ValidationError, match="6 到 12 个月"):
        meet((2026, 3, 20), result="extend", months=5)
    meet((2026, 3, 20), result="extend", months=6)
    approve((2026, 4, 1))
    assert (file.stage, file.probation_until_date) == ("probationary", date(2026, 9, 20))
    assert file.next_step == 21
    assert check() == []
    for number, day in ((21, (2026, 9, 1)), (22, (2026, 9, 2))):
        verbs.record_step(
            file, number, done_date=date(*day), version=file.version, actor=secretary,
            values=values_of(number, friends), at=noon(*day),
        )  # fmt: skip
    with pytest.raises(ValidationError, match="2026-09-20"):
        meet((2026, 9, 19), result="confirm")
    with pytest.raises(ValidationError, match="只能延长一次"):
        meet((2026, 9, 20), result="extend", months=6)
    meet((2026, 9, 20), result="confirm")
    approve((2026, 10, 1))
    member = PartyMember.objects.get(pk=file.person_id)
    assert (member.status, member.full_date, file.stage) == ("full", date(2026, 9, 20), "full")
    assert file.steps.filter(number=23, status=StepStatus.EARLIER).get().months == 6
    assert check() == []


def test_a_cancelled_probation_ends_the_membership_and_the_file(branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 22)
    values = VOTES | {"result": "cancel"}
    verbs.record_step(
        file, 23, done_date=date(2026, 3, 12), version=file.version, actor=secretary, values=values,
        at=noon(2026, 3, 12),
    )  # fmt: skip
    verbs.record_step(
        file, 24, done_date=date(2026, 4, 1), version=file.version, actor=county_clerk, values={"document": "3 号"}
    )
    member = PartyMember.objects.get(pk=file.person_id)
    assert (member.status, member.last_organization, file.stage) == ("removed", branch, "ended")
    assert (file.end_kind, file.next_step, file.due_kind) == ("disqualified", None, "")
    assert not DevelopmentSponsor.objects.filter(until_date=None).exists()
    assert check() == []


def test_who_is_probationary_is_not_just_ended(branch, secretary, walk):
    file = walk(opened(branch, secretary), 17)
    with pytest.raises(NotAllowed, match="第 23 步"):
        verbs.end(file, kind="dropped", reason="不行", on_date=date(2025, 5, 1), version=file.version, actor=secretary)


@pytest.mark.parametrize("who", ["secretary", "county_clerk", "organisation_reader"])
def test_an_application_is_withdrawn_and_may_come_again(who, branch, secretary, request):
    file, actor = opened(branch, secretary), request.getfixturevalue(who)
    common = {"reason": "本人不申请了", "version": file.version, "actor": actor}
    with pytest.raises(ValidationError):
        verbs.end(file, kind="disqualified", on_date=date(2024, 2, 1), **common)
    with pytest.raises(ValidationError):
        verbs.end(file, kind="withdrawn", on_date=date(2024, 1, 1), **common)
    verbs.end(file, kind="withdrawn", on_date=date(2024, 2, 1), **common)
    with pytest.raises(NotAllowed):
        verbs.record_step(
            file, 2, done_date=date(2024, 2, 2), version=file.version, actor=secretary, values={"opinion": "谈谈"}
        )
    assert opened(branch, secretary, applied_date=date(2024, 1, 9)).pk != file.pk
    assert check() == []


# --- reviews and sponsors ---------------------------------------------------------------------------------------------
def test_reviews_fill_half_years_in_turn_and_say_when_the_next_one_may_be(branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 5)

    def review(day, actor=secretary):
        return verbs.record_review(
            file, on_date=date(*day), opinion="表现不错", version=file.version, actor=actor, at=noon(2026, 1, 1)
        )

    with pytest.raises(PermissionDenied):
        review((2024, 8, 1), county_clerk)
    assert review((2024, 8, 1)).half_year == 1
    with pytest.raises(ValidationError, match="2024-08-29"):
        review((2024, 8, 28))
    assert review((2024, 8, 29)).half_year == 2
    assert DevelopmentReview.objects.count() == 2
    assert file.due_date == date(2025, 8, 29)
    assert check() == []


def test_sponsors_are_full_members_of_the_branch_and_are_replaced_with_a_reason(tree, branch, secretary, walk, friends):
    file = walk(opened(branch, secretary), 4)
    far = PartyMemberFactory(formal_organization=tree.neighbour_branch)
    young = PartyMemberFactory(
        formal_organization=branch, status="probationary", joined_date=date(2024, 1, 1), full_date=None
    )
    for members in ([far], [young], friends[:3], []):
        with pytest.raises(ValidationError):
            verbs.record_step(
                file, 5, done_date=date(2024, 3, 6), version=file.version, actor=secretary, values={"members": members}
            )
    walk(file, 5, first=5)
    change = {"on_date": date(2024, 6, 1), "actor": secretary}
    with pytest.raises(ValidationError):
        verbs.change_sponsors(file, "cultivator", friends, reason="轮换", version=file.version, **change)
    verbs.change_sponsors(file, "cultivator", friends[1:3], reason="轮换", version=file.version, **change)
    assert set(file.sponsors.filter(until_date=None).values_list("member", flat=True)) == {f.pk for f in friends[1:3]}
    with pytest.raises(NotAllowed):
        verbs.change_sponsors(file, "introducer", friends[:2], reason="轮换", version=file.version, **change)


def test_an_introducer_who_left_closes_the_gate_of_the_meeting(branch, secretary, county_clerk, walk, friends):
    file = walk(opened(branch, secretary), 14)
    end_membership(
        friends[0], "deceased", on_date=date(2025, 3, 15), document="证明", reason="病故", version=friends[0].version,
        actor=county_clerk,
    )  # fmt: skip
    file.refresh_from_db()
    with pytest.raises(ValidationError, match=r"第十四条"):
        verbs.record_step(file, 15, done_date=date(2025, 3, 20), version=file.version, actor=secretary, values=VOTES)
    verbs.change_sponsors(
        file, "introducer", friends[1:3], on_date=date(2025, 3, 18), reason="原介绍人去世", version=file.version,
        actor=secretary,
    )  # fmt: skip
    verbs.record_step(file, 15, done_date=date(2025, 3, 20), version=file.version, actor=secretary, values=VOTES)
    assert check() == []


# --- what ends with what ----------------------------------------------------------------------------------------------
def test_a_transfer_takes_the_file_along_and_a_membership_that_ends_ends_it(
    tree, branch, secretary, county_clerk, walk
):
    file = walk(opened(branch, secretary), 19)
    member = PartyMember.objects.select_related("person", "formal_organization").get(pk=file.person_id)
    letter = transfers.draft(member, tree.second_branch, reason="迁居", actor=secretary)
    transfers.submit(letter, actor=secretary)
    transfers.approve(letter, actor=county_clerk)
    there = AppointmentFactory(organization=tree.second_branch, role="secretary").user
    transfers.receive(letter, actor=there)
    file.refresh_from_db()
    assert (file.organization, file.stage) == (tree.second_branch, "probationary")
    assert Development.objects.visible_to(there).count() == 1
    assert not Development.objects.visible_to(secretary).exists()
    member.refresh_from_db()
    end_membership(
        member, "deceased", on_date=timezone.localdate(), document="证明", reason="病故", version=member.version,
        actor=county_clerk,
    )  # fmt: skip
    file.refresh_from_db()
    assert (file.stage, file.end_kind) == ("ended", "membership_ended")
    assert check() == []


def test_a_dissolved_branch_hands_its_files_over(tree, branch, secretary, province_clerk):
    file = opened(branch, secretary)
    dissolve_organization(
        branch, actor=province_clerk, document="撤 1 号", dissolved_date=timezone.localdate(),
        successor=tree.second_branch, reason="合并",
    )  # fmt: skip
    file.refresh_from_db()
    assert file.organization == tree.second_branch


def test_merging_two_people_moves_the_file_and_refuses_two_files(tree, branch, secretary, county_clerk):
    winner = DriverFactory(committee=tree.county, person__name="测试新人")
    loser = DriverFactory(committee=tree.county, person__name="测试新人", person__id_number=NUMBER)
    file = opened(branch, secretary)
    assert file.person_id == loser.pk

    def merge():
        return merge_people(
            winner, loser, from_loser=frozenset(), versions=(winner.version, loser.version), actor=county_clerk,
            reason="同一个人",
        )  # fmt: skip

    other = Development.objects.create(
        person=winner.person, organization=branch, applied_date=date(2024, 1, 1), opened_at=noon(2024, 1, 1)
    )
    with pytest.raises(ValidationError, match="各有一份"):
        merge()
    other.delete()
    winner.refresh_from_db()
    loser.refresh_from_db()
    merge()
    file.refresh_from_db()
    assert file.person_id == winner.pk


# --- figures and reminders --------------------------------------------------------------------------------------------
def test_every_figure_of_the_pipeline_is_the_length_of_its_list(branch, secretary, county_clerk, walk):
    walk(opened(branch, secretary), 4)
    opened(branch, secretary, name="测试又一", id_number=id_number(8))
    at = date(2024, 8, 20)
    files = Development.objects.visible_to(county_clerk)
    found = pipeline(files, at)
    assert (found.open, found.by_stage["applicant"], found.by_stage["activist"]) == (2, 1, 1)
    assert {what: files.when(what, at).count() for what in found.by_time} == dict(found.by_time)
    assert found.by_time == {"opening": 0, "due": 1, "late": 0}
    assert pipeline(files, date(2024, 9, 1)).by_time["late"] == 1
    assert pipeline(Development.objects.none(), at).open == 0


def test_the_month_in_which_the_year_is_over_is_the_month_it_opens(branch, secretary, county_clerk, walk):
    walk(opened(branch, secretary), 5)
    files = Development.objects.visible_to(county_clerk)
    assert [pipeline(files, date(2025, month, 1)).by_time["opening"] for month in (1, 2, 3)] == [0, 1, 0]


def test_each_limit_is_reminded_of_once_by_whom_it_concerns_and_without_names(branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 5)
    Notification.objects.all().delete()
    assert verbs.remind(noon(2024, 8, 1)) == 0
    assert verbs.remind(noon(2024, 8, 20)) == 1
    assert verbs.remind(noon(2024, 8, 21)) == 0
    told = Notification.objects.get()
    assert (told.user, told.event) == (secretary, "development.review_due")
    assert "测试新人" not in told.title + told.body
    assert told.url == f"/members/development/{file.pk}/"
    walk(file, 15, first=6)
    Notification.objects.all().delete()
    assert verbs.remind(noon(2025, 6, 10)) == 1
    assert Notification.objects.get().user == county_clerk
    walk(file, 20, first=16)
    Notification.objects.all().delete()
    assert verbs.remind(noon(2026, 2, 1)) == 0
    assert verbs.remind(noon(2026, 2, 20)) == 1
    assert "预备期满" in Notification.objects.get().title


def test_the_other_side_is_told_when_a_file_waits_for_it(branch, secretary, county_clerk, walk):
    file = walk(opened(branch, secretary), 2)
    assert not Notification.objects.exists()
    walk(file, 3, first=3)
    assert Notification.objects.get().user == county_clerk
    walk(file, 4, first=4)
    assert Notification.objects.filter(user=secretary).count() == 1


# --- the database -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "activist"},
        {"stage": "development_target", "activist_date": date(2024, 2, 1)},
        {"stage": "probationary", "activist_date": date(2024, 2, 1), "target_date": date(2025, 2, 1)},
        {"stage": "full"},
        {"stage": "ended", "ended_date": date(2024, 2, 1)},
        {"ended_date": date(2024, 2, 1)},
        {"extended_months": 5},
        {"activist_date": date(2023, 1, 1)},
        {"due_kind": "review"},
    ],
)
def test_the_database_wants_the_evidence_of_a_stage(changes, branch, secretary):
    file = opened(branch, secretary)
    with pytest.raises(IntegrityError), transaction.atomic():
        Development.objects.filter(pk=file.pk).update(**changes)


def test_the_check_of_integrity_finds_what_does_not_fit(branch, secretary, walk):
    file = walk(opened(branch, secretary), 5)
    assert check() == []
    Development.objects.update(next_step=9)
    assert "下一步" in check()[0]
    Development.objects.update(next_step=6)
    DevelopmentStep.objects.filter(number=4).update(status=StepStatus.VOID, refused_reason="测试")
    assert any("第 5 步" in one for one in check())
    PartyMemberFactory(person=file.person, formal_organization=branch)
    assert any("已经是党员" in one for one in check())
    assert file.stage == DevelopmentStage.ACTIVIST
