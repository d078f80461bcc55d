"""Trees, posts and rows nobody thought of: every scoped question still agrees with the oracle."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branches.choices import Kind
from branches.models import Organization
from members.models import Enterprise, Person
from tests.factories import AppointmentFactory, GuidanceFactory, OrganizationFactory, UserFactory
from tests.house.oracle import MODELS, Oracle, cells
from tests.house.registry import House
from tests.house.test_outsider import visible

ROLES = sorted(set(next(iter(cells().values()))) - {"anonymous", "outsider"})
SHAPES = st.lists(st.integers(min_value=0, max_value=8), min_size=3, max_size=9)
POSTS = st.lists(st.tuples(st.integers(0, 8), st.sampled_from(ROLES), st.booleans()), min_size=1, max_size=4)
ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=SHAPES, posts=POSTS, rows=ROWS, guided=st.integers(0, 8), move=st.tuples(st.integers(0, 8), st.integers(0, 8))
)
def test_random_trees_posts_and_rows_agree_with_the_oracle(db, shape, posts, rows, guided, move):
    with transaction.atomic():
        user, units = _random_tree(shape, move)
        for place, role, running in posts:
            until = None if running else timezone.now() - timedelta(days=1)
            post = {"user": user, "organization": units[place % len(units)], "role": role, "until_at": until}
            if not user.appointments.filter(role=role, organization=post["organization"]).exists():
                AppointmentFactory(**post)
        department = units[guided % len(units)]
        under = units[(guided + 1) % len(units)]
        GuidanceFactory(organization=under, guiding_organization=department)
        _random_rows(units, rows, user)
        for model in MODELS:
            assert visible(model, user) == Oracle().rows(model, user), model
        transaction.set_rollback(True)


def _random_tree(shape, move):
    """Return somebody and the units of a tree whose n-th unit stands below the unit its number names."""
    pks: list[int] = []
    for number, parent in enumerate(shape):
        above = Organization.objects.get(pk=pks[parent % number]) if number and parent % 4 else None
        made = OrganizationFactory(parent=above, kind=Kind.ENTERPRISE_COMMITTEE, level="base")
        pks.append(made.pk)
    one, other = (Organization.objects.get(pk=pks[at % len(pks)]) for at in move)
    if not other.path.startswith(one.path):
        Organization.objects.move(one, other, "last-child")  # paths are handed on to others
        OrganizationFactory(kind=Kind.ENTERPRISE_COMMITTEE, level="base")
    return UserFactory(), list(Organization.objects.filter(pk__in=pks).order_by("pk"))


def _random_rows(units, rows, user) -> None:
    house = House(tree=None)
    for number, (committee, branch) in enumerate(rows):
        home, place = units[committee % len(units)], units[branch % len(units)]
        firm = Enterprise.objects.create(
            name=f"测试{number}", name_key=f"测试{number}", committee=home, organization=place if branch % 2 else None
        )
        driver = house.add_driver(str(number), home, enterprise=firm)
        member = Person.objects.get(pk=driver.pk)
        if branch % 3:
            house.place(member, formal=place)
        else:
            house.place(member, tied_to=place, until=None if committee % 2 else date(2026, 1, 1))
        house.add_batch(str(number), place, user if committee % 2 else None)
    house.add_export("own", user)
    house.add_export("another's", UserFactory())
    house.claim("0", house.drivers["0"], OrganizationFactory(kind=Kind.ENTERPRISE_COMMITTEE, level="base"), user)
