"""Show 6: the term ends, the successor holds the open work, the former secretary sees nothing from that instant on."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity
from branches import handover
from branches.choices import Duty, Role
from branches.models import Appointment
from branches.workflow import office_of
from grievances import workflow
from grievances.models import AnswerDraft, Category, Grievance
from grievances.workflow.lodging import Complaint
from members.models import Affiliation, LostContact, Transfer
from tests.factories import AppointmentFactory, UserFactory
from tests.factories.members import DriverFactory, PartyMemberFactory

pytestmark = pytest.mark.django_db
LODGE = "/grievances/lodge/"


@pytest.fixture
def work(tree, secretary, county_clerk):
    """Leave something open of every kind a secretary hands over."""
    at = timezone.now()
    member = PartyMemberFactory(formal_organization=tree.branch)
    guest = PartyMemberFactory(
        person=DriverFactory(committee=tree.county).person, formal_organization=None, external_organization="外省支部"
    )
    Affiliation.objects.create(
        member=guest, organization=tree.branch, kind="flowing", status="registered", from_date=timezone.localdate(at)
    )
    Transfer.objects.create(
        member=member, from_organization=tree.branch, to_external="外省支部", reason="迁居", drafted_by=secretary,
        drafted_at=at,
    )  # fmt: skip
    LostContact.objects.create(
        member=member, organization=tree.branch, since_date=timezone.localdate(at) - timedelta(days=300),
        opened_by=secretary, opened_at=at,
    )  # fmt: skip
    Activity.objects.create(
        organization=tree.branch,
        kind="theme_day",
        topic="测试活动",
        starts_at=at + timedelta(days=2),
        created_by=secretary,
    )
    told = Complaint(title="车位不够", description="晚上没处停。", category=Category.objects.get(code="parking_space"))
    draft = workflow.save_draft(told, at=at, actor=secretary, unit=tree.branch)
    case = workflow.lodge(told, at=at, actor=secretary, unit=tree.branch).grievance
    workflow.accept(case, actor=county_clerk, at=at)
    workflow.assign(case, office_of(tree.branch, Duty.HANDLE), actor=county_clerk, at=at)
    workflow.keep_answer(case, actor=secretary, at=at, text="正在问物流园")
    return {"draft": draft, "case": case, "member": member}


def pages(work) -> list[str]:
    return [
        reverse("members:member_list"),
        reverse("members:member_detail", args=[work["member"].pk]),
        reverse("members:transfer_list"),
        reverse("members:lost_list"),
        reverse("activities:list"),
        reverse("grievances:list"),
        reverse("grievances:detail", args=[work["case"].pk]),
        reverse("grievances:draft", args=[work["draft"].pk]),
        LODGE,
    ]


@pytest.fixture
def posts(tree, secretary):
    """Return a function that lets the term end so many minutes from now, for both who know it."""
    old = secretary.appointments.get()
    Appointment.objects.filter(pk=old.pk).update(until_at=timezone.now() + timedelta(days=1))
    heir = AppointmentFactory(
        user=UserFactory(username="heir", name="接任书记"),
        organization=tree.branch,
        role="secretary",
        from_at=timezone.now() + timedelta(days=1),
    )

    def ends(minutes: int):
        instant = timezone.now() + timedelta(minutes=minutes)
        Appointment.objects.filter(pk=old.pk).update(until_at=instant)
        Appointment.objects.filter(pk=heir.pk).update(from_at=instant)
        return old, heir

    return ends


def test_before_the_end_one_sees_it_and_after_it_the_other(work, posts, secretary, sign_in):
    _, heir = posts(60)
    former, successor = sign_in(secretary), sign_in(heir.user)
    assert [former.get(url).status_code for url in pages(work)] == [200] * len(pages(work))
    assert {successor.get(url).status_code for url in pages(work)} <= {403, 404}
    assert "车位不够" in former.get(LODGE).content.decode()
    posts(-1)
    assert {former.get(url).status_code for url in pages(work)} <= {403, 404}
    assert [successor.get(url).status_code for url in pages(work)] == [200] * len(pages(work))
    assert "正在问物流园" in successor.get(reverse("grievances:answer", args=[work["case"].pk])).content.decode()
    text = successor.get(LODGE).content.decode()
    assert "车位不够" in text
    assert "已离任" in text


def test_what_the_former_holder_posts_is_refused_and_the_successor_goes_on(work, posts, secretary, sign_in, tree):
    _, heir = posts(-1)
    draft, case = work["draft"], work["case"]
    told = Complaint(title="车位不够", description="改过", category=draft.category)
    for verb in (
        lambda who: workflow.drop_draft(draft, actor=who, at=timezone.now()),
        lambda who: workflow.change_draft(draft, told, actor=who, at=timezone.now()),
        lambda who: workflow.lodge_draft(draft, actor=who, at=timezone.now()),
        lambda who: workflow.keep_answer(case, actor=who, at=timezone.now(), text="还想写"),
    ):
        with pytest.raises(PermissionDenied):
            verb(secretary)
    assert AnswerDraft.objects.get().text == "正在问物流园"
    workflow.change_draft(draft, told, actor=heir.user, at=timezone.now())
    draft.refresh_from_db()
    assert (draft.lodged_by, draft.description) == (heir.user, "改过")
    lodged = workflow.lodge_draft(draft, actor=heir.user, at=timezone.now()).grievance
    assert (lodged.status, lodged.lodged_by) == ("lodged", heir.user)


def test_a_draft_waits_for_the_level_above_while_the_post_is_empty(work, tree, secretary, county_clerk, sign_in):
    Appointment.objects.filter(user=secretary).update(until_at=timezone.now())
    client, url = sign_in(county_clerk), reverse("grievances:draft", args=[work["draft"].pk])
    assert client.get(url).status_code == 200
    AppointmentFactory(organization=tree.branch, role="secretary", from_at=timezone.now())
    assert client.get(url).status_code == 404


def test_a_draft_stays_its_writers_while_he_has_another_post_in_the_unit(work, tree, secretary, sign_in):
    Appointment.objects.filter(user=secretary).update(until_at=timezone.now())
    AppointmentFactory(user=secretary, organization=tree.branch, role="station_manager", from_at=timezone.now())
    heir = AppointmentFactory(organization=tree.branch, role="secretary", from_at=timezone.now()).user
    url = reverse("grievances:draft", args=[work["draft"].pk])
    assert sign_in(secretary).get(url).status_code == 200
    assert sign_in(heir).get(url).status_code == 404


def test_the_list_counts_what_the_lists_behind_it_show(work, posts, secretary, sign_in):
    old, heir = posts(-1)
    client = sign_in(heir.user)
    lines = {
        line["work"].key: line for line in client.get(reverse("branches:hand_over", args=[old.pk])).context["lines"]
    }
    wanted = {
        "members.unplaced": 1,
        "members.letters": 1,
        "members.searches": 1,
        "activities.ahead": 1,
        "grievances.turn": 1,
        "grievances.unit": 1,
        "grievances.answers": 1,
        "grievances.drafts": 1,
    }
    assert {key: line["number"] for key, line in lines.items() if key in wanted} == wanted
    shown = {key: client.get(line["url"]) for key, line in lines.items()}
    assert {answer.status_code for answer in shown.values()} == {200}
    for key in ("members.unplaced", "members.letters", "members.searches", "activities.ahead"):
        assert shown[key].context["count"].number == lines[key]["number"], key
    for key in ("grievances.turn", "grievances.unit"):
        found = sum(len(section["lines"]) for section in shown[key].context["sections"])
        assert found == lines[key]["number"], key
    assert len(shown["grievances.drafts"].context["drafts"]) == lines["grievances.drafts"]["number"]


def test_every_kind_of_every_role_can_be_counted_and_leads_somewhere(tree, divisions):
    for role, place in ((Role.CLERK, tree.county), (Role.LEADER, tree.city), (Role.HANDLER, tree.county)):
        post = AppointmentFactory(organization=place, role=role)
        for one in handover.work_of(role):
            assert one.count(post, timezone.now()) >= 0
            assert one.address(post).startswith("/")


def test_a_case_at_the_branch_falls_to_whoever_handles_above_when_nobody_follows(work, secretary, handler, sign_in):
    url = reverse("grievances:detail", args=[work["case"].pk])
    assert sign_in(handler).get(url).status_code == 404
    Appointment.objects.filter(user=secretary).update(until_at=timezone.now())
    assert sign_in(handler).get(url).status_code == 200
    assert Grievance.objects.visible_to(secretary).count() == 0
