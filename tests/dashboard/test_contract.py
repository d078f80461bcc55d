"""`contract_dump`: complete, explained, and what it says is what the code does."""

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.urls import get_resolver

from branches.capabilities import CAPABILITIES, Capability
from branches.choices import Role
from dashboard.contract import _GROUP, _PARAMETER, MODEL_OF_SEGMENT, Unexplained, _patterns, contract, model_of


def printed():
    out = StringIO()
    call_command("contract_dump", stdout=out)
    return json.loads(out.getvalue())


def test_it_is_json_with_every_part():
    said = printed()
    assert {"models", "urls", "roles", "capabilities", "sensitive_fields", "retention_days"} <= said.keys()
    assert said["import_states"][:7] == ["uploaded", "parsing", "preview", "applying", "done", "failed", "undone"]
    assert said["row_results"] == ["created", "updated", "unchanged", "rejected"]


def test_every_table_of_ours_is_in_it():
    tables = {one["table"] for one in contract()["models"]}
    for label in ("branches", "members", "service_stations", "grievances", "accounts", "audit"):
        assert {model._meta.db_table for model in apps.get_app_config(label).get_models()} <= tables
    assert "django_session" not in tables


def test_every_parameter_of_an_address_is_explained():
    for route, _, view in _patterns(get_resolver(), "/", ""):
        for match in [*_PARAMETER.finditer(route), *_GROUP.finditer(route)]:
            label = model_of(route, match["name"], match.start(), view)
            assert label is None or apps.get_model(label)


def test_an_address_nobody_explained_is_not_taken_for_one_without_rows():
    with pytest.raises(Unexplained):
        model_of("/somewhere/<int:pk>/", "pk", len("/somewhere/"), None)


def test_no_explanation_is_left_over():
    used = {label for one in contract()["urls"] for label in one["parameters"].values()}
    assert set(MODEL_OF_SEGMENT.values()) <= used


def test_a_parameter_after_another_one_names_its_own_model():
    said = {one["pattern"]: one["parameters"] for one in contract()["urls"]}
    assert said["/drivers/<int:pk>/vehicles/<int:link>/end/"] == {
        "pk": "members.Driver",
        "link": "members.DriverVehicle",
    }
    assert said["/vehicles/<int:pk>/"] == {"pk": "members.Vehicle"}


def test_roles_and_capabilities_are_those_of_the_table():
    said = contract()
    assert {one["role"] for one in said["roles"]} == set(Role.values)
    assert said["capabilities"].keys() == {capability.value for capability in CAPABILITIES}
    assert said["capabilities"][Capability.DRIVER_IDENTITY_REVEAL.value].get("auditor") is None


def test_sensitive_fields_are_named_with_their_mask():
    said = {(one["model"], one["field"]): one["mask"] for one in contract()["sensitive_fields"]}
    assert said["members.Person", "id_number"] == "id_number"
    assert said["accounts.User", "phone"] == "phone"


def test_retention_follows_the_setting(settings):
    settings.ROSTER_RETENTION_DAYS = 31
    assert contract()["retention_days"]["roster_rows"] == 31
