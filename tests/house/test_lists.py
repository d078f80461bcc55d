"""What each list-like door shows is what the oracle says: pages, admin, pop-ups, choices, counts, files."""

import csv
import io
import re

import pytest
from django.contrib import admin
from django.forms import ModelChoiceField
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from activities.models import (
    ActionItem,
    Activity,
    ComplianceRule,
    InstructionVisit,
    JointConference,
    VisitFollowUp,
    VisitTarget,
)
from branches.choices import REQUIRED_POSTS, Kind
from branches.models import Appointment, Division, Guidance, Organization, Term, Workday
from branches.querysets import ScopedQuerySet
from foundation.accounts.models import User
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.notifications.models import Delivery, Notification
from grievances.choices import IN_LEDGER
from grievances.lists.worklist import TABS
from grievances.models import Campaign, Category, Extension, Grievance, SlaPolicy
from members.models import (
    Affiliation,
    ContactPair,
    Credential,
    Declaration,
    Development,
    Driver,
    DriverVehicle,
    Enterprise,
    ExportJob,
    LostContact,
    PartyMember,
    RecruitCampaign,
    RegistrationTransfer,
    RosterImport,
    Transfer,
    Vehicle,
    Verification,
)
from tests.house.conftest import CAST
from tests.house.doors import address, client_of
from tests.house.oracle import Oracle
from tests.house.url_policy import DOORS

STAFF = ("province_clerk", "city_clerk", "county_clerk", "neighbour_clerk", "auditor", "security_admin", "system_admin")


def links(pattern: str):
    """Return a reader of the keys in the links of a page."""

    def read(response) -> set[int]:
        return {int(key) for key in re.findall(rf'href="{pattern}(\d+)/"', response.content.decode())}

    return read


def context(name: str, key=lambda row: row.pk):
    """Return a reader of the rows a page was given."""

    def read(response) -> set[int]:
        rows = response.context.get(name) if response.context else None
        return {key(row) for row in rows or ()}

    return read


def inbox(response) -> set[int]:
    """Read the keys of the notifications on a page."""
    return {row.pk for _, rows in response.context["days"] for row in rows}


# What it shows, the address, how to read it; None as the capability: that of seeing the row.
PAGES = [
    (Organization, "branches:organization_list", "", None, links("/organizations/")),
    (Organization, "branches:organization_list", "?q=党", None, links("/organizations/")),
    (Appointment, "branches:appointment_list", "", None, context("rows", lambda row: row[0].pk)),
    (Term, "branches:term_list", "", None, context("rows", lambda row: row[0].pk)),
    (User, "branches:user_list", "", None, links("/organizations/users/")),
    (Driver, "members:driver_list", "?size=100", None, links("/drivers/")),
    (Driver, "members:driver_list", "?size=100&order=name", None, links("/drivers/")),
    (Driver, "members:driver_list", "?size=100&group=truck", None, links("/drivers/")),
    (
        Driver,
        "members:driver_list",
        "?expires_before=soon&order=expires&size=100",
        "credential.view",
        links("/drivers/"),
    ),
    (Enterprise, "members:enterprise_list", "", None, links("/enterprises/")),
    (Enterprise, "members:enterprise_list", "?q=测试", None, links("/enterprises/")),
    (Vehicle, "members:vehicle_list", "", None, links("/vehicles/")),
    (Vehicle, "members:vehicle_list", "?q=川D", None, links("/vehicles/")),
    (PartyMember, "members:member_list", "?size=100", None, links("/members/")),
    (PartyMember, "members:member_list", "?size=100&absence=home", None, links("/members/")),
    (Transfer, "members:transfer_list", "", None, links("/members/transfers/")),
    (LostContact, "members:lost_list", "", None, links("/members/lost/")),
    (Development, "members:development_list", "", None, links("/members/development/")),
    (ContactPair, "members:contact_list", "", None, context("lines", lambda line: line["pair"].pk)),
    (Verification, "members:verification_list", "?size=100", None, links("/members/verifications/")),
    (RecruitCampaign, "members:recruit_list", "", None, links("/members/calls/")),
    (Declaration, "members:declaration_list", "", None, links("/members/declarations/")),
    (RosterImport, "members:import_list", "", None, links("/imports/")),
    (RosterImport, "members:import_list", "?show=waiting", None, links("/imports/")),
    (ExportJob, "members:export_list", "", None, links("/exports/")),
    (Notification, "notifications:list", "", None, inbox),
    (Notification, "notifications:list", "?show=unread", None, inbox),
    (Delivery, "notifications:deliveries", "", None, context("rows", lambda row: row[0].pk)),
    (Delivery, "notifications:deliveries", "?show=refused&channel=sms", None, context("rows", lambda row: row[0].pk)),
    (Campaign, "grievances:campaign_list", "", None, links("/grievances/campaigns/")),
    (Activity, "activities:list", "", None, links("/activities/")),
    (Activity, "activities:list", "?kind=theme_day", None, links("/activities/")),
    (InstructionVisit, "activities:visit_list", "", None, links("/activities/visits/")),
    (VisitFollowUp, "activities:follow_up_list", "", None, context("rows", lambda row: row["one"].pk)),
    (JointConference, "activities:conference_list", "", None, links("/activities/conferences/")),
    (ActionItem, "activities:item_list", "", None, links("/activities/items/")),
]


@pytest.mark.parametrize(("model", "name", "query", "capability", "read"), PAGES, ids=[f"{p[1]}{p[2]}" for p in PAGES])
def test_a_list_shows_what_the_oracle_says(house, model, name, query, capability, read):
    oracle, shown = Oracle(), 0
    for who in CAST:
        wanted = oracle.rows(model, house.cast[who], capability)
        response = client_of(house, who).get(reverse(name) + query)
        if response.status_code == 403:
            assert not wanted, f"{who} should be let in"
            continue
        assert response.status_code == 200
        if model is Organization:
            # The tree is for those who see organisations; departments and dissolved ones are rows like any other.
            wanted = {pk for pk in wanted if not query or "党" in Organization.objects.get(pk=pk).name}
        assert read(response) == wanted, who
        shown += bool(wanted)
    assert shown


def test_the_tabs_of_the_work_list_together_show_what_the_oracle_says(house):
    oracle, shown = Oracle(), 0
    for who in CAST:
        wanted, found = oracle.rows(Grievance, house.cast[who]), set()
        for tab in TABS:
            response = client_of(house, who).get(reverse("grievances:list"), {"tab": tab})
            if response.status_code == 200:
                keys = links("/grievances/")(response)
                assert keys <= wanted, (who, tab)
                found |= keys
        assert found == wanted, who
        shown += bool(wanted)
    assert shown > 5


@pytest.mark.parametrize("query", ["?size=200", "?size=200&status=in_hand", "?size=200&q=测试"])
def test_the_ledger_shows_the_accepted_ones_of_what_the_oracle_says(house, query):
    oracle, shown = Oracle(), 0
    for who in CAST:
        wanted = oracle.rows(Grievance, house.cast[who])
        response = client_of(house, who).get(reverse("grievances:ledger") + query)
        if response.status_code == 403:
            assert not wanted, f"{who} should be let in"
            continue
        assert response.status_code == 200
        rows = Grievance.objects.filter(pk__in=wanted, status__in=IN_LEDGER)
        if "status" in query:
            rows = rows.filter(status="in_hand")
        assert links("/grievances/")(response) == set(rows.values_list("pk", flat=True)), who
        assert response.context["count"].number == len(rows), who
        shown += bool(rows)
    assert shown > 5


def test_the_numbers_of_the_work_list_count_the_rows_behind_them(house):
    for who in ("city_clerk", "county_clerk", "secretary", "handler"):
        client = client_of(house, who)
        page = client.get(reverse("grievances:list"))
        for tab in page.context["tabs"]:
            behind = client.get(tab["url"])
            lines = sum(len(one["lines"]) for one in behind.context["sections"])
            assert lines == tab["count"], (who, tab["label"])


def test_extensions_to_decide_are_those_of_the_levels_below(house):
    for who in CAST:
        response = client_of(house, who).get(reverse("grievances:extension_list"))
        below = Oracle().covered(house.cast[who], "grievance.extend_approve").organizations
        if response.status_code == 403:
            assert not below, who
            continue
        wanted = {
            one.pk for one in Extension.objects.select_related("clock__grievance")
            if one.clock.grievance.organization_id in below
        }  # fmt: skip
        assert {one.pk for one in response.context["page"].object_list} == wanted, who


def test_open_claims_are_listed_for_those_who_have_the_driver(house):
    for who in CAST:
        wanted = Oracle().rows(RegistrationTransfer, house.cast[who])
        response = client_of(house, who).get(reverse("members:registration_list"))
        assert (response.status_code == 403) == (not who.endswith("clerk"))
        if response.status_code == 200:
            found = {line["row"].pk for line in response.context["waiting"]}
            assert found | {one.pk for one in response.context["ended"]} == wanted, who


def test_vacancies_are_those_of_the_units_whose_posts_one_may_see(house):
    oracle, at = Oracle(), timezone.now()
    for who in CAST:
        response = client_of(house, who).get(reverse("branches:vacancy_list"))
        if response.status_code == 403:
            continue
        covered, wanted = oracle.covered(house.cast[who], "appointment.view"), set()
        for unit in Organization.objects.all():
            held = {post.role for post in Appointment.objects.filter(organization=unit) if post.is_running(at)}
            wanted |= {
                (unit.pk, role) for role in REQUIRED_POSTS.get(unit.kind, ()) if unit.pk in covered and role not in held
            }
        assert response.context["page"].paginator.count == len(wanted), who
        assert {(one.organization.pk, one.role) for one, _ in response.context["rows"]} <= wanted


# --- one row ----------------------------------------------------------------------------------------------------------
def test_the_page_of_a_driver_shows_of_him_what_each_right_gives(house):
    oracle = Oracle()
    for who in CAST:
        user, client = house.cast[who], client_of(house, who)
        rights = {
            name: oracle.rows(Driver, user, right)
            for name, right in (
                ("identity", "driver_identity.masked"),
                ("links", "vehicle.view"),
                ("credentials", "credential.view"),
            )
        }
        members, transfers = oracle.rows(PartyMember, user), oracle.rows(RegistrationTransfer, user)
        ties, licences = oracle.rows(DriverVehicle, user), oracle.rows(Credential, user)
        for pk in oracle.rows(Driver, user):
            page = client.get(reverse("members:driver_detail", args=[pk]))
            assert page.status_code == 200, (who, pk)
            for name, rows in rights.items():
                assert bool(page.context[name]) == (pk in rows), (who, name)
            assert {link.pk for link in page.context["links"]} <= ties
            assert {one["row"].pk for one in page.context["credentials"]} <= licences
            assert {one.pk for one in page.context["transfers"]} <= transfers
            assert (page.context["member"] is not None) == (pk in members), who


def test_the_page_of_an_organisation_shows_what_each_right_gives(house):
    oracle = Oracle()
    for who in CAST:
        user, client = house.cast[who], client_of(house, who)
        units, posts, lines = (oracle.rows(model, user) for model in (Organization, Appointment, Guidance))
        drivers = oracle.rows(Driver, user)
        for pk in units:
            page = client.get(reverse("branches:organization_detail", args=[pk]))
            assert {one.pk for one in page.context["children"]} <= units
            assert {one.pk for one in page.context.get("posts", ())} == {
                post.pk for post in Appointment.objects.filter(organization=pk) if post.pk in posts
            }, who
            assert {one.pk for one in page.context.get("lines", ())} == {
                line.pk for line in Guidance.objects.filter(organization=pk) if line.pk in lines
            }, who
            fragment = client.get(reverse("members:of_organization", args=[pk]))
            if fragment.status_code == 200:
                below = {one for one in oracle.parents if oracle.below(one, pk)}
                party = oracle.rows(Driver, user, "party_member.view") & drivers
                counted = {
                    "registered": Driver.objects.filter(registering_committee__in=below, pk__in=drivers),
                    "declared": Driver.objects.filter(declared_branch=pk, pk__in=party),
                    "placed": Driver.objects.filter(person__party_member__formal_organization=pk, pk__in=party),
                }
                for name, rows in counted.items():
                    shown = (fragment.context or {}).get(name)
                    if shown is not None:
                        assert shown["count"].number == rows.count(), (who, pk, name)


def test_the_page_of_a_vehicle_names_no_foreign_driver(house):
    oracle = Oracle()
    for who in CAST:
        client, ties = client_of(house, who), oracle.rows(DriverVehicle, house.cast[who])
        for pk in oracle.rows(Vehicle, house.cast[who]):
            page = client.get(reverse("members:vehicle_detail", args=[pk]))
            assert {link.pk for link in page.context["links"]} == {
                link.pk for link in DriverVehicle.objects.filter(vehicle=pk) if link.pk in ties
            }, who


def test_the_page_of_a_firm_counts_the_drivers_one_may_see(house):
    oracle = Oracle()
    for who in CAST:
        client, drivers = client_of(house, who), oracle.rows(Driver, house.cast[who])
        for pk in oracle.rows(Enterprise, house.cast[who]):
            page = client.get(reverse("members:enterprise_detail", args=[pk]))
            if page.context["drivers"] is not None:
                assert page.context["drivers"].number == Driver.objects.filter(enterprise=pk, pk__in=drivers).count()


# --- counts -----------------------------------------------------------------------------------------------------------
def test_the_figures_of_the_desk_count_what_the_lists_show(house):
    desks = 0
    for who in CAST:
        user, page = house.cast[who], client_of(house, who).get("/")
        if "tree" not in (page.context or {}):
            continue
        oracle, desks = Oracle(), desks + 1
        drivers = Driver.objects.filter(pk__in=oracle.rows(Driver, user))
        assert page.context["drivers"]["registered"] == len(drivers)
        assert page.context["drivers"]["operating"] == len(drivers)
        assert page.context["coverage"]["enterprises"] == len(oracle.rows(Enterprise, user))
        if "imports" in page.context:
            assert {one.pk for one in page.context["imports"]} == oracle.rows(RosterImport, user)
        if "transfers" in page.context:
            seen = RegistrationTransfer.objects.filter(pk__in=oracle.rows(RegistrationTransfer, user))
            assert page.context["transfers"] == sum(one.status in ("claimed", "refused") for one in seen)
        units, posts = oracle.rows(Organization, user), oracle.covered(user, "appointment.view")
        branches = [
            one for one in Organization.objects.filter(pk__in=units) if "secretary" in REQUIRED_POSTS.get(one.kind, ())
        ]
        held = {post.organization_id for post in Appointment.objects.filter(role="secretary")}
        empty = {one.pk for one in branches if one.pk in posts and one.pk not in held}
        assert page.context["vacancy_count"] == len(empty), who
        assert {one.pk for one in page.context["vacancies"]} <= empty
    assert desks == 5  # four clerks and a leader


def test_no_vacancy_on_the_desk_of_a_unit_whose_posts_one_may_not_see(house):
    from tests.factories import AppointmentFactory

    user = house.cast["leader"]
    AppointmentFactory(user=user, organization=house.tree.neighbour_branch, role="handler")
    page = client_of(house, "leader").get("/")
    assert house.tree.neighbour_branch.pk not in {one.pk for one in page.context["vacancies"]}
    assert (
        page.context["vacancy_count"]
        == client_of(house, "leader")
        .get(reverse("branches:vacancy_list"), {"role": "secretary"})
        .context["page"]
        .paginator.count
    )


# --- admin ------------------------------------------------------------------------------------------------------------
def tables():
    return [pytest.param(model, id=model.__name__) for model in admin.site._registry]


def wanted_rows(model, user) -> set:
    if model in (Division, Workday):
        return set(model.objects.values_list("pk", flat=True))
    if model in (Category, SlaPolicy):  # kept by system administrators, seen in the admin by nobody else
        keeps = Oracle().covered(user, "sla_policy.change").everything
        return set(model.objects.values_list("pk", flat=True)) if keeps else set()
    if model in (ComplianceRule, VisitTarget):
        keeps = Oracle().covered(user, "compliance_rule.change").everything
        return set(model.objects.values_list("pk", flat=True)) if keeps else set()
    return Oracle().rows(model, user)


@pytest.mark.parametrize("model", tables())
def test_a_table_of_the_admin_shows_what_the_oracle_says(house, model):
    url, shown = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), 0
    for who in STAFF:
        wanted, response = wanted_rows(model, house.cast[who]), client_of(house, who).get(url)
        if response.status_code == 403:
            assert not wanted
            continue
        assert set(response.context["cl"].queryset.values_list("pk", flat=True)) == wanted, who
        assert response.context["cl"].result_count == min(len(wanted), 10_000)
        shown += bool(wanted)
    assert shown


@pytest.mark.parametrize("model", tables())
def test_pop_ups_and_autocomplete_offer_rows_in_scope_only(house, model):
    table = admin.site._registry[model]
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_add"
    for who in STAFF:
        client = client_of(house, who)
        page = client.get(reverse(name))
        if page.status_code == 200:
            for label, field in page.context["adminform"].form.fields.items():
                if isinstance(field, ModelChoiceField):
                    offered = set(field.queryset.values_list("pk", flat=True))
                    assert offered <= wanted_rows(field.queryset.model, house.cast[who]), (who, label)
        for field in table.autocomplete_fields:
            target = model._meta.get_field(field).remote_field.model
            asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}
            found = client.get(reverse("admin:autocomplete"), asked | {"term": ""})
            wanted = wanted_rows(target, house.cast[who])
            if found.status_code == 200:
                keys = {str(one["id"]) for one in found.json()["results"]}
                assert keys <= {str(pk) for pk in wanted}, (who, field)
                assert keys or not wanted
            else:
                assert found.status_code == 403
    raw = set(table.raw_id_fields) | set(table.autocomplete_fields)
    assert not {name for name in raw if model._meta.get_field(name).remote_field.model not in admin.site._registry}


def test_a_bulk_action_of_the_admin_does_nothing_to_foreign_rows(house):
    foreign = house.tree.neighbour_branch
    url = reverse("admin:branches_organization_changelist")
    values = {"action": "rectify", "confirmed": "1", "reason": "测试原因", "select_across": "1"}
    client_of(house, "county_clerk").post(url, values | {"_selected_action": [foreign.pk, house.tree.branch.pk]})
    foreign.refresh_from_db()
    assert foreign.status == "active"
    statuses = set(
        Organization.objects.filter(kind=Kind.MOBILE_BRANCH, status="rectifying").values_list("pk", flat=True)
    )
    assert statuses <= Oracle().rows(Organization, house.cast["county_clerk"])
    assert house.tree.branch.pk in statuses


EXPORTS = [
    "organization", "user", "division", "workday", "enterprise", "vehicle", "affiliation", "transfer", "lostcontact",
]  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_a_file_from_the_admin_has_the_rows_in_scope(house, name):
    model, right = {
        "organization": (Organization, "organization.export"),
        "user": (User, None),
        "division": (Division, None),
        "workday": (Workday, None),
        "enterprise": (Enterprise, "enterprise.export"),
        "vehicle": (Vehicle, "driver.export"),
        "affiliation": (Affiliation, "party_member.export"),
        "transfer": (Transfer, "party_member.export"),
        "lostcontact": (LostContact, "party_member.export"),
    }[name]
    url = reverse(f"admin:{model._meta.app_label}_{name}_export")
    for who in ("county_clerk", "neighbour_clerk", "security_admin", "system_admin"):
        client, user = client_of(house, who), house.cast[who]
        page = client.get(url)
        if page.status_code == 403:
            continue
        form = page.context["form"]
        kinds = {label.lower(): value for value, label in form.fields["format"].choices}
        chosen = {field: "on" for field in form.fields if field not in ("format", "resource", "export_items")}
        answer = client.post(url, chosen | {"format": kinds["csv"], "resource": form.initial.get("resource", "")})
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment"), name
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        wanted = wanted_rows(model, user)
        if right:
            wanted &= Oracle().rows(model, user, right)
        assert len(lines) - 1 == len(wanted), who


@pytest.mark.parametrize(
    ("name", "model", "right", "key"),
    [
        ("branches:organization_export", Organization, "organization.export", "code"),
        ("members:enterprise_export", Enterprise, "enterprise.export", "name"),
    ],
)
def test_a_file_of_a_list_has_the_rows_in_scope(house, name, model, right, key):
    taken = 0
    for who in CAST:
        wanted = Oracle().rows(model, house.cast[who], right)
        answer = client_of(house, who).post(reverse(name))
        if answer.status_code == 403:
            assert not wanted, who
            continue
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        column = sheet[0].index(str(model._meta.get_field(key).verbose_name))
        found = sorted(row[column] for row in sheet[1:])
        assert found == sorted(getattr(row, key) for row in model.objects.filter(pk__in=wanted)), who
        assert Entry.objects.filter(action=f"{model._meta.model_name}.exported", actor_id=house.cast[who].pk).exists()
        taken += 1
    assert taken >= 5


# --- choices of forms -------------------------------------------------------------------------------------------------
FORMS = [
    name
    for name, door in DOORS.items()
    if name.startswith(("branches:", "members:"))
    and (name.endswith(("create", "change", "claim", "withdraw")) or "organization_" in name)
]


@pytest.mark.parametrize("name", FORMS)
def test_forms_offer_rows_in_scope_only(house, name):
    for who in ("county_clerk", "partner"):
        client, user = client_of(house, who), house.cast[who]
        if who == "partner" and DOORS[name].names:
            continue
        page = client.get(address(house, name))
        form = page.context.get("form") if page.status_code == 200 and page.context else None
        for label, field in form.fields.items() if form is not None else ():
            if isinstance(field, ModelChoiceField) and isinstance(field.queryset, ScopedQuerySet):
                allowed = Oracle().rows(field.queryset.model, user)
                if label == "guiding_organization":  # departments are public names
                    allowed |= set(Organization.objects.filter(kind=Kind.DEPARTMENT).values_list("pk", flat=True))
                if label == "committee" and who == "partner":  # with which its firm is registered
                    allowed |= {house.enterprises["platform"].committee_id}
                assert set(field.queryset.values_list("pk", flat=True)) <= allowed, (who, label)


# --- files and trail --------------------------------------------------------------------------------------------------
def test_an_export_has_exactly_the_rows_of_the_list_and_only_its_owner_fetches_it(house):
    from members.workflow.exports import write_next

    ExportJob.objects.all().delete()
    for who in ("province_clerk", "city_clerk", "county_clerk", "neighbour_clerk"):
        client = client_of(house, who)
        values = {"columns": ["name", "phone", "id_number"], "format": "csv", "reason": "核对名单"}
        made = client.post(reverse("members:export_create"), values)
        assert made.status_code == 302
        while write_next():
            pass
        job = ExportJob.objects.get(created_by=house.cast[who])
        file = client.get(reverse("members:export_download", args=[job.pk]))
        text = b"".join(file.streaming_content).decode("utf-8-sig")
        wanted = Driver.objects.filter(pk__in=Oracle().rows(Driver, house.cast[who], "driver.export"))
        names = {driver.person.name for driver in wanted}
        everyone = {driver.person.name for driver in house.drivers.values()}
        assert {name for name in everyone if f"{name}," in text} == names, who
        for driver in house.drivers.values():
            assert driver.person.phone not in text
        for other in CAST:
            if other != who:
                answer = client_of(house, other).get(reverse("members:export_download", args=[job.pk]))
                assert answer.status_code in (403, 404), other


def test_the_trail_is_for_auditors(house):
    from django.db import transaction

    with transaction.atomic():
        trail.record("driver.reveal", house.drivers["neighbour"], actor=house.cast["neighbour_clerk"])
    for who in CAST:
        answer = client_of(house, who).get(reverse("dashboard:audit"))
        assert answer.status_code == (200 if who == "auditor" else 404 if who == "outsider" else 403), who


def test_the_history_of_a_driver_names_no_look_to_who_may_not_look(house):
    from django.db import transaction

    driver = house.drivers["member_of_branch"]
    with transaction.atomic():
        trail.record("driver.reveal", driver, actor=house.cast["secretary"], person_id=driver.pk, reason="测试理由")
    for who in CAST:
        page = client_of(house, who).get(reverse("members:driver_detail", args=[driver.pk]))
        may = driver.pk in Oracle().rows(Driver, house.cast[who], "driver_identity.reveal")
        if page.status_code == 200:
            assert ("测试理由" in page.content.decode()) == may, who
