"""Knocking on doors: who, at which address, with which row, and what an answer means."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import ComplianceRule, VisitTarget
from branches.models import Guidance, Organization
from grievances.models import Assist, Campaign, Category, Evidence, Extension, SlaPolicy
from grievances.workflow.evidence import path_of
from members.models import ExportJob, SavedFilter
from tests.house.url_policy import DOORS

# Column of docs/permissions.csv → who of the cast stands for it, and which rows are near to him.
COLUMNS = {
    "anonymous": (None, "county"),
    "outsider": ("outsider", "county"),
    "clerk": ("county_clerk", "county"),
    "leader": ("leader", "county"),
    "organisation_reader": ("organisation_reader", "county"),
    "secretary": ("secretary", "branch"),
    "branch_committee_member": ("branch_committee_member", "branch"),
    "instructor": ("instructor", "branch"),
    "station_manager": ("station_manager", "home"),
    "handler": ("handler", "home"),
    "partner": ("partner", "company"),
    "auditor": ("auditor", "county"),
    "security_admin": ("security_admin", "county"),
    "system_admin": ("system_admin", "county"),
}
PLACES = ("county", "branch", "company", "far")
NEAR_DRIVER = {"county": "county", "branch": "member_of_branch", "company": "of_platform", "far": "neighbour"}


def row_of(house, kind: str, place: str, who: str | None = None):
    """Return the key of a row of a kind at a place; of rows that belong to somebody, his own when he has one."""
    tree = house.tree
    if place == "home":  # the unit of the post itself, not what stands below it
        if kind == "organization":
            return tree.county.pk
        place = "county"
    driver = house.drivers[NEAR_DRIVER[place]]

    def at(county, branch, company, far):
        return dict(zip(PLACES, (county, branch, company, far), strict=True))[place]

    def own(rows: dict):
        return rows["neighbour_clerk"] if place == "far" else rows.get(who, rows["county_clerk"])

    return {
        "organization": lambda: at(tree.branch, tree.branch, tree.company, tree.neighbour_branch).pk,
        "organization of a branch": lambda: at(tree.branch, tree.branch, tree.company_branch, tree.neighbour_branch).pk,
        "committee": lambda: at(tree.county, tree.branch, tree.company, tree.neighbour_county).pk,
        "committee code": lambda: at(tree.county, tree.branch, tree.company, tree.neighbour_county).code,
        "user": lambda: at(*(house.cast[n] for n in ("secretary", "secretary", "partner", "neighbour_clerk"))).pk,
        "appointment": lambda: (
            at(*(house.cast[n] for n in ("secretary", "secretary", "partner", "neighbour_clerk"))).appointments.get().pk
        ),
        "guidance": lambda: Guidance.objects.get(organization=at(*[tree.county] * 3, tree.neighbour_county)).pk,
        "term": lambda: house.terms[at("branch", "branch", "company", "far")].pk,
        "office": lambda: house.offices[at("county", "branch", "county", "neighbour")].pk,
        "driver": lambda: driver.pk,
        "member": lambda: house.drivers["member_of_neighbour_branch" if place == "far" else "member_of_branch"].pk,
        "member without card": lambda: house.drivers["leaving" if place == "far" else "moving"].pk,
        "dues": lambda: house.records["dues far" if place == "far" else "dues near"].pk,
        "appraisal": lambda: house.records["appraisal far" if place == "far" else "appraisal near"].pk,
        "pair": lambda: house.records["pair far" if place == "far" else "pair near"].pk,
        "tie": lambda: house.ties["far" if place == "far" else "near"].pk,
        "letter": lambda: house.letters[at("county", "county", "company", "far")].pk,
        "letter from outside": lambda: house.letters[at("from_outside", "from_outside", "from_outside", "far")].pk,
        "signed letter": lambda: house.letters[at("to_county", "to_county", "to_county", "far signed")].pk,
        "search": lambda: house.searches["far" if place == "far" else "county"].pk,
        "decided search": lambda: house.searches["far" if place == "far" else "decided"].pk,
        "approved search": lambda: house.searches["far" if place == "far" else "approved"].pk,
        "file": lambda: house.developments["far" if place == "far" else "branch"].pk,
        "file to approve": lambda: house.developments["far to approve" if place == "far" else "branch to approve"].pk,
        "verification": lambda: house.verifications["far" if place == "far" else "county"].pk,
        "declaration": lambda: house.declarations["far" if place == "far" else "county"].pk,
        "call": lambda: house.calls["far" if place == "far" else "county"].pk,
        "slug of a call": lambda: house.calls["far" if place == "far" else "county"].slug,
        "twin": lambda: house.drivers[at(*["member_of_second_branch"] * 3, "declares_branch")].pk,
        "link": lambda: driver.vehicle_links.filter(until_date=None).earliest("pk").pk,
        "enterprise": lambda: house.enterprises[at("county", "of_branch", "platform", "neighbour")].pk,
        "vehicle": lambda: (
            (house.drivers["declares_branch"] if place == "far" else driver).vehicle_links.earliest("pk").vehicle_id
        ),
        "transfer": lambda: house.transfers["by_county" if place == "far" else "from_county"].pk,
        "import": lambda: house.imports[at("county", "county", "partner", "neighbour")].pk,
        "export": lambda: own(house.exports).pk,
        "work_orders": lambda: house.work_orders["neighbour" if place == "far" else "county"].pk,
        "ready_export": lambda: ready(own(house.exports)),
        "filter": lambda: own({one.user.username.replace("-", "_"): one for one in SavedFilter.objects.all()}).pk,
        "notification": lambda: own(house.notifications).pk,
        "delivery": lambda: house.deliveries["far" if place == "far" else "near"].pk,
        "lodged case": lambda: house.cases[f"{place} lodged"].pk,
        "accepted case": lambda: house.cases[f"{place} accepted"].pk,
        "case": lambda: house.cases[f"{place} in_hand"].pk,
        "answered case": lambda: house.cases[f"{place} answered"].pk,
        "branch's case": lambda: house.cases[f"{at('branch', 'branch', 'company', 'far')} in_hand"].pk,
        "case below": lambda: house.cases[f"{at('below', 'below', 'below', 'far')} in_hand"].pk,
        "county's case": lambda: house.cases[f"{at('county', 'county', 'county', 'far')} in_hand"].pk,
        "assist": lambda: (
            Assist.objects.get(grievance=house.cases[f"{at('county', 'county', 'county', 'far')} in_hand"]).pk
        ),
        "evidence": lambda: stored(house, house.cases[f"{at('county', 'county', 'county', 'far')} in_hand"]),
        "extension": lambda: (
            Extension.objects.get(clock__grievance=house.cases[f"{at('below', 'below', 'below', 'far')} in_hand"]).pk
        ),
        "campaign": lambda: (
            Campaign.objects.filter(organization=at(*[tree.county] * 3, tree.neighbour_county)).earliest("pk").pk
        ),
        "policy": lambda: SlaPolicy.objects.earliest("pk").pk,
        "category": lambda: Category.objects.get(code="parking_space").pk,
        "activity": lambda: house.activities[f"{place} done"].pk,
        "planned activity": lambda: house.activities[f"{place} planned"].pk,
        "shared activity": lambda: house.activities[f"{place} shared"].pk,
        "visit": lambda: house.follow_ups[at("branch", "branch", "company", "far")].visit_id,
        "follow-up": lambda: house.follow_ups[at("branch", "branch", "company", "far")].pk,
        "answered follow-up": lambda: house.follow_ups[f"{at('branch', 'branch', 'company', 'far')} answered"].pk,
        "conference": lambda: house.items["far" if place == "far" else "county"].meeting.conference_id,
        "meeting": lambda: house.items["far" if place == "far" else "county"].meeting_id,
        "item": lambda: house.items["far" if place == "far" else "county"].pk,
        "visit target": lambda: VisitTarget.objects.earliest("pk").pk,
        "rule": lambda: ComplianceRule.objects.earliest("pk").pk,
        "draft": lambda: own(house.drafts).pk,
        "division": lambda: "510402",
        "workday": lambda: "2026-01-01",
    }[kind]()


def ready(job: ExportJob) -> int:
    """Give an export its file."""
    from members.workflow.exports import folder

    name = f"{job.pk:032}.csv"
    (folder() / name).write_text("姓名\n", encoding="utf-8")
    ExportJob.objects.filter(pk=job.pk).update(status="ready", file_name=name, finished_at=timezone.now())
    return job.pk


def stored(house, case) -> int:
    """Give the file of a case its content."""
    evidence = Evidence.objects.get(grievance=case)
    path_of(evidence).write_bytes(b"picture")
    return evidence.pk


def client_of(house, who: str | None) -> Client:
    """Return a browser in which somebody of the cast has signed in; anybody else is nobody."""
    client = Client()
    if who in house.cast:
        client.force_login(house.cast[who])
    return client


def rows_for(house, name: str, place: str = "county", who: str | None = None) -> dict:
    """Return the parameters of an address that name rows, filled with rows at a place."""
    return {parameter: row_of(house, kind, place, who) for parameter, kind in DOORS[name].names.items()}


def address(house, name: str, keys: dict | None = None) -> str:
    """Return an address with the given keys, rows of the county in place of the others."""
    door = DOORS[name]
    keys = rows_for(house, name) | (keys or {}) if set(door.names) - set(keys or {}) else dict(keys or {})
    fixed = dict(door.fixed)
    if fixed.get("content_type_id") == "organization":
        fixed["content_type_id"] = ContentType.objects.get_for_model(Organization).pk
    asked = {parameter: keys.pop(parameter) for parameter in list(keys) if parameter in (door.query, "row")}
    url = reverse(name, kwargs=keys | fixed)
    if door.query in asked:
        return f"{url}?{door.query}={asked[door.query]}"
    return f"{url}?{door.query}" if door.query else url


def knock(client, house, name: str, keys: dict | None = None, *, post: bool = False):
    """Ask for an address as its policy says (or by POST); the answer is read to its end."""
    door = DOORS[name]
    keys = keys if keys is not None else rows_for(house, name)
    url = address(house, name, keys)
    data = dict(door.data or {}) | ({"row": keys["row"]} if "row" in door.names else {})
    response = client.get(url) if door.data is None and not post else client.post(url, data)
    response.body = b"".join(response.streaming_content) if response.streaming else response.content
    return response


def is_let_in(response) -> bool:
    """Return whether an answer is more than a refusal: no 4xx, and not the way to the sign-in page."""
    if response.status_code == 302:
        return not response.url.startswith("/accounts/login/")
    assert response.status_code < 500
    return response.status_code in (200, 204, 409)  # 409: may, but not in this state
