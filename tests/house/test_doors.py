"""Every address of the product has a row of policy, lets in whom it should, and tells nobody what is foreign to him."""

import re
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.html import escape

from activities.models import (
    ActionItem,
    Activity,
    ConferenceMeeting,
    InstructionVisit,
    JointConference,
    VisitFollowUp,
)
from branches.models import Appointment, Guidance, Office, Organization, Term
from foundation.accounts.models import User
from foundation.notifications.models import Delivery, Notification
from grievances.models import Campaign, Grievance
from members.models import (
    Affiliation,
    Appraisal,
    ContactPair,
    Declaration,
    Development,
    Driver,
    DuesRecord,
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
from tests.factories import UserFactory
from tests.house.doors import address, client_of, knock, row_of, rows_for
from tests.house.oracle import Oracle
from tests.house.url_policy import DOORS

NOWHERE = 987_654_321
# Addresses that Django's admin adds and that have no name: the old address of a row, and everything else.
NAMELESS = ("<path:object_id>/", "(?P<url>.*)$")


def addresses(resolver=None, spaces=()):
    """Yield (name, parameters) of every address of the product."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, spaces + ((pattern.namespace,) if pattern.namespace else ()))
        elif isinstance(pattern, URLPattern) and (pattern.name or str(pattern.pattern) not in NAMELESS):
            regex = pattern.pattern.regex.groupindex
            yield ":".join((*spaces, pattern.name or "?")), tuple(regex)


def test_every_address_has_a_row_of_policy_and_every_row_an_address():
    assert {name for name, _ in addresses()} == set(DOORS)


def test_every_parameter_is_said_to_name_something():
    for name, parameters in addresses():
        door = DOORS[name]
        said = {*door.names, *door.fixed} - ({"row", door.query} & set(door.names))
        assert set(parameters) == said, name


# --- one allow, one deny ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", DOORS)
def test_a_door_lets_in_and_refuses_as_its_row_says(house, name):
    door = DOORS[name]
    keys = {parameter: row_of(house, kind, "county", door.allow) for parameter, kind in door.names.items()}
    answer = knock(client_of(house, door.allow), house, name, keys)
    assert answer.status_code == door.allowed, answer.headers
    if answer.status_code == 302 and door.allow != "nobody":
        assert "/accounts/login/" not in answer.url
    if door.deny:
        assert knock(client_of(house, door.deny), house, name, keys).status_code == door.refused
    answer = knock(client_of(house, "nobody"), house, name, keys)
    if door.needs == "public":
        assert answer.status_code == door.allowed or (answer.status_code == 302 and name == "account_logout")
    else:
        assert answer.status_code == door.anonymous
        assert answer.status_code != 302 or answer.url.startswith("/accounts/login/")


def test_the_admin_of_a_superuser_without_a_post_shows_no_row(house):
    root = UserFactory(is_superuser=True, is_staff=True)
    client = Client()
    client.force_login(root)
    for name in DOORS:
        if name.startswith("admin:") and name.endswith("_changelist"):
            assert client.get(reverse(name)).status_code in (200, 403)
    assert client.get(reverse("members:driver_list")).status_code == 403
    assert client.get(reverse("branches:organization_detail", args=[house.tree.county.pk])).status_code == 404


# --- foreign is as good as nonexistent --------------------------------------------------------------------------------
MODELS = {
    "organization": Organization,
    "organization of a branch": Organization,
    "appointment": Appointment,
    "guidance": Guidance,
    "office": Office,
    "term": Term,
    "user": User,
    "driver": Driver,
    "twin": Driver,
    "member": PartyMember,
    "member without card": PartyMember,
    "dues": DuesRecord,
    "appraisal": Appraisal,
    "pair": ContactPair,
    "tie": Affiliation,
    **dict.fromkeys(["letter", "letter from outside", "signed letter"], Transfer),
    **dict.fromkeys(["search", "decided search", "approved search"], LostContact),
    **dict.fromkeys(["file", "file to approve"], Development),
    "verification": Verification,
    "declaration": Declaration,
    "call": RecruitCampaign,
    "enterprise": Enterprise,
    "vehicle": Vehicle,
    "transfer": RegistrationTransfer,
    "import": RosterImport,
    "export": ExportJob,
    "ready_export": ExportJob,
    "notification": Notification,
    "delivery": Delivery,
    **dict.fromkeys(
        ["lodged case", "accepted case", "case", "answered case", "branch's case", "case below", "county's case"],
        Grievance,
    ),
    "campaign": Campaign,
    **dict.fromkeys(["activity", "planned activity", "shared activity"], Activity),
    "visit": InstructionVisit,
    **dict.fromkeys(["follow-up", "answered follow-up"], VisitFollowUp),
    "conference": JointConference,
    "meeting": ConferenceMeeting,
    "item": ActionItem,
}
NOT_ROWS = {"division", "workday", "policy", "category", "rule", "visit target", "slug of a call"}  # everybody's


def fingerprint(response, url: str) -> tuple:
    """Return all of an answer that a reader could tell apart: status, headers, body, without the address he typed."""
    passing = {"Date", "Expires", "Set-Cookie", "Content-Length"}
    headers = repr(sorted((name, value) for name, value in response.headers.items() if name not in passing))
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")\w+', "", response.body.decode())
    for written in (url, quote(url), escape(url)):
        text, headers = text.replace(written, "ADDRESS"), headers.replace(written, "ADDRESS")
    return response.status_code, headers, text


PARAMETERS = [
    pytest.param(name, parameter, id=f"{name}-{parameter}")
    for name, door in DOORS.items()
    for parameter, kind in door.names.items()
    if kind not in NOT_ROWS
]


# One for each way to be refused: by place, by right, by role; a member of staff without rows, nobody's, nobody.
STRANGERS = ("county_clerk", "leader", "secretary", "partner", "system_admin", "outsider", "nobody")


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_a_foreign_row_answers_like_no_row(house, name, parameter):
    kind = DOORS[name].names[parameter]
    foreign = row_of(house, kind, "far")
    nowhere = "no-such-code" if kind == "committee code" else NOWHERE
    near = rows_for(house, name)
    oracle, compared = Oracle(), 0
    for who in STRANGERS:
        if who in house.cast and kind in MODELS and foreign in oracle.rows(MODELS[kind], house.cast[who]):
            continue
        client = client_of(house, who)
        for post in (False, True):
            answers = []
            for key in (foreign, nowhere):
                keys = near | {parameter: key}
                answers.append(fingerprint(knock(client, house, name, keys, post=post), address(house, name, keys)))
            assert answers[0] == answers[1], (who, "POST" if post else "GET")
        compared += 1
    assert compared > 3
