"""The auditors' page: who did what to whom and when, and whether the trail is whole."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from branches.capabilities import Capability
from branches.filters import key_of
from branches.models import Organization
from branches.rules import may
from dashboard.forms import AuditFilterForm
from dashboard.notices import action_words, field_words, object_words, value_words
from foundation.accounts.models import User
from foundation.audit import sealing, trail
from foundation.audit.models import Entry

PAGE = 50
VERIFIED_ON_PAGE = 200_000  # entries; a longer chain is verified by the command


@login_required
@require_GET
def entries(request):
    """Show the entries that fit the conditions, newest first. About six queries, whatever the length of the trail."""
    _require(request, Capability.AUDIT_ENTRY_VIEW)
    form = AuditFilterForm(request.GET)
    rows, conditions = Entry.objects.newest_first(), []
    if form.is_valid():
        rows, conditions = _filtered(rows, form.cleaned_data)
    before = key_of(request.GET.get("before", ""))
    page = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    more, page = len(page) > PAGE, page[:PAGE]
    names = dict(
        Organization.objects.filter(pk__in={row.organization_id for row in page if row.organization_id}).values_list(
            "pk", "short_name"
        )
    )
    asked = {name: value for name, value in request.GET.items() if value and name != "before"}
    context = {
        "form": form,
        "rows": [
            (
                row,
                action_words(row.action),
                object_words(row.object_type),
                names.get(row.organization_id, ""),
                _changes(row),
            )
            for row in page
        ],
        "conditions": conditions,
        "next_url": f"?{urlencode(asked | {'before': page[-1].pk})}" if more else "",
        "first_url": f"?{urlencode(asked)}" if before else "",
        "head": sealing.head(),
        "unsealed": Entry.objects.unsealed().count(),
        "outcome": request.session.pop("audit_outcome", None),
        "status": 200 if form.is_valid() else 422,
    }
    return render(request, "dashboard/audit.html", context, status=context["status"])


@login_required
@require_POST
def verify(request):
    """Check the chain and show the outcome above the list; the check itself is an entry."""
    _require(request, Capability.AUDIT_ENTRY_VERIFY)
    if sealing.head().sequence > VERIFIED_ON_PAGE:
        request.session["audit_outcome"] = {
            "good": False,
            "sentence": "记录很多，在页面上校验要太久。请系统管理员运行 verify_audit 命令，把结果给您。",
        }
        return redirect("dashboard:audit")
    outcome = sealing.verify()
    problem = outcome.problem
    _note(request, {"checked": outcome.checked, "problem": problem.kind if problem else ""})
    request.session["audit_outcome"] = {
        "good": problem is None,
        "sentence": (
            f"校验没有通过：{problem.sentence}" if problem else f"校验过 {outcome.checked} 条，前后相连，没有改动。"
        ),
    }
    return redirect("dashboard:audit")


def _note(request, details: dict) -> None:
    with transaction.atomic():
        trail.record("audit.verify", None, actor=request.user, details=details, origin=trail.origin_of(request))


def _require(request, capability: Capability) -> None:
    """Answer 404 as for no page to whoever has no such duty: the trail's existence is nobody else's business."""
    if not may(request.reach, capability):
        if request.reach.posts:
            raise PermissionDenied
        raise Http404


def _filtered(rows, wanted: dict):
    """Return the entries that fit and the conditions in force as people read them."""
    conditions = []
    if wanted["actor"]:
        user = User.objects.filter(username=wanted["actor"].lower()).values_list("pk", flat=True).first()
        rows = rows.filter(actor_id=user if user is not None else -1)
        conditions.append(f"操作人 {wanted['actor']}")
    if wanted["person"]:
        rows = rows.filter(person_id=wanted["person"])
        conditions.append(f"人员编号 {wanted['person']}")
    if wanted["action"]:
        action = wanted["action"]
        rows = rows.filter(action__prefix=action) if action.endswith(".") else rows.filter(action=action)
        conditions.append(f"操作 {action_words(action)}")
    if wanted["object_type"]:
        rows = rows.filter(object_type=wanted["object_type"])
        if wanted["object_id"]:
            rows = rows.filter(object_id=wanted["object_id"])
        conditions.append(f"{object_words(wanted['object_type'])} {wanted['object_id']}".strip())
    if wanted["from_date"]:
        rows = rows.filter(at__gte=_midnight(wanted["from_date"]))
        conditions.append(f"{wanted['from_date']:%Y-%m-%d} 起")
    if wanted["until_date"]:
        rows = rows.filter(at__lt=_midnight(wanted["until_date"] + timedelta(days=1)))
        conditions.append(f"到 {wanted['until_date']:%Y-%m-%d}")
    return rows, conditions


def _changes(row: Entry) -> list[tuple[str, str, str]]:
    """Return (field, before, after) of an entry, and its details as (name, "", value)."""
    changes = []
    for name, pair in (row.fields or {}).items():
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else ("", "")
        words = field_words(row.object_type, name)
        changes.append((words, value_words(row.object_type, name, before), value_words(row.object_type, name, after)))
    details = (row.details or {}).items()
    return changes + [
        (field_words(row.object_type, name), "", value_words(row.object_type, name, value)) for name, value in details
    ]


def _midnight(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
