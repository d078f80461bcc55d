"""Regions against an oracle that walks parent links in plain Python; the edges of paths and of time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import Extent, Role
from branches.models import Appointment, Guidance, Organization
from branches.querysets import users_visible_to
from branches.scope import path_after, reach_of, subtree
from foundation.accounts.models import User
from tests.factories import AppointmentFactory, GuidanceFactory, OrganizationFactory, UserFactory

CAST = [
    "province_clerk",
    "city_clerk",
    "county_clerk",
    "neighbour_clerk",
    "leader",
    "organisation_reader",
    "secretary",
    "branch_committee_member",
    "instructor",
    "station_manager",
    "handler",
    "partner",
    "auditor",
    "security_admin",
    "system_admin",
    "outsider",
]


def parents() -> dict[int, int | None]:
    """Return each organisation's parent by asking for it, never by comparing paths."""
    return {
        one.pk: getattr(Organization.objects.get_parent(one, update=True), "pk", None)
        for one in Organization.objects.all()
    }


def is_below_or_same(pk: int, top: int, links: dict[int, int | None]) -> bool:
    while pk is not None:
        if pk == top:
            return True
        pk = links[pk]
    return False


def oracle(user, capability, at) -> set[int]:
    """Return the ids of the organisations a capability reaches, by the words of docs/permissions.md."""
    links = parents()
    found: set[int] = set()
    for appointment in user.appointments.all():
        if not (appointment.from_at <= at and (appointment.until_at is None or at < appointment.until_at)):
            continue
        extent = CAPABILITIES[capability].get(appointment.role, Extent.NONE)
        home = appointment.organization_id
        if extent == Extent.ALL:
            return set(links)
        if extent in (Extent.SUBTREE, Extent.AGGREGATE):
            found |= {pk for pk in links if is_below_or_same(pk, home, links)}
        elif extent in (Extent.SUBTREE_BELOW, Extent.SUBTREE_ABOVE):
            found |= {pk for pk in links if pk != home and is_below_or_same(pk, home, links)}
        elif extent == Extent.GUIDED:
            for line in Guidance.objects.filter(guiding_organization_id=home):
                if line.from_date <= at.date() and (line.until_date is None or at.date() < line.until_date):
                    found |= {pk for pk in links if is_below_or_same(pk, line.organization_id, links)}
        elif extent not in (Extent.NONE, Extent.OWN):
            found.add(home)
    return found


@pytest.fixture
def cast(request, tree):
    return [request.getfixturevalue(name) for name in CAST]


@pytest.mark.parametrize(
    "capability",
    [
        Capability.ORGANIZATION_VIEW,
        Capability.ORGANIZATION_CHANGE,
        Capability.ORGANIZATION_DISSOLVE,
        Capability.APPOINTMENT_VIEW,
        Capability.APPOINTMENT_APPOINT,
        Capability.GUIDANCE_VIEW,
        Capability.STATISTICS_VIEW,
        Capability.USER_VIEW,
    ],
)
def test_every_region_equals_the_walk_over_parent_links(cast, capability):
    at = datetime(2026, 11, 22, 4, tzinfo=UTC)
    nonempty = 0
    for user in cast:
        wanted = oracle(user, capability, at)
        found = set(Organization.objects.manageable_by(reach_of(user, at), capability).values_list("pk", flat=True))
        assert found == wanted, user
        nonempty += bool(wanted)
        # A single organisation gets the same answer as the set.
        covered = {one.pk for one in Organization.objects.all() if reach_of(user, at).covers(capability, one)}
        assert covered == wanted, user
    assert nonempty


def test_regions_follow_a_deeper_tree_with_reused_paths(tree, province_clerk, city_clerk, county_clerk):
    Organization.objects.move(
        Organization.objects.get(pk=tree.branches[2].pk),
        Organization.objects.get(pk=tree.neighbour_county.pk),
        "last-child",
    )
    OrganizationFactory(parent=Organization.objects.get(pk=tree.second_county.pk))  # takes the path the moved one left
    at = datetime(2026, 11, 22, 4, tzinfo=UTC)
    for user in (province_clerk, city_clerk, county_clerk):
        found = set(Organization.objects.visible_to(reach_of(user, at)).values_list("pk", flat=True))
        assert found == oracle(user, Capability.ORGANIZATION_VIEW, at)


def test_appointments_and_accounts_lie_where_their_organisations_lie(cast):
    for user in cast:
        seen = oracle(user, Capability.APPOINTMENT_VIEW, datetime.now(UTC))
        found = set(Appointment.objects.visible_to(user).values_list("pk", flat=True))
        assert found == {one.pk for one in Appointment.objects.all() if one.organization_id in seen}, user
        seen = oracle(user, Capability.USER_VIEW, datetime.now(UTC))
        holders = {one.user_id for one in Appointment.objects.all() if one.organization_id in seen}
        found = set(users_visible_to(user).values_list("pk", flat=True))
        everybody = CAPABILITIES[Capability.USER_VIEW].get(getattr(user.appointments.first(), "role", ""), "")
        wanted = set(User.objects.values_list("pk", flat=True)) if everybody == Extent.ALL else holders
        assert found == wanted, user


# --- paths ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("0001", "0002"),
        ("0009", "0010"),
        ("00010009", "00010010"),
        ("00019999", "00020000"),
        ("9999", ":"),
        ("99999999", ":"),
    ],
)
def test_the_path_after_a_subtree(path, after):
    assert path_after(path) == after
    below = path + "9999"
    assert path <= below < after


def test_a_subtree_of_nines_is_found_whole(db):
    root = OrganizationFactory(kind="industry_committee", level="city")
    Organization.objects.filter(pk=root.pk).update(path="9999")
    root.refresh_from_db()
    child = OrganizationFactory(parent=root)
    Organization.objects.filter(pk=child.pk).update(path="99999999")
    assert Organization.objects.filter(subtree("9999")).count() == 2
    assert Organization.objects.filter(subtree("99999999")).count() == 1


def test_a_subtree_query_uses_the_index_on_the_path(tree):
    with CaptureQueriesContext(connection) as queries:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Organization.objects.filter(subtree(tree.county.path)).order_by().explain()
    assert queries
    assert "path" in plan.lower()
    assert "scan" not in plan.lower() or "index" in plan.lower()


# --- time -------------------------------------------------------------------------------------------------------------
def test_a_post_counts_from_its_first_instant_until_the_instant_it_ends(tree):
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    user = AppointmentFactory(organization=tree.county, role="clerk", from_at=begin, until_at=end).user
    tick = timedelta(microseconds=1)
    for at, seen in ((begin - tick, False), (begin, True), (end - tick, True), (end, False)):
        assert Organization.objects.visible_to(reach_of(user, at)).exists() is seen, at


def test_guidance_counts_by_days_in_our_time_zone(tree, organisation_reader):
    tree.county.guidance_received.update(from_date=date(2026, 3, 1), until_date=date(2026, 4, 1))
    for at, seen in (
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), True),  # 1 March, midnight in Shanghai
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), False),
    ):
        assert Organization.objects.visible_to(reach_of(organisation_reader, at)).exists() is seen, at


def test_guidance_of_another_department_gives_nothing(tree, organisation_reader):
    GuidanceFactory(organization=tree.neighbour_county)
    assert tree.neighbour_county not in Organization.objects.visible_to(organisation_reader)


def test_a_closed_account_reaches_nothing(tree, county_clerk):
    User.objects.filter(pk=county_clerk.pk).update(is_active=False)
    county_clerk.refresh_from_db()
    assert reach_of(county_clerk).posts == ()


def test_a_superuser_without_a_post_sees_no_row(tree):
    assert not Organization.objects.visible_to(UserFactory(is_superuser=True, is_staff=True)).exists()


# --- cost -------------------------------------------------------------------------------------------------------------
def test_a_reach_costs_one_query_and_its_region_one_more(tree, county_clerk, organisation_reader):
    for user, cost in ((county_clerk, 1), (organisation_reader, 2)):
        with CaptureQueriesContext(connection) as queries:
            reach = reach_of(user)
        assert len(queries) == cost
        with CaptureQueriesContext(connection) as queries:
            for capability in (Capability.ORGANIZATION_VIEW, Capability.DRIVER_VIEW, Capability.PARTY_MEMBER_VIEW):
                reach.region(capability)
                reach.has(capability)
        assert len(queries) == 1


def test_every_role_has_somebody_in_the_cast(cast):
    assert {one.role for one in Appointment.objects.all()} == set(Role)


# --- no committee left out --------------------------------------------------------------------------------------------
def test_a_region_from_the_top_knows_that_no_committee_stands_outside_it(tree, province_clerk, city_clerk):
    region = reach_of(province_clerk).region(Capability.GRIEVANCE_VIEW)
    assert region.every_committee
    assert tree.department.pk not in region.organization_ids  # it stands beside the tree, and decides no case
    assert not reach_of(city_clerk).region(Capability.GRIEVANCE_VIEW).every_committee


def test_a_second_top_is_outside_the_region_of_the_first(tree, province_clerk):
    other = OrganizationFactory(
        parent=None, code="990000", kind="industry_committee", level="province", short_name="外省"
    )
    region = reach_of(province_clerk).region(Capability.GRIEVANCE_VIEW)
    assert other.pk not in region.organization_ids
    assert not region.every_committee


def test_who_stands_at_the_top_and_acts_only_below_it_does_not_hold_every_committee(tree, province_clerk):
    region = reach_of(province_clerk).region(Capability.GRIEVANCE_TAKE_UP)
    assert tree.province.pk not in region.organization_ids
    assert not region.every_committee
