"""Doors ask for scope: views, admin, resources and forms read our tables through visible_to or manageable_by."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from branches.querysets import ScopedQuerySet

ROOT = Path(settings.BASE_DIR)
APPS = ("branches", "members", "service_stations", "activities", "grievances", "dashboard")
DOORS = ("views", "api", "admin", "resources", "forms", "filters", "lists")
FILES = sorted(
    path
    for app in APPS
    for door in DOORS
    for path in [ROOT / app / f"{door}.py", *(ROOT / app / door).rglob("*.py")]
    if path.is_file()
)
MODELS = {
    model.__name__: model for model in apps.get_models() if model.__module__.split(".")[0] in {*APPS, "foundation"}
}
SCOPED = {name for name, model in MODELS.items() if isinstance(model._default_manager.all(), ScopedQuerySet)}
EVERYBODYS = {"Division", "Workday", "Category"}  # reference tables: every row is for everybody who is signed in
QUESTIONS = {"visible_to", "manageable_by", "changeable_by"}

# file, function and what it asks → why no scope is needed there.
WITHOUT_SCOPE: dict[tuple[str, str, str], str] = {
    ("branches/admin/scoped.py", "entries_of", "Entry.for_object"): "the object came out of the scope",
    ("branches/admin/tables.py", "", "Organization.none"): "placeholder, filled per request",
    ("branches/forms.py", "", "Appointment.none"): "placeholder, filled per request",
    ("branches/forms.py", "", "Organization.none"): "placeholder, filled per request",
    ("branches/resources.py", "before_export", "Organization.order_by"): "names of parents for rows that are scoped",
    ("branches/views/guidance.py", "_office", "Office.filter"): "the office one holds oneself",
    ("branches/views/guidance.py", "_posts", "Appointment.running"): "of an organisation that came out of the scope",
    (
        "branches/views/guidance.py",
        "guidance_create",
        "Organization.filter",
    ): "scoped rows, and departments, whose names are public",
    ("branches/views/terms.py", "term_change", "Organization.get"): "of a term in scope",
    ("branches/views/handover.py", "_post_or_404", "Appointment.hand_overs_for"): "is the scope of hand-overs",
    ("branches/views/handover.py", "hand_over_list", "Appointment.hand_overs_for"): "is the scope of hand-overs",
    ("branches/views/handover.py", "_successors", "Appointment.filter"): "who holds the posts of a scoped page now",
    (
        "branches/views/organizations.py",
        "_ancestors",
        "Organization.get_ancestors",
    ): "units above are named in the crumbs, not linked",
    ("branches/views/organizations.py", "_children", "Organization.get_children"): "narrows scoped rows",
    ("branches/views/organizations.py", "_with_parents", "Organization.filter"): "names of parents of scoped rows",
    (
        "branches/views/organizations.py",
        "organization_change",
        "Organization.get_parent",
    ): "decides which kinds the form offers",
    (
        "branches/views/organizations.py",
        "organization_detail",
        "Entry.filter",
    ): "of an organisation that came out of the scope",
    (
        "branches/views/organizations.py",
        "organization_dissolve",
        "Organization.subtree_of",
    ): "excluded from scoped rows",
    (
        "branches/views/organizations.py",
        "organization_move",
        "Organization.subtree_of",
    ): "excluded from scoped rows, and a number",
    ("dashboard/views/audit.py", "_filtered", "User.filter"): "auditors read the whole trail",
    ("dashboard/views/audit.py", "entries", "Entry.newest_first"): "auditors read the whole trail",
    ("dashboard/views/audit.py", "entries", "Entry.unsealed"): "auditors read the whole trail",
    ("dashboard/views/audit.py", "entries", "Organization.filter"): "names of organisations in the trail",
    ("grievances/views/following.py", "promise", "Clock.running"): "of a case whose code and passphrase were shown",
    ("grievances/views/following.py", "history", "Entry.for_object"): "of a case whose code and passphrase were shown",
    ("grievances/views/following.py", "history", "Organization.filter"): "names of units, said to the complainant",
    ("grievances/views/following.py", "history", "Statement.filter"): "of a case whose code and passphrase were shown",
    ("grievances/views/following.py", "ladder", "Organization.get_ancestors"): "names of committees are public",
    (
        "grievances/views/following.py",
        "last_words",
        "Statement.filter",
    ): "of a case whose code and passphrase were shown",
    (
        "grievances/views/following.py",
        "promise_clock",
        "Clock.filter",
    ): "of a case whose code and passphrase were shown",
    (
        "grievances/views/following.py",
        "question",
        "Statement.filter",
    ): "of a case whose code and passphrase were shown",
    ("grievances/views/lodging.py", "_page", "Grievance.drafts_for"): "is the scope of drafts",
    ("grievances/views/lodging.py", "_units", "Organization.filter"): "of one's own posts",
    ("grievances/views/lodging.py", "draft", "Grievance.drafts_for"): "is the scope of drafts",
    ("grievances/views/own.py", "own_case", "Grievance.with_names"): "whose code and passphrase were shown",
    ("grievances/views/public.py", "lodged", "Clock.running"): "of the case this browser has just lodged",
    ("grievances/views/own.py", "shown_lodged", "Grievance.with_names"): "the case this browser has just lodged",
    ("grievances/views/public.py", "province_of", "Organization.filter"): "in which province the top committee is",
    ("grievances/forms/campaigns.py", "", "Organization.none"): "placeholder, filled per request",
    (
        "grievances/forms/policies.py",
        "clean_organization",
        "Organization.filter",
    ): "system administrators name any committee by its code",
    ("grievances/lists/worklist.py", "_my_turn", "Office.filter"): "of the units of the reader's posts",
    (
        "grievances/lists/worklist.py",
        "rows_of",
        "Grievance.all",
    ): "narrowed by decided_by, moved_up_from or _my_turn: parts of the scope; test_lists holds them to the oracle",
    ("grievances/lists/worklist.py", "counts", "User.filter"): "the reader's own row, to hang numbers on",
    ("grievances/lists/worklist.py", "late_here", "Grievance.overdue"): "cut with the units of the reader's posts",
    ("grievances/views/acts.py", "end_assist", "Assist.select_related"): "of a case in scope",
    ("grievances/views/acts.py", "form_of", "Clock.running"): "of a case in scope",
    (
        "grievances/views/case.py",
        "_history",
        "Entry.for_object",
    ): "of a case in scope; inner words by may_read_internal",
    ("grievances/views/case.py", "_ladder", "Organization.get_ancestors"): "the rungs above are named, not linked",
    (
        "grievances/views/case.py",
        "_limits_to_come",
        "Organization.get_ancestors",
    ): "keys only, to find the limit that applies",
    ("grievances/views/case.py", "_limits_to_come", "SlaPolicy.in_force"): "the limits that bind a case in scope",
    ("grievances/views/case.py", "case_context", "Clock.filter"): "of a case in scope",
    ("grievances/views/case.py", "evidence_file", "Evidence.select_related"): "of a case in scope",
    ("grievances/views/policies.py", "_list", "SlaPolicy.select_related"): "limits are everybody's who may read them",
    ("grievances/views/policies.py", "policy_end", "SlaPolicy.select_related"): "kept by system administrators",
    ("grievances/views/supervision.py", "_decidable", "Extension.filter"): "of cases manageable_by the reader",
    ("grievances/views/supervision.py", "extension_decide", "Extension.filter"): "of cases visible_to the reader",
    ("grievances/forms/ledger.py", "committees_of", "Organization.running"): "cut with the reader's region",
    ("grievances/lists/ledger.py", "_unit", "Organization.filter"): "a condition within scoped cases",
    (
        "grievances/lists/ledger.py",
        "organization",
        "Organization.filter",
    ): "a condition within scoped cases; named to whose region it lies in",
    ("grievances/lists/desk.py", "waiting", "Grievance.decided_by"): "a part of the scope, see test_desk",
    ("grievances/lists/ledger_export.py", "chunks", "Grievance.filter"): "keys of a scoped list",
    ("grievances/views/figures.py", "figures", "Grievance.counted_for"): "is the scope of figures",
    ("grievances/views/figures.py", "_units", "Organization.filter"): "cut with the reader's region",
    ("grievances/views/figures.py", "_heat", "Organization.filter"): "units of counted rows",
    ("grievances/views/ledger.py", "ledger", "Grievance.as_lines"): "keys of a scoped page",
    ("grievances/views/sample.py", "sample", "Grievance.with_names"): "keys of a scoped sample",
    ("activities/forms.py", "", "Organization.none"): "placeholder, filled per request",
    ("activities/forms.py", "", "Station.none"): "placeholder, filled per request",
    ("activities/forms.py", "__init__", "Organization.get_parent"): "whose stations and branches are offered by name",
    ("activities/forms.py", "__init__", "Station.filter"): "names of stations are public",
    ("activities/forms.py", "others_for", "Organization.filter"): "names of branches beside one's own are public",
    ("activities/forms.py", "others_for", "Organization.none"): "nobody beside it",
    ("activities/forms.py", "", "ConferenceDepartment.none"): "placeholder, filled per request",
    ("activities/forms.py", "__init__", "ConferenceDepartment.filter"): "of a meeting in scope",
    ("activities/views/instructors.py", "instructors", "Appointment.running"): "at branches manageable_by the reader",
    ("activities/views/activities.py", "_history", "Entry.for_object"): "of an activity in scope",
    ("activities/views/activities.py", "activity_list", "Activity.select_related"): "keys of a scoped page",
    ("activities/views/calendar.py", "branch_calendar", "Activity.of_units"): "of a unit manageable_by the reader",
    ("activities/views/calendar.py", "branch_calendar", "Attendance.filter"): "of a unit manageable_by the reader",
    ("activities/views/calendar.py", "branch_calendar", "ComplianceStatus.filter"): "of a unit in scope",
    ("activities/views/record.py", "_initial", "Activity.of_units"): "of a unit one records for",
    ("activities/views/record.py", "_missing", "ComplianceStatus.filter"): "of a unit one records for",
    ("members/lists/driver_export.py", "_person_values", "Person.order_by"): "of scoped drivers",
    ("members/lists/driver_export.py", "_plates", "DriverVehicle.running"): "of scoped drivers",
    ("members/lists/driver_export.py", "_plates", "Vehicle.filter"): "of scoped drivers",
    ("members/lists/driver_export.py", "_licences", "Credential.filter"): "of scoped drivers",
    ("members/lists/driver_export.py", "_expiries", "Credential.filter"): "of scoped drivers",
    ("members/lists/drivers.py", "_committee", "Organization.filter"): "cut with the reader's region below",
    ("members/lists/drivers.py", "_expires_before", "Credential.filter"): "a condition within scoped drivers",
    ("members/lists/drivers.py", "_from_import", "RosterResult.filter"): "of batches in scope",
    ("members/lists/drivers.py", "_shown", "Organization.filter"): "cut with the reader's region",
    ("members/lists/drivers.py", "_met", "Driver.all"): "scope is added as parts of one index each",
    (
        "members/resources.py",
        "_committee",
        "Organization.filter",
    ): "cut with the reader's region, one sentence for both",
    ("members/resources.py", "change", "Enterprise.only"): "the version of a row that came out of the scope",
    ("members/resources.py", "change", "Vehicle.only"): "the version of a row that came out of the scope",
    ("members/lists/drivers.py", "parts", "Driver.scope_parts"): "is the scope",
    ("members/lists/drivers.py", "runs", "Credential.filter"): "an annotation of scoped drivers",
    ("members/forms/fields.py", "branches_for", "Organization.filter"): "cut with the reader's region",
    ("members/forms/fields.py", "committees_for", "Enterprise.filter"): "firms of one's own platform",
    ("members/forms/fields.py", "committees_for", "Organization.filter"): "cut with the reader's region",
    (
        "members/forms/fields.py",
        "with_current",
        "Organization.filter",
    ): "scoped rows, and the one a row in scope names already",
    ("members/forms/imports.py", "importable", "Organization.filter"): "cut with the reader's region",
    ("members/forms/registry.py", "__init__", "Organization.running"): "cut with the reader's region",
    (
        "members/views/drivers.py",
        "_detail_context",
        "Credential.filter",
    ): "of a driver in scope, after asking the right for his row",
    (
        "members/views/drivers.py",
        "_detail_context",
        "DriverVehicle.filter",
    ): "of a driver in scope, after asking the right for his row",
    ("members/views/drivers.py", "columns_save", "SavedFilter.update_or_create"): "one's own",
    ("members/views/drivers.py", "driver_end_vehicle", "DriverVehicle.running"): "of a driver in scope",
    ("members/views/drivers.py", "filter_delete", "SavedFilter.get_or_404"): "one's own",
    ("members/views/drivers.py", "filter_save", "SavedFilter.filter"): "one's own",
    ("members/views/drivers.py", "filter_save", "SavedFilter.update_or_create"): "one's own",
    ("members/lists/duplicates.py", "shared_keys", "Person.filter"): "people of scoped drivers",
    ("members/views/history.py", "object_history", "Entry.for_object"): "of an object that came out of the scope",
    ("members/views/history.py", "person_history", "Entry.for_person"): "of a driver in scope",
    ("members/views/history.py", "_rosters", "RosterResult.filter"): "of a driver in scope; batches open by scope",
    (
        "members/forms/membership.py",
        "clean",
        "Organization.running",
    ): "whither a letter goes: names of units are public (organization.view_public)",
    ("members/lists/members.py", "_unit", "Affiliation.running"): "narrows scoped members",
    ("members/lists/members.py", "_shown", "Organization.filter"): "the name of a unit, which is public",
    ("members/lists/member_export.py", "chunks", "PartyMember.filter"): "keys of a scoped list",
    ("members/lists/member_export.py", "_ties", "Affiliation.running"): "ties of members of a scoped list",
    ("members/views/membership/lists.py", "_shown", "Affiliation.running"): "ties of members in scope",
    ("members/views/membership/lists.py", "_shown", "PartyMember.with_person"): "rows whose keys came out of the scope",
    (
        "members/views/membership/lists.py",
        "coverage",
        "Organization.filter",
    ): "names of units of scoped members",
    ("members/forms/development.py", "", "PartyMember.none"): "placeholder, filled per request",
    ("members/views/development/file.py", "_history", "Entry.for_object"): "of a file in scope",
    ("members/views/kept.py", "kept_of_driver", "BackboneTag.running"): "of a driver in scope",
    ("members/views/kept.py", "records_of", "BackboneTag.running"): "of a member in scope",
    ("members/views/kept.py", "records_of", "PartyMember.paying_in"): "of units whose dues the reader keeps",
    ("members/views/membership/dues.py", "_roll", "PartyMember.paying_in"): "of a unit whose dues the reader keeps",
    ("members/views/membership/dues.py", "keeps_dues", "PartyMember.paying_in"): "of units whose dues the reader keeps",
    ("members/lists/members.py", "_tagged", "BackboneTag.running"): "narrows scoped members",
    ("members/lists/members.py", "_tagged", "ContactPair.running"): "narrows scoped members",
    ("members/views/membership/tags.py", "_backbone", "BackboneTag.running"): "of a person in scope",
    ("members/views/membership/pages.py", "member_detail", "Affiliation.filter"): "of a member in scope",
    ("members/views/membership/pages.py", "member_detail", "Entry.for_person"): "of a member in scope",
    ("members/views/verification/acts.py", "verification_confirm", "PartyMember.filter"): "of a case in scope",
    ("members/views/verification/lists.py", "verification_list", "Verification.with_names"): "keys of a scoped page",
    ("members/views/verification/pages.py", "verification_detail", "Entry.for_object"): "of a case in scope",
    ("members/views/declarations/campaigns.py", "recruit_list", "RecruitCampaign.annotate"): "keys of a scoped page",
    ("members/views/declarations/desk.py", "declaration_list", "Declaration.select_related"): "keys of a scoped page",
    (
        "members/views/declarations/public.py",
        "join_call",
        "RecruitCampaign.select_related",
    ): "a call is public, by the code on its notice",
    ("members/views/declarations/public.py", "_own", "Declaration.select_related"): "whose receipt was shown",
    (
        "members/forms/declarations.py",
        "__init__",
        "Organization.running",
    ): "names of committees are public (organization.view_public)",
    (
        "members/views/imports/pages.py",
        "columns_page",
        "RosterMapping.filter",
    ): "of the organisation of a batch in scope",
    (
        "members/views/imports/pages.py",
        "name_is_taken",
        "RosterMapping.filter",
    ): "of the organisation of a batch in scope",
    (
        "members/views/lists.py",
        "_credentials",
        "Credential.filter",
    ): "of drivers of a scoped page; cells the reader may not see are emptied",
    (
        "members/views/lists.py",
        "_plates",
        "DriverVehicle.running",
    ): "of drivers of a scoped page; cells the reader may not see are emptied",
    ("members/views/lists.py", "list_context", "SavedFilter.filter"): "one's own",
    ("members/views/lists.py", "offers", "Organization.values_list"): "for who sees every driver",
    ("members/views/lists.py", "rows_of", "Driver.with_person"): "keys of a scoped page",
    ("members/views/vehicles.py", "vehicle_list", "Vehicle.with_is_ours"): "keys of a scoped page",
    ("members/views/registration.py", "registration_list", "Entry.by_actor"): "what oneself did",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def questions(source: str):
    """Yield (function, "Model.method") for every question to a manager of ours that does not begin with the scope."""
    tree = ast.parse(source)
    for function, node in _with_function(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            manager, model = node.value.attr, node.value.value
            asks = manager in {"objects", "_default_manager", "_base_manager"} and node.attr not in QUESTIONS
            if asks and isinstance(model, ast.Name) and model.id in MODELS.keys() - EVERYBODYS:
                yield function, f"{model.id}.{node.attr}"
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"get_object_or_404", "get_list_or_404"}:
            first = node.args[0]
            if isinstance(first, ast.Name) and first.id in MODELS:
                yield function, f"{first.id}.get_or_404"


def _with_function(tree):
    def walk(node, function):
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.FunctionDef) else function
            yield inside, child
            yield from walk(child, inside)

    return walk(tree, "")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_doors_read_our_tables_through_scope(path):
    asked = set(questions(path.read_text(encoding="utf-8")))
    allowed = {(function, what) for file, function, what in WITHOUT_SCOPE if file == name_of(path)}
    assert asked - allowed == set(), "ask visible_to or manageable_by, or say in WITHOUT_SCOPE why not"


def test_every_exception_is_still_there():
    found = {(name_of(path), *one) for path in FILES for one in questions(path.read_text(encoding="utf-8"))}
    assert set(WITHOUT_SCOPE) - found == set()


def test_the_check_sees_what_it_is_there_for():
    assert {"Organization", "Appointment", "Driver", "Enterprise", "Vehicle", "RosterImport", "ExportJob"} <= SCOPED
    assert len(FILES) > 25
    bad = (
        "def page(request, pk):\n    one = get_object_or_404(Driver, pk=pk)\n    return Driver.objects.filter(pk=pk)\n"
    )
    assert set(questions(bad)) == {("page", "Driver.get_or_404"), ("page", "Driver.filter")}
    assert set(questions("Driver.objects.visible_to(reach).filter(pk=1)")) == set()
