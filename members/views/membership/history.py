"""The history of a membership: a view of its entries in the trail, in words."""

from __future__ import annotations

from members.choices import (
    AdmissionBasis,
    MemberStatus,
)
from members.models import PartyMember
from members.notices import ACTIONS, NARROW

_LABELS = {field.name: str(field.verbose_name) for field in PartyMember._meta.concrete_fields}
_SHOWN = ("joined_date", "full_date", "status", "absent_since_date", "absent_to", "external_organization")
_WORDS = dict(MemberStatus.choices) | dict(AdmissionBasis.choices)


def member_history(entries, limit: int = 30) -> list[dict]:
    """Return the newest entries about a membership as timeline rows. One query."""
    found = entries.filter(action__in=sorted(set(ACTIONS) - set(NARROW)))[:limit]
    return [_line(entry) for entry in found]


def _line(entry) -> dict:
    changes = []
    if entry.action.startswith("member.") and entry.action != "member.admit":
        for name in _SHOWN:
            pair = entry.fields.get(name)
            if pair and pair[0] != pair[1]:
                before, after = (_WORDS.get(value, value) or "" for value in pair)
                changes.append({"label": _LABELS[name], "before": str(before), "after": str(after)})
    return {
        "at": entry.at,
        "who": entry.actor_name,
        "text": ACTIONS[entry.action],
        "note": entry.reason,
        "changes": changes,
    }
