"""Foreign keys: downwards (test_layers) and PROTECT, unless it is said here why not."""

import pytest
from django.db import models

from branches.endings import registered
from branches.models import Organization
from dashboard.contract import our_models
from members.endings import membership_registered
from members.models import PartyMember

# Rows that have no life of their own: they go with what they belong to.
CASCADES = {
    "accounts.PasswordRecord.user": "the record of old passwords is part of the account",
    "accounts.ResetCode.user": "a one-time code is part of the account",
    "notifications.Delivery.notification": "a delivery is part of its notification",
    "notifications.RecipientSettings.user": "somebody's own settings",
    "notifications.Preference.user": "somebody's own settings",
    "members.RosterRow.roster_import": "staged rows are part of their batch",
    "members.SavedFilter.user": "somebody's own notes",
}
MIXINS = {"accounts.User.groups", "accounts.User.user_permissions"}  # of Django's PermissionsMixin; not used


def relations():
    for model in our_models():
        for field in model._meta.local_fields:
            if field.is_relation and not model._meta.auto_created:
                yield field


def name_of(field):
    return f"{field.model._meta.label}.{field.name}"


@pytest.mark.parametrize("field", list(relations()), ids=name_of)
def test_deleting_what_a_row_points_at_is_refused(field):
    rule = field.remote_field.on_delete
    if name_of(field) in CASCADES:
        assert rule is models.CASCADE
    else:
        assert rule is models.PROTECT, f"{name_of(field)}: PROTECT, or a reason in CASCADES"


def test_no_reason_is_left_over():
    assert {name_of(field) for field in relations()} >= CASCADES.keys()


def test_there_are_no_hidden_tables_between_models_of_ours():
    """A many-to-many field hides a table without dates and without history: a model of its own has both."""
    hidden = {
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.local_many_to_many
        if field.remote_field.through._meta.auto_created
    }
    assert hidden <= MIXINS


def test_every_pointer_to_a_member_says_what_becomes_of_it_when_the_membership_ends():
    """What points at a membership is registered in members.endings, or hangs on a row that is."""
    pointing = {field.model._meta.label for field in relations() if field.related_model is PartyMember}
    assert pointing >= {"members.Affiliation", "members.Transfer", "members.LostContact"}
    assert pointing <= {ending.model for ending in membership_registered()}


def test_every_pointer_to_an_organisation_says_what_becomes_of_it_when_that_is_dissolved():
    """What points at a unit is registered in branches.endings, if only to say that it stays as history."""
    pointing = {field.model._meta.label for field in relations() if field.related_model is Organization}
    known = {".".join(ending.model.split(".")[:2]) for ending in registered()}
    assert pointing <= known
