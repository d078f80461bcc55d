"""Keyset pages: complete, in order, in both directions, and no more queries for page two than for page one."""

from datetime import date

import pytest
from django.core import signing

from branches.scope import reach_of
from members.lists.drivers import DriverList
from members.lists.paging import Count, Cursor, count_of
from members.models import Driver
from tests.factories.members import DriverFactory, PartyMemberFactory

TODAY = date(2026, 11, 24)


def _walk(reach, order, size=7, backwards=False):
    pages, cursor = [], None
    while True:
        page = DriverList(reach, TODAY, order=order).page(cursor, size)
        pages.append(page)
        token = page.next
        if not token:
            break
        cursor = Cursor.read(token)
    if not backwards:
        return [key for page in pages for key in page.keys]
    keys, page = list(pages[-1].keys), pages[-1]
    while page.previous:
        page = DriverList(reach, TODAY, order=order).page(Cursor.read(page.previous), size)
        keys = list(page.keys) + keys
    return keys


@pytest.fixture
def crowd(tree):
    names = ["王伟", "王伟", "李娜", "阿卜来提·依明", "赵军", "Zoe", "張偉"]
    found = [
        DriverFactory(person__name=names[n % len(names)], committee=tree.county if n % 3 else tree.second_county)
        for n in range(40)
    ]
    DriverFactory(committee=tree.neighbour_county)
    return found


@pytest.mark.parametrize("order", ["newest", "name"])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_pages_together_are_the_list_once_and_in_order(city_clerk, crowd, order, backwards):
    keys = _walk(reach_of(city_clerk), order, backwards=backwards)
    if order == "newest":
        assert keys == sorted((driver.pk for driver in crowd), reverse=True)
    else:
        rows = {driver.pk: driver.person for driver in crowd}
        assert keys == sorted(rows, key=lambda pk: (rows[pk].name_key, pk))


@pytest.mark.parametrize("order", ["newest", "name"])
def test_those_placed_here_and_registered_elsewhere_stand_in_the_same_order(county_clerk, tree, crowd, order):
    guest = DriverFactory(person__name="孙客", committee=tree.neighbour_county)
    PartyMemberFactory(person=guest.person, formal_organization=tree.branch)
    later = DriverFactory(person__name="李后", committee=tree.county)
    keys = _walk(reach_of(county_clerk), order)
    assert {guest.pk, later.pk} <= set(keys)
    assert len(keys) == len(set(keys)) == Driver.objects.visible_to(county_clerk).count()
    if order == "newest":
        assert keys == sorted(keys, reverse=True)


def test_a_large_list_is_walked_along_the_index_with_the_same_result(city_clerk, crowd, monkeypatch):
    monkeypatch.setattr("members.lists.drivers.SMALL", 0)
    assert _walk(reach_of(city_clerk), "newest") == sorted((driver.pk for driver in crowd), reverse=True)
    rows = {driver.pk: driver.person for driver in crowd}
    assert _walk(reach_of(city_clerk), "name") == sorted(rows, key=lambda pk: (rows[pk].name_key, pk))


def test_a_forged_cursor_is_no_cursor():
    assert Cursor.read("[0,5,0]") is None
    assert Cursor.read(signing.dumps(["members.driver pk", 0, 5, 0], salt="other")) is None
    cursor = Cursor("members.driver pk", 0, 5)
    assert Cursor.read(cursor.token()) == cursor


def test_the_cursor_of_one_list_or_order_opens_no_place_in_another(county_clerk, tree, crowd):
    foreign = DriverFactory(person__name="李中", committee=tree.neighbour_county)
    reach = reach_of(county_clerk)
    first = DriverList(reach, TODAY, order="name").page(None, 20)
    # The key of a firm may be the key of somebody registered elsewhere: it must not say where his name would stand.
    for made_for in ("members.enterprise name_key pk", "members.driver pk", "members.driver expires pk"):
        cursor = Cursor(made_for, 0, foreign.pk)
        assert DriverList(reach, TODAY, order="name").page(cursor, 20).keys == first.keys
    newest = DriverList(reach, TODAY).page(None, 5)
    assert DriverList(reach, TODAY, order="name").page(Cursor.read(newest.next), 20).keys == first.keys


def test_a_deep_page_costs_as_many_queries_as_the_first(city_clerk, crowd, django_assert_num_queries):
    reach = reach_of(city_clerk)
    first = DriverList(reach, TODAY)
    page = first.page(None, 5)
    deep = DriverList(reach, TODAY)
    assert deep.parts
    assert deep.count
    with django_assert_num_queries(1):
        deep.page(Cursor.read(page.next), 5)


def test_counts_are_exact_up_to_the_cap_and_honest_beyond_it(tree, crowd):
    assert str(count_of(Driver.objects.filter(registering_committee__isnull=False))) == "41"
    beyond = count_of(Driver.objects.filter(registering_committee__isnull=False), cap=10)
    assert not beyond.exact
    assert beyond.number >= 10


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (Count(12_486, True), "12,486"),
        (Count(430_112, False), "约 43 万"),
        (Count(23_456, False), "约 2.3 万"),
        (Count(10_000, False), "1 万以上"),
        (Count(50, False), "50 以上"),
    ],
)
def test_a_count_says_how_sure_it_is(count, words):
    assert str(count) == words
