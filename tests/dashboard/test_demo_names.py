"""Synthetic people: valid, unique, the same again for the same seed."""

from datetime import date

from dashboard.demo.names import People, counties_of
from foundation.protection.identifiers import id_number_error, phone_error, plate_error, sex_of

TODAY = date(2026, 1, 1)


def test_every_number_is_valid_and_unique():
    people = [People(7)[index] for index in range(3000)]
    assert not [one for one in people if id_number_error(one.id_number, TODAY)]
    assert not [one for one in people if phone_error(one.phone) or plate_error(one.plate)]
    for column in ("id_number", "phone", "plate"):
        assert len({getattr(one, column) for one in people}) == len(people), column


def test_sex_follows_the_number_and_few_drivers_are_women():
    people = [People(7)[index] for index in range(3000)]
    assert all(one.sex == sex_of(one.id_number) for one in people)
    assert 60 < sum(one.sex == "female" for one in people) < 300


def test_the_same_seed_and_index_are_the_same_person_in_any_order():
    forwards = [People(3)[index] for index in range(50)]
    people = People(3)
    assert [people[index] for index in reversed(range(50))] == forwards[::-1]
    assert People(4)[0].id_number != forwards[0].id_number


def test_numbers_stay_unique_where_the_areas_are_few():
    people = People(1, ("510402",), "川D")
    assert len({people[index].id_number for index in range(2000)}) == 2000
    assert all(people[index].plate.startswith("川D") for index in range(100))


def test_names_are_spread_as_surnames_are():
    surnames = [People(7)[index].name[0] for index in range(3000)]
    shares = {one: surnames.count(one) / len(surnames) for one in "王李张陶"}
    assert 0.05 < shares["王"] < 0.11
    assert shares["陶"] < 0.01


def test_the_counties_of_sichuan_are_183():
    assert len(counties_of("51")) == 183
