"""Field rights hold on every way to a field: screen, form, search, filter, sort, admin, error texts."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from foundation.protection.fields import BlindIndexField, ProtectedField, TailIndexField
from grievances.models import Grievance
from members.models import Driver, Transfer
from members.rules.drivers import OUT_OF_SCOPE_PER_HOUR, TAKEN_ELSEWHERE_SENTENCE, TOO_MANY_ELSEWHERE_SENTENCE
from members.workflow.drivers import change_driver, register_driver
from tests.factories import AppointmentFactory
from tests.house.conftest import CAST
from tests.house.oracle import Oracle, cells
from tests.house.registry import PLATE, TAIL, id_number

PARTY = "自述"


def client_of(house, who):
    client = Client()
    client.force_login(house.cast[who])
    return client


def drivers_on(response) -> set[int]:
    """Return the keys of the drivers a page links to."""
    return {int(key) for key in re.findall(r'href="/drivers/(\d+)/"', response.content.decode())}


# --- what somebody types asks about a field ---------------------------------------------------------------------------
SEARCHES = [
    ("测试", "driver.view"),
    ("cs", "driver.view"),
    (TAIL, "driver_identity.masked"),
    (f"1900003{TAIL}", "driver_identity.masked"),
    (PLATE, "vehicle.view"),
    (id_number(1), "driver_identity.find_by_id_number"),
    (id_number(3), "driver_identity.find_by_id_number"),
    (id_number(5), "driver_identity.find_by_id_number"),
]


def answers_to(house, text: str) -> set[int]:
    """Return whom a typed text means, in plain Python."""
    found = set()
    for key, driver in house.drivers.items():
        plates = [link.vehicle.plate for link in driver.vehicle_links.filter(until_date=None).select_related("vehicle")]
        person = driver.person
        ends = person.phone.endswith(text) or person.id_number.endswith(text)
        if (
            person.name.startswith(text)
            or person.initials.startswith(text)
            or (ends and text == TAIL)
            or text in (person.phone, person.id_number)
            or any(plate.startswith(text) for plate in plates)
        ):
            found.add(house.drivers[key].pk)
    return found


@pytest.mark.parametrize(("text", "right"), SEARCHES)
def test_both_searches_find_whom_the_reader_may_find_by_that_field(house, text, right):
    oracle, meant = Oracle(), answers_to(house, text)
    assert meant
    found_by_some = 0
    for who in CAST:
        may = oracle.rows(Driver, house.cast[who], right) & oracle.rows(Driver, house.cast[who])
        client = client_of(house, who)
        assert drivers_on(client.post(reverse("dashboard:search"), {"q": text})) == meant & may, who
        page = client.post(reverse("members:search"), {"q": text, "size": "100"})
        assert page.status_code == (200 if may or _held(house, who, right) else 403), who
        assert drivers_on(page) == meant & may, who
        found_by_some += bool(meant & may)
    assert found_by_some


def _held(house, who, right) -> bool:
    roles = [post.role for post in house.cast[who].appointments.all()]
    return any(cells()[right][role] != "none" for role in roles) and any(
        cells()["driver.view"][role] != "none" for role in roles
    )


def test_a_right_somewhere_is_not_a_right_here(house):
    user = house.cast["partner"]
    AppointmentFactory(user=user, organization=house.tree.branch, role="instructor")
    oracle, client = Oracle(), client_of(house, "partner")
    ours = house.drivers["of_platform"]
    Driver.objects.filter(pk=ours.pk).update(declared_political_status="member", declared_joined="2012-01")
    ours.refresh_from_db()
    # The instructor's branch gives Party facts, the platform gives vehicles: neither gives the other's.
    party, vehicles = (oracle.rows(Driver, user, right) for right in ("party_member.view", "vehicle.view"))
    assert party
    assert vehicles == {ours.pk, house.drivers["company"].pk}
    assert not party & vehicles
    page = client.get(reverse("members:driver_detail", args=[ours.pk])).content.decode()
    assert PARTY not in page
    form = client.get(reverse("members:driver_change", args=[ours.pk])).content.decode()
    assert "declared_" not in form
    assert "2012-01" not in form
    for text, meant in ((PLATE, vehicles), (ours.vehicle_links.get().vehicle.plate, {ours.pk})):
        for name in ("dashboard:search", "members:search"):
            assert drivers_on(client.post(reverse(name), {"q": text})) == meant
    declared = client.get(reverse("members:driver_list"), {"declared": "member"})
    assert drivers_on(declared) <= party
    columns = client.get(reverse("members:driver_list"), {"cols": "name,plates,declared_political_status"})
    rows = {
        row["pk"]: [cell.get("text") or cell.get("plates") for cell in row["cells"]] for row in columns.context["rows"]
    }
    assert set(rows) == oracle.rows(Driver, user)
    for pk, (plates, declared) in rows.items():
        assert bool(plates) == (pk in vehicles)
        assert not declared or pk in party
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        change_driver(ours, {"declared_joined": "2013-01"}, versions=(1, 1), actor=user)


FILTERS = {
    "declared": ("member", "party_member.view"),
    "declared_branch": ("1", "party_member.view"),
    "declares": ("{branch}", "party_member.view"),
    "placed": ("{branch}", "party_member.view"),
    "unplaced": ("1", "party_member.view"),
    "expires_before": ("soon", "credential.view"),
    "enterprise": ("测试", "enterprise.view"),
    "batch": ("1", "roster_import.view"),
}


@pytest.mark.parametrize("code", FILTERS)
def test_nobody_filters_by_a_field_he_may_not_see(house, code):
    value, right = FILTERS[code][0].format(branch=house.tree.branch.pk), FILTERS[code][1]
    for who in CAST:
        role = getattr(house.cast[who].appointments.first(), "role", "outsider")
        answer = client_of(house, who).get(reverse("members:driver_list"), {code: value})
        may = cells()[right][role] != "none" and cells()["driver.view"][role] != "none"
        assert answer.status_code == (200 if may else 403), who
        assert drivers_on(answer) <= Oracle().rows(Driver, house.cast[who], right), who


def test_nobody_sorts_by_a_field_that_is_sealed():
    from members.lists.columns import COLUMNS
    from members.lists.drivers import CONDITIONS, ORDERS

    assert set(ORDERS) == {"newest", "name", "expires"}
    assert {"id_number", "phone", "address", "credential"} <= {code for code, one in COLUMNS.items() if one.masked}
    assert not {"id_number", "phone", "address", "credential"} & set(CONDITIONS)


# --- numbers that are registered elsewhere ----------------------------------------------------------------------------
def test_a_number_registered_elsewhere_says_nothing_about_that_person_and_soon_not_even_that(house):
    clerk, foreign = house.cast["county_clerk"], house.drivers["neighbour"]

    def refusal(number):
        with pytest.raises(ValidationError) as caught:
            register_driver({"name": "测试新", "id_number": number}, house.tree.county, actor=clerk)
        return caught.value.message_dict["id_number"]

    assert refusal(foreign.person.id_number) == [TAKEN_ELSEWHERE_SENTENCE]
    for word in (foreign.person.name, house.tree.neighbour_county.short_name, foreign.person.phone):
        assert word not in TAKEN_ELSEWHERE_SENTENCE
    for _ in range(OUT_OF_SCOPE_PER_HOUR - 1):
        refusal(foreign.person.id_number)
    # Now an unknown number and a foreign one are refused in the same words.
    assert refusal(foreign.person.id_number) == refusal(id_number(900)) == [TOO_MANY_ELSEWHERE_SENTENCE]


def test_a_claim_answers_the_same_for_registered_foreign_and_unknown_numbers(house):
    client, pages = client_of(house, "county_clerk"), []
    for number in (
        house.drivers["neighbour"].person.id_number,
        house.drivers["county"].person.id_number,
        id_number(901),
    ):
        values = {"committee": house.tree.county.pk, "id_number": number, "reason": "已在本区营运半年"}
        answer = client.post(reverse("members:registration_claim"), values, follow=True)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert house.drivers["neighbour"].person.name not in text
        assert number not in text
        pages.append([str(one) for one in answer.context["messages"]])
    assert pages[0] == pages[1] == pages[2]


# --- admin ------------------------------------------------------------------------------------------------------------
def sealed_fields():
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ProtectedField | BlindIndexField | TailIndexField):
                yield model, field.name


def test_no_admin_shows_searches_sorts_or_filters_by_a_sealed_field():
    every = {name for _, name in sealed_fields()}
    assert {"id_number", "phone", "phone_tail", "number", "sealed", "address"} <= every
    for model, table in admin.site._registry.items():
        # A case and a letter have numbers that everybody who sees them may read; that of a licence is sealed.
        names = every - ({"number"} if model in (Grievance, Transfer) else set())
        shown = [*table.list_display, *table.list_filter, *table.search_fields, *(table.fields or ())]
        named = {str(one).lstrip("^=@").split("__")[-1] for one in shown}
        assert not named & names, model
        if not table.fields:
            own = {field.name for field in model._meta.concrete_fields}
            excluded = set(table.exclude or ())
            assert not (own & names) - excluded or table.get_fields is not admin.ModelAdmin.get_fields, model


def test_only_tables_with_scope_are_in_the_admin():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels <= {"branches", "members", "accounts", "service_stations", "activities", "grievances"}
    assert all(getattr(table, "is_scoped", False) for table in admin.site._registry.values())


PROBES = (
    "registering_committee__appointments__user__username__startswith=a",
    "person__phone__startswith=1",
    "phone__startswith=1",
    "phone_index__isnull=1",
    "password__startswith=a",
    "user__password__startswith=a",
    "organization__path__startswith=0001",
    "_to_field=phone",
    "_popup=1&_to_field=password",
    "o=phone",
    "o=-99",
    "q=",
)


@pytest.mark.parametrize("probe", PROBES)
def test_the_admin_refuses_questions_about_what_it_does_not_show(house, probe):
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for who in ("county_clerk", "security_admin", "system_admin"):
            client = client_of(house, who)
            plain = client.get(url)
            answer = client.get(f"{url}?{probe}", follow=False)
            if plain.status_code != 200:
                assert answer.status_code == plain.status_code
            elif probe.startswith(("o=", "q=")):  # no such column, nothing typed: the list as it is
                assert answer.status_code == 200
                assert set(answer.context["cl"].queryset) == set(plain.context["cl"].queryset)
            else:
                assert answer.status_code in (302, 400)
                assert answer.status_code == 400 or answer.url.endswith("?e=1")


# --- pages ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", CAST)
def test_no_page_shows_a_whole_number(house, who):
    client = client_of(house, who)
    pages = [
        reverse("dashboard:home"),
        reverse("members:driver_list") + "?size=100&cols=name,id_number,phone,address,credential",
    ]
    seen = sorted(Oracle().rows(Driver, house.cast[who]))[:3]
    pages += [reverse(f"members:driver_{name}", args=[pk]) for pk in seen for name in ("detail", "change", "verify")]
    pages += [reverse("members:driver_duplicates"), reverse("members:registration_list"), reverse("dashboard:audit")]
    for page in pages:
        text = client.get(page).content.decode()
        for driver in house.drivers.values():
            assert driver.person.id_number not in text, page
            assert driver.person.phone not in text, page
            assert driver.person.address not in text, page


# template, what it shows → where it was masked.
MASKED_BEFORE = {
    ("members/imports/plan.html", "line.id_number"): "members.roster.lines",
    ("members/imports/plan.html", "line.phone"): "members.roster.lines",
    ("members/imports/result.html", "line.id_number"): "members.roster.lines",
    ("members/driver_duplicates.html", "row.id_number"): "members.views.duplicates",
    ("members/driver_duplicates.html", "row.phone"): "members.views.duplicates",
    ("dashboard/audit.html", "row.address"): "the address of a computer",
    ("grievances/lodge_for_driver.html", "one.phone"): "grievances.views.lodging",
    ("members/member_list.html", "line.phone"): "members.views.membership.lists",
    ("members/member_detail.html", "letter.number"): "the number of a letter",
    ("members/transfer_detail.html", "transfer.number"): "the number of a letter",
    ("members/transfer_list.html", "one.number"): "the number of a letter",
    ("members/transfer_print.html", "transfer.number"): "the number of a letter",
    ("members/coverage.html", "one.number"): "how many people",
    ("members/development_list.html", "line.step.number"): "which of the 25 steps",
    ("members/development_detail.html", "line.step.number"): "which of the 25 steps",
    ("members/development_detail.html", "one.row.number"): "which of the 25 steps",
    ("members/development_print.html", "line.step.number"): "which of the 25 steps",
    ("members/development_print.html", "one.row.number"): "which of the 25 steps",
    ("members/appraisal_list.html", "line.number"): "how many people",
    ("dashboard/branch_file.html", "one.number"): "how many people",
    ("members/_card.html", "card.number"): "the number of a card",
    ("members/_kept.html", "card.number"): "the number of a card",
    ("members/card.html", "one.number"): "the number of a card",
    ("members/card_print.html", "card.number"): "the number of a card",
    ("dashboard/committee_desk.html", "line.number"): "how many rows",
    ("branches/hand_over.html", "line.number"): "how many rows",
    ("branches/hand_over_print.html", "line.number"): "how many rows",
}


def test_templates_show_protected_values_masked_only():
    shown, found = re.compile(r"{{\s*([\w.]*\.(?:id_number|phone|address|number))\b([^}]*)}}"), set()
    folder = settings.BASE_DIR / "templates"
    for path in folder.rglob("*.html"):
        for expression, rest in shown.findall(path.read_text(encoding="utf-8")):
            of_a_case = expression.endswith(".number") and folder / "grievances" in path.parents
            if "masked" not in rest and not of_a_case:
                found.add((path.relative_to(folder).as_posix(), expression))
    assert found == set(MASKED_BEFORE)
