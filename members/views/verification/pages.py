"""The page of one case: the board of its six checks, and what is missing."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from branches.capabilities import Capability
from foundation.audit.models import Entry
from foundation.protection.masks import mask_phone
from members.choices import (
    FOUR_CONFIRMATIONS,
    SAYING,
    TWO_CHECKS,
    VERIFICATION_OPEN,
    CheckKind,
    CheckResult,
)
from members.models import PartyMember, Verification
from members.notices import ACTIONS
from members.rules.verification import Facts, covers, facts_of, kinds_for, may_decide, missing, opening_sentence
from members.views.drivers import REVEAL_SECONDS, needs
from members.workflow import leads
from members.workflow import verification as verbs

_TONES = {
    CheckResult.AGREES: "ok",
    CheckResult.CONTRADICTS: "bad",
    CheckResult.UNREACHABLE: "warn",
    CheckResult.NO_RIGHT: "",
}


def case_or_404(request, pk: int) -> Verification:
    """Return a case within reach: the answer for a foreign one is that of none. One query."""
    needs(request, Capability.VERIFICATION_VIEW)
    return get_object_or_404(Verification.objects.visible_to(request.reach).with_names(), pk=pk)


def page_of_case(pk: int) -> str:
    """Return the address of a case."""
    return reverse("members:verification_detail", args=[pk])


def crumbs(case: Verification, *last: str) -> list[tuple[str, str]]:
    """Return the way to a case, and further."""
    trail = [
        ("党员核查", reverse("members:verification_list")),
        (name_of(case), page_of_case(case.pk) if last else ""),
    ]
    return trail + [(word, "") for word in last]


def name_of(case: Verification) -> str:
    """Return the candidate's name, or the number of a case that has forgotten it."""
    return case.name or f"核查 {case.pk}"


@login_required
@require_safe
def verification_detail(request, pk: int):
    """Answer with one case. At most nine queries."""
    case, reach = case_or_404(request, pk), request.reach
    today = timezone.localdate()
    checks = list(case.checks.select_related("by").order_by("pk"))
    found = facts_of((one.kind, one.result, one.on_date) for one in checks)
    runs = case.status in VERIFICATION_OPEN
    kinds = kinds_for(reach, case) if runs else frozenset()
    decides = runs and may_decide(reach, Capability.VERIFICATION_CONFIRM, case)
    lacking = missing(found, has_person=case.person_id is not None) if runs else []
    phone = case.person.phone if case.person is not None else case.phone
    member = PartyMember.objects.visible_to(reach).filter(pk=case.person_id).first() if case.person_id else None
    context = {
        "case": case,
        "name": name_of(case),
        "runs": runs,
        "late": runs and case.due_date < today,
        "boards": [
            {"label": "两查：有没有这个人", "lines": _board(TWO_CHECKS, checks, found, kinds)},
            {"label": "四核：是不是党员", "lines": _board(FOUR_CONFIRMATIONS, checks, found, kinds)},
        ],
        "missing": lacking,
        "masked": mask_phone(phone) if phone else "",
        "phone_number": "",
        "member": member,
        "twins": list(leads.same_phone(case, reach)[:5]) if runs else [],
        "may": {
            "check": bool(kinds - _REGISTER),
            "register": bool(kinds & _REGISTER),
            "assign": decides,
            "link": decides and case.person_id is None,
            "confirm": decides and not lacking,
            "refute": runs and may_decide(reach, Capability.VERIFICATION_REFUTE, case),
            "call": runs and bool(phone) and covers(reach, Capability.DRIVER_IDENTITY_REVEAL, case),
            "see_driver": case.person_id is not None and reach.has(Capability.DRIVER_VIEW),
        },
        "history": [
            {"at": entry.at, "who": entry.actor_name, "text": _entry_words(entry), "note": entry.reason, "changes": []}
            for entry in Entry.objects.for_object(case)[:30]
            if entry.action in ACTIONS or entry.action == "driver.reveal"
        ],
        "crumbs": crumbs(case),
    }
    return render(request, "members/verification_detail.html", context)


_REGISTER = frozenset({CheckKind.MEMBER_REGISTER, CheckKind.HOME_ORGANISATION})


def _board(kinds, checks, found: Facts, mine) -> list[dict]:
    """Return one line per kind: the answer that counts, earlier ones, whether this reader may add one."""
    lines = []
    for kind in kinds:
        of_kind = [one for one in checks if one.kind == kind]
        saying = [one for one in of_kind if one.result in SAYING]
        counts = max(saying, key=lambda one: (one.on_date, one.pk)) if saying else None
        shown = counts or (of_kind[-1] if of_kind else None)
        closed = opening_sentence(kind, found)
        lines.append(
            {
                "kind": CheckKind(kind),
                "shown": shown,
                "tone": _TONES[CheckResult(shown.result)] if shown else "",
                "earlier": [one for one in reversed(of_kind) if one is not shown],
                "closed": closed if not of_kind else "",
                "door": ("register" if kind in _REGISTER else "check") if kind in mine and not closed else "",
            }
        )
    return lines


def _entry_words(entry) -> str:
    if entry.action == "driver.reveal":
        return "查看电话"
    text = ACTIONS[entry.action]
    if entry.action == "verification.check" and isinstance(entry.details, dict):
        kind, result = entry.details.get("kind"), entry.details.get("result")
        if kind in CheckKind and result in CheckResult:
            return f"{CheckKind(kind).label}：{CheckResult(result).label}"
    return text


@login_required
@require_POST
def verification_phone(request, pk: int):
    """Show the number to call, for a minute, as a button that dials; that it was looked at is written down."""
    case = case_or_404(request, pk)
    if not verbs.may_reveal(case, request.reach):
        raise PermissionDenied
    number = verbs.reveal_phone(case, actor=request.user)
    context = {
        "case": case,
        "name": name_of(case),
        "number": number,
        "seconds": REVEAL_SECONDS,
        "crumbs": crumbs(case, "打电话"),
    }
    template = "members/_verification_phone.html" if request.htmx else "members/verification_phone.html"
    response = render(request, template, context)
    response.headers["Cache-Control"] = "private, no-store"
    return response
