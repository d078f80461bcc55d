"""`seed_demo`: the five cities of the articles, to the figures they quote."""

from collections import Counter

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from branches.choices import BRANCHES, Kind, Role
from branches.models import Appointment, Guidance, Office, Organization
from branches.statistics import vacancies
from dashboard.canonical import lines
from dashboard.demo.accounts import ACCOUNTS, PASSWORD
from dashboard.demo.load import load_demo
from dashboard.integrity import verify
from foundation.accounts.models import User
from foundation.accounts.rules import character_classes
from foundation.notifications.models import Notification
from foundation.notifications.workflow import drain
from grievances.models import AnswerDraft, Grievance
from members.choices import Group, WorkStatus
from members.models import Credential, Driver, Enterprise, PartyMember, RegistrationTransfer, Vehicle
from service_stations.models import Station
from tests.conftest import load_shipped_data
from tests.members.roster_runs import load_units
from tests.members.rosters import units as units_of_the_rosters

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """Load the demo once for all tests of this file; each of them rolls back to here, the last one to before."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_shipped_data()
        yield load_demo()
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db):
    """Stand in the loaded demo."""
    return loaded


def test_suzhou_is_one_and_nine_with_thirty_mobile_branches_and_a_cloud_branch(demo):
    city = Organization.objects.get(code="320500")
    below = Organization.objects.subtree_of(city).exclude(pk=city.pk).exclude(kind=Kind.DEPARTMENT)
    counted = Counter(below.values_list("kind", flat=True))
    assert counted == {Kind.INDUSTRY_COMMITTEE: 9, Kind.MOBILE_BRANCH: 30, Kind.CLOUD_BRANCH: 1}
    cloud = below.get(kind=Kind.CLOUD_BRANCH)
    assert (cloud.host_platform, cloud.division) == ("运满满", None)


def test_panzhihua_has_six_firms_and_places_its_thirty_members_29_and_1(demo):
    drivers = Driver.objects.filter(registering_committee__code__startswith="5104")
    assert drivers.filter(certified_from_date__isnull=False, group=Group.RIDE_HAILING).count() == 1464
    operating = drivers.filter(work_status=WorkStatus.ON_DUTY)
    assert operating.count() == operating.operating(timezone.localdate()).count() == 619
    assert Vehicle.objects.filter(registering_committee__code__startswith="5104").count() == 619
    assert Enterprise.objects.filter(name__contains="攀枝花").count() == 6
    members = PartyMember.objects.filter(person__driver__in=operating)
    placed = Counter(members.values_list("person__driver__declared_branch__code", flat=True))
    assert placed == {"510402-11": 29, "510411-11": 1}
    for code, number in placed.items():
        branch = Organization.objects.get(code=code)
        formal = members.filter(formal_organization=branch).count()
        assert formal + branch.affiliations.filter(until_date=None).count() == number


def test_sichuan_has_three_levels_and_two_guiding_lines(demo):
    assert [
        Organization.objects.get_parent(Organization.objects.get(code=code)).code
        for code in ("510106", "510100", "510400")
    ] == ["510100", "510000", "510000"]
    lines_of_province = Guidance.objects.filter(organization__code="510000").values_list("line", flat=True)
    assert set(lines_of_province) == {"organisation", "transport"}


def test_the_platform_has_numbered_branches_in_four_cities(demo):
    branches = Organization.objects.filter(code__startswith="P440300-")
    assert branches.filter(serial_number=21).get().short_name.endswith("第二十一党支部")
    assert set(branches.values_list("division__name", flat=True)) == {"深圳市", "广州市", "东莞市", "佛山市"}
    assert branches.count() == 27


def test_dongying_has_five_stations(demo):
    assert Station.objects.filter(code__startswith="ST3705").count() == 5


def test_some_posts_are_vacant_some_claims_open_some_licences_run_out(demo):
    now = timezone.now()
    empty = vacancies(Organization.objects.running(), now)
    assert all(empty[role] > 0 for role in (Role.CLERK, Role.LEADER, Role.SECRETARY))
    held = Appointment.objects.running(now).filter(role=Role.SECRETARY).count()
    assert held > empty[Role.SECRETARY]
    assert Counter(RegistrationTransfer.objects.values_list("status", flat=True)) == {
        "claimed": 1,
        "refused": 1,
        "released": 1,
    }
    soon = timezone.localdate() + timezone.timedelta(days=90)
    assert Credential.objects.filter(expires_date__range=(timezone.localdate(), soon)).count() > 20
    assert Office.objects.filter(holder__isnull=True).exists()
    assert Office.objects.filter(absent_from_at__isnull=False, deputy__isnull=False).exists()


def test_every_account_finds_something_read_and_something_new_and_its_links_open(demo):
    for account in ACCOUNTS:
        user = User.objects.get(username=account.username)
        mine = Notification.objects.visible_to(user)
        assert mine.filter(read_at__isnull=False).exists(), account.username
        assert mine.unread().exists() == bool(account.role), account.username
        client = Client()
        client.force_login(user)
        assert client.get(reverse("notifications:list")).status_code == 200
        for row in mine:
            answer = client.post(reverse("notifications:read", args=[row.pk]), {"open": "1"}, follow=True)
            assert answer.status_code == 200, (account.username, row.url)


def test_those_who_work_on_cases_have_some(demo):
    at_work = {"county-clerk": {"lodged", "accepted", "in_hand", "answered"}, "handler": {"assigned", "in_hand"}}
    for username, statuses in at_work.items():
        user = User.objects.get(username=username)
        found = Grievance.objects.visible_to(user).values_list("status", flat=True)
        assert statuses <= set(found), username
    for username in ("secretary", "station-manager", "partner"):
        assert Grievance.objects.filter(lodged_by__username=username).count() == 1
    assert AnswerDraft.objects.get().written_by.username == "handler"


def test_a_channel_that_is_off_looks_like_no_failure(demo):
    drain(seconds=60)
    client = Client()
    client.force_login(User.objects.get(username="system-admin"))
    page = client.get(reverse("notifications:deliveries"))
    assert page.context["rows"] == []
    assert "还没有开通，不会发；这不是故障" in page.content.decode()


def test_every_invariant_holds(demo):
    drain(seconds=60)  # what the worker does within the minute
    assert [one for one in verify(timezone.now()) if one.count] == []


def test_every_field_of_every_organisation_is_as_a_form_would_have_it(demo):
    for organization in Organization.objects.all():
        organization.full_clean(exclude=["path", "depth", "numchild"])


def test_loading_it_again_changes_nothing(demo):
    before = list(lines())
    assert load_demo().drivers == 0
    assert list(lines()) == before


def test_the_organisations_of_the_sample_rosters_are_in_it_under_the_same_names(demo):
    before = set(Organization.objects.values_list("code", "name", "kind"))
    load_units()
    after = set(Organization.objects.values_list("code", "name", "kind"))
    assert before <= after
    added = {code for code, _, _ in after - before}
    assert all(code.startswith("3205") for code in added), "only branches of 苏州 beside its 30 + 1"
    assert set(units_of_the_rosters()) <= {code for code, _, _ in after}


def test_there_is_one_account_for_every_role_and_an_outsider(demo):
    assert {account.role for account in ACCOUNTS} == {*Role.values, ""}
    for account in ACCOUNTS:
        user = User.objects.get(username=account.username)
        assert user.check_password(PASSWORD)
        assert not user.must_change_password
        assert not user.second_factor_required
        held = set(Appointment.objects.running(timezone.now()).filter(user=user).values_list("role", flat=True))
        assert held == ({account.role} if account.role else set())


def test_the_demo_password_keeps_our_own_rules(demo):
    from django.contrib.auth.password_validation import validate_password

    assert character_classes(PASSWORD) >= 3
    for account in ACCOUNTS:
        validate_password(PASSWORD, User(username=account.username, name=account.name))


def test_a_demo_account_signs_in_and_stands_before_its_home(demo):
    client = Client()
    client.post("/accounts/login/", {"login": "county-clerk", "password": PASSWORD})
    assert client.get("/").status_code == 200


def test_other_accounts_cannot_sign_in(demo):
    others = User.objects.exclude(username__in=[account.username for account in ACCOUNTS])
    assert others.exists()
    assert not [user for user in others if user.has_usable_password()]


def test_every_branch_member_count_adds_up(demo):
    assert PartyMember.objects.count() == demo.members
    placed = PartyMember.objects.filter(formal_organization__kind__in=BRANCHES).count()
    flowing = PartyMember.objects.filter(affiliations__until_date=None, affiliations__isnull=False).count()
    assert placed + flowing == demo.members
