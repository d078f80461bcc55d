"""Admitting by evidence, placing, counting, ending: the verbs on memberships and the ties beside them."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from branches.choices import Kind
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.models import Notification
from members.choices import Absence, AdmissionBasis, AffiliationKind, AffiliationStatus, MemberStatus
from members.models import Affiliation, PartyMember
from members.rules.membership import has_vote_at
from members.rules.placement import Rung
from members.statistics import absences, member_coverage
from members.workflow import affiliations, membership
from members.workflow.membership import Evidence, Outside
from tests.factories import AppointmentFactory, OrganizationFactory, UserFactory
from tests.factories.members import DriverFactory, EnterpriseFactory, PartyMemberFactory, PersonFactory

pytestmark = pytest.mark.django_db

DATES = {"status": "full", "joined_date": date(2015, 7, 1), "full_date": date(2016, 7, 1)}


def confirmed(tree, number=1, basis=AdmissionBasis.VERIFICATION):
    return Evidence(basis, f"verification:{number}", tree.county)


@pytest.fixture
def firm_branch(tree):
    """Return the branch of a ride-hailing firm in the county."""
    return OrganizationFactory(
        parent=tree.county, kind=Kind.ENTERPRISE_BRANCH, short_name="示例叫车党支部", division_id="510402"
    )


# --- Panzhihua: 30 = 29 + 1 -------------------------------------------------------------------------------------------
@pytest.fixture
def panzhihua(tree, city_clerk, firm_branch):
    """Thirty confirmed members whose formal relation lies elsewhere: 29 drive for the firm, one for himself."""
    firm = EnterpriseFactory(committee=tree.county, organization=firm_branch)
    drivers = [DriverFactory(committee=tree.county, enterprise=firm) for _ in range(29)]
    drivers.append(DriverFactory(committee=tree.third_county))
    for number, driver in enumerate(drivers):
        evidence = Evidence(AdmissionBasis.VERIFICATION, f"verification:{number}", driver.registering_committee)
        membership.admit(driver.person, evidence, home=Outside("外省某支部"), actor=city_clerk, **DATES)
    return drivers


def figures(user):
    return member_coverage(PartyMember.objects.visible_to(user))


def test_thirty_confirmed_members_are_placed_by_the_rule_and_the_sums_are_equal(
    tree, panzhihua, city_clerk, firm_branch
):
    territorial = tree.branches[4]  # 仁和区货车司机流动党员党支部
    assert (territorial.division_id, territorial.kind) == ("510411", Kind.MOBILE_BRANCH)
    before = figures(city_clerk)
    assert (before.confirmed, before.placed, before.percent) == (30, 0, 0)
    today = timezone.localdate()
    rungs = Counter()
    for member in PartyMember.objects.with_person():
        found = affiliations.suggestion_for(member)
        rungs[found.rung] += 1
        tie = affiliations.register_tie(member, found.organization, found.kind, from_date=today, actor=city_clerk)
        affiliations.report_in(tie, on_date=today, actor=city_clerk)
    assert rungs == {Rung.ENTERPRISE: 29, Rung.TERRITORIAL: 1}
    after = figures(city_clerk)
    assert after.by_branch == {firm_branch.pk: 29, territorial.pk: 1}
    assert (after.confirmed, after.placed, after.unplaced, after.percent) == (30, 30, 0, 100)
    assert after.by_committee == {tree.county.pk: (29, 29), tree.third_county.pk: (1, 1)}

    # Moving one moves exactly one.
    tie = Affiliation.objects.filter(organization=firm_branch).first()
    moved = affiliations.move_placement(tie, territorial, on_date=today, reason="换了地方跑车", actor=city_clerk)
    waiting = figures(city_clerk)
    assert waiting.by_branch == {firm_branch.pk: 28, territorial.pk: 1}
    affiliations.report_in(moved, on_date=today, actor=city_clerk)
    last = figures(city_clerk)
    assert last.by_branch == {firm_branch.pk: 28, territorial.pk: 2}
    assert (last.placed, last.confirmed, sum(last.by_branch.values())) == (30, 30, 30)


def test_the_coverage_adds_up_whatever_is_done(tree, panzhihua, city_clerk, firm_branch):
    """Invariant d.11 1 and 2, after each of many random steps."""
    import random

    choose, today = random.Random(29), timezone.localdate()
    branches = [firm_branch, *tree.branches[:6]]
    for _ in range(60):
        member = PartyMember.objects.get(pk=choose.choice(panzhihua).pk)
        tie = member.affiliations.running().first()
        step = choose.choice(["place", "report", "end", "move"])
        if tie is None and step == "place":
            affiliations.register_tie(member, choose.choice(branches), "flowing", from_date=today, actor=city_clerk)
        elif tie is not None and step == "report" and tie.status != AffiliationStatus.REPORTED_IN:
            affiliations.report_in(tie, on_date=today, actor=city_clerk)
        elif tie is not None and step == "end":
            affiliations.end_tie(tie, on_date=today, reason="回老家了", actor=city_clerk)
        elif tie is not None and step == "move":
            others = [one for one in branches if one.pk != tie.organization_id]
            affiliations.move_placement(tie, choose.choice(others), on_date=today, reason="换了地方", actor=city_clerk)
        found = figures(city_clerk)
        assert sum(found.by_branch.values()) == found.placed
        assert found.placed + found.unplaced == found.confirmed == 30
        assert [sum(column) for column in zip(*found.by_committee.values(), strict=True)] == [found.placed, 30]
        assert PartyMember.objects.exclude(external_organization="").filter(formal_organization=None).count() == 30


# --- admitting --------------------------------------------------------------------------------------------------------
def test_only_evidence_makes_a_member_and_only_who_may_decide_on_it(tree, county_clerk, secretary, neighbour_clerk):
    person = PersonFactory()
    for actor in (secretary, neighbour_clerk, None):
        with pytest.raises(PermissionDenied):
            membership.admit(person, confirmed(tree), home=tree.branch, actor=actor, **DATES)
    with pytest.raises(ValidationError):
        membership.admit(
            person,
            Evidence(AdmissionBasis.VERIFICATION, " ", tree.county),
            home=tree.branch,
            actor=county_clerk,
            **DATES,
        )
    assert not PartyMember.objects.exists()
    member = membership.admit(person, confirmed(tree), home=tree.branch, actor=county_clerk, **DATES)
    assert (member.basis, member.basis_reference) == ("verification", "verification:1")
    assert Entry.objects.filter(action="member.admit", person_id=person.pk).count() == 1
    with pytest.raises(ValidationError, match="已经登记为党员"):
        membership.admit(person, confirmed(tree, 2), home=tree.branch, actor=county_clerk, **DATES)


def test_a_cloud_branch_a_committee_and_a_wrong_date_are_refused(tree, county_clerk):
    cloud = OrganizationFactory(parent=tree.city, kind=Kind.CLOUD_BRANCH, division_id=None)
    for home in (cloud, tree.county, Outside(" ")):
        with pytest.raises(ValidationError):
            membership.admit(PersonFactory(), confirmed(tree), home=home, actor=county_clerk, **DATES)
    early = DATES | {"full_date": date(2016, 6, 30)}
    with pytest.raises(ValidationError) as refused:
        membership.admit(PersonFactory(), confirmed(tree), home=tree.branch, actor=county_clerk, **early)
    assert "2016-07-01" in str(refused.value)


def test_who_left_by_a_letter_comes_back_on_the_same_row_and_who_was_removed_does_not(tree, county_clerk):
    for status, comes_back in ((MemberStatus.TRANSFERRED_OUT, True), (MemberStatus.REMOVED, False)):
        member = PartyMemberFactory(
            status=status, formal_organization=None, status_from_date=date(2025, 1, 1), status_document="1 号",
            last_organization=tree.branch,
        )  # fmt: skip
        again = {"home": tree.branch, "actor": county_clerk} | DATES
        if comes_back:
            membership.admit(member.person, confirmed(tree), **again)
            member.refresh_from_db()
            assert (member.status, member.formal_organization, member.status_document) == ("full", tree.branch, "")
        else:
            with pytest.raises(NotAllowed):
                membership.admit(member.person, confirmed(tree), **again)


def test_corrections_are_refused_to_others_and_when_somebody_was_first(tree, county_clerk, secretary, neighbour_clerk):
    member = PartyMemberFactory(formal_organization=tree.branch)
    for actor in (secretary, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            membership.change_member(member, {"joined_date": date(2009, 7, 1)}, version=1, actor=actor)
    membership.change_member(member, {"joined_date": date(2009, 7, 1)}, version=1, actor=county_clerk)
    with pytest.raises(Conflict):
        membership.change_member(member, {"joined_date": date(2008, 7, 1)}, version=1, actor=county_clerk)
    with pytest.raises(ValidationError):
        membership.change_member(member, {"full_date": date(2010, 6, 30)}, version=2, actor=county_clerk)


def test_absence_makes_a_flowing_member_after_six_months_only(tree, secretary):
    today = timezone.localdate()
    member = PartyMemberFactory(formal_organization=tree.branch)
    PartyMemberFactory(formal_organization=tree.branch)
    for days, expected in ((30, Absence.SHORT), (200, Absence.FLOWING)):
        since = today - timedelta(days=days)
        membership.note_absence(member, since=since, to="外省", version=member.version, actor=secretary)
        found = absences(PartyMember.objects.all(), today)
        assert found == {Absence.HOME: 1, Absence.SHORT: 0, Absence.FLOWING: 0} | {expected: 1}
    membership.note_absence(member, since=None, to="", version=member.version, actor=secretary)
    assert absences(PartyMember.objects.all(), today)[Absence.HOME] == 2


# --- ties -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def guest(tree):
    """Return a member from elsewhere who drives in the county."""
    driver = DriverFactory(committee=tree.county)
    return PartyMemberFactory(person=driver.person, formal_organization=None, external_organization="外省某支部")


def test_a_tie_goes_from_registered_over_notified_to_reported_in_and_ends(tree, guest, county_clerk, secretary):
    today = timezone.localdate()
    away = {"absent_since_date": today - timedelta(days=300), "absent_to": "东区"}
    tie = affiliations.register_tie(guest, tree.branch, "flowing", from_date=today, actor=county_clerk, **away)
    assert Notification.objects.filter(user=secretary, event="membership.tie_registered").count() == 1
    assert not PartyMember.objects.with_placement().get().placed_id
    affiliations.notify(tie, actor=secretary)
    affiliations.report_in(tie, on_date=today, actor=secretary)
    guest.refresh_from_db()
    assert (tie.status, tie.received_by, guest.absent_to) == (AffiliationStatus.REPORTED_IN, secretary, "东区")
    assert PartyMember.objects.with_placement().get().placed_id == tree.branch.pk
    # He takes part, he does not vote: neither by the rule nor by the question.
    assert not has_vote_at(guest.status, guest.formal_organization_id, tree.branch.pk)
    assert not PartyMember.objects.voting_at(tree.branch).exists()
    assert PartyMember.objects.taking_part_at(tree.branch).get() == guest
    with pytest.raises(NotAllowed):
        affiliations.decline(tie, reason="不要了", actor=secretary)
    affiliations.end_tie(tie, on_date=today, reason="回老家了", actor=secretary)
    assert not PartyMember.objects.with_placement().get().placed_id


def test_strangers_wrong_units_and_doubles_are_refused(
    tree, guest, county_clerk, secretary, neighbour_clerk, instructor
):
    today = timezone.localdate()
    cloud = OrganizationFactory(parent=tree.county, kind=Kind.CLOUD_BRANCH, division_id=None)
    for actor in (neighbour_clerk, instructor, secretary, UserFactory()):
        with pytest.raises(PermissionDenied):  # the secretary does not see him yet
            affiliations.register_tie(guest, tree.branch, "flowing", from_date=today, actor=actor)
    for organization, kind in ((tree.county, "flowing"), (cloud, "flowing")):
        with pytest.raises(ValidationError):
            affiliations.register_tie(guest, organization, kind, from_date=today, actor=county_clerk)
    tie = affiliations.register_tie(guest, tree.branch, "flowing", from_date=today, actor=county_clerk)
    with pytest.raises(ValidationError, match="已经纳入"):
        affiliations.register_tie(guest, tree.second_branch, "flowing", from_date=today, actor=county_clerk)
    with pytest.raises(PermissionDenied):
        affiliations.report_in(tie, on_date=today, actor=neighbour_clerk)
    affiliations.register_tie(guest, cloud, AffiliationKind.ACTIVITY, from_date=today, actor=county_clerk)
    own = PartyMemberFactory(formal_organization=tree.branch)
    with pytest.raises(ValidationError, match="组织关系就在"):
        affiliations.register_tie(own, tree.branch, "activity", from_date=today, actor=county_clerk)


# --- the end ----------------------------------------------------------------------------------------------------------
def test_one_verb_lists_and_ends_everything_that_ends_with_a_membership(tree, county_clerk):
    from members import endings
    from members.workflow import lost_contact

    today, user = timezone.localdate(), UserFactory()
    person = PersonFactory(user=user)
    member = PartyMemberFactory(person=person, formal_organization=tree.branch)
    AppointmentFactory(user=user, organization=tree.branch, role="branch_committee_member")
    tie = affiliations.register_tie(member, tree.second_branch, "activity", from_date=today, actor=county_clerk)
    search = lost_contact.open_search(member, since_date=today, actor=county_clerk)
    listed = {one.model: number for one, number in endings.membership_rows(member, timezone.now())}
    ended = membership.end_membership(
        member, "deceased", on_date=today, document="死亡证明", reason="病故", version=1, actor=county_clerk
    )
    assert ended == listed == {"members.Affiliation": 1, "members.LostContact": 1, "branches.Appointment": 1}
    assert endings.membership_rows(member, timezone.now()) == []
    for row in (member, tie, search):
        row.refresh_from_db()
    assert (member.status, member.formal_organization, member.last_organization) == ("deceased", None, tree.branch)
    assert (tie.status, search.status) == ("ended", "found")
    # His papers stay with the unit: it still finds him, nobody counts him.
    assert PartyMember.objects.visible_to(county_clerk).filter(pk=member.pk).exists()
    assert figures(county_clerk).confirmed == 0


def test_an_end_without_reason_or_by_somebody_else_is_refused(tree, county_clerk, secretary, neighbour_clerk):
    member = PartyMemberFactory(formal_organization=tree.branch)
    good = {"on_date": timezone.localdate(), "document": "1 号", "reason": "开除党籍", "version": 1}
    for actor in (secretary, neighbour_clerk):
        with pytest.raises(PermissionDenied):
            membership.end_membership(member, "removed", actor=actor, **good)
    for values in ({"document": " "}, {"reason": "x"}, {"on_date": timezone.localdate() + timedelta(days=1)}):
        with pytest.raises(ValidationError):
            membership.end_membership(member, "removed", actor=county_clerk, **good | values)
    for to in ("transferred_out", "suspended"):
        with pytest.raises(ValidationError):
            membership.end_membership(member, to, actor=county_clerk, **good)
    with pytest.raises(Conflict):
        membership.end_membership(member, "removed", actor=county_clerk, **good | {"version": 9})
    membership.end_membership(member, "removed", actor=county_clerk, **good)
    with pytest.raises(NotAllowed):
        membership.end_membership(member, "removed", actor=county_clerk, **good | {"version": 2})
