"""What a browser has shown to be its own: a case by code and passphrase, or the one it has just lodged.

Kept in the session, signed and for a while; no code stands in an address.
"""

from __future__ import annotations

from django.core import signing

from foundation.protection.seal import SealBroken, open_sealed, seal
from grievances import workflow
from grievances.choices import Status
from grievances.models import Grievance

FOLLOWED = "grievance_followed"  # key of the session: the case whose code and passphrase were shown
LODGED = "grievance_lodged"  # key of the session: the case that was just lodged, with its passphrase sealed
FOLLOW_SECONDS = 30 * 60
SHOWN_SECONDS = 15 * 60
_SALT = "grievances.session"
_PASSPHRASE = "grievances.lodged"  # noqa: S105 - what the sealed passphrase belongs to


def show_code(request, lodged: workflow.Lodged) -> None:
    """Keep what the next page shows, for a quarter of an hour and for this browser only."""
    shown = {"case": lodged.grievance.pk, "passphrase": seal(lodged.passphrase, _PASSPHRASE)}
    request.session[LODGED] = signing.dumps(shown, salt=_SALT)


def shown_lodged(request) -> tuple[Grievance, str] | None:
    """Return the case this browser has just lodged and its passphrase; None after a quarter of an hour. One query."""
    shown = _opened(request, LODGED, SHOWN_SECONDS)
    if shown is None:
        return None
    try:
        passphrase = open_sealed(shown["passphrase"], _PASSPHRASE)
    except SealBroken:
        return None
    return Grievance.objects.with_names().get(pk=shown["case"]), passphrase


def shown_code(case: Grievance) -> str:
    """Return the code as it is shown: K7QM-42XD."""
    return f"{case.track_code[:4]}-{case.track_code[4:]}"


def follow(request, case: Grievance) -> None:
    """Let this browser follow a case for half an hour, under a session key nobody else has known."""
    if not request.user.is_authenticated:
        request.session.cycle_key()
    request.session[FOLLOWED] = signing.dumps({"case": case.pk}, salt=_SALT)


def _opened(request, key: str, seconds: int) -> dict | None:
    try:
        return signing.loads(request.session.get(key, ""), salt=_SALT, max_age=seconds)
    except signing.BadSignature:
        return None


def own_case(request) -> Grievance | None:
    """Return the case this browser has shown code and passphrase of; None after half an hour. One query."""
    shown = _opened(request, FOLLOWED, FOLLOW_SECONDS)
    if shown is None:
        return None
    return Grievance.objects.with_names().filter(pk=shown["case"]).exclude(status=Status.DRAFT).first()
