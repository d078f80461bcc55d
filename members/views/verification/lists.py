"""The list of cases and the funnel: each figure leads to exactly the rows it counts."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from members.choices import VERIFICATION_OPEN, FunnelStage, VerificationOrigin, VerificationStatus
from members.lists.paging import Cursor, count_of, in_order, page_of
from members.models import Verification
from members.querysets import EVERYTHING, Ordered
from members.statistics import funnel
from members.views.drivers import needs
from members.views.lists import size_of

LABELS = {"status": "状态", "committee": "党委", "origin": "来源", "overdue": "期限", "stage": "到了哪一步"}
OVERDUE = {"yes": "已经过期"}
_CHOICES = {"status": VerificationStatus, "origin": VerificationOrigin, "stage": FunnelStage}


def cases_address(**conditions) -> str:
    """Return the address of the list with these conditions; empty values are left out."""
    found = {name: value for name, value in conditions.items() if value not in ("", None)}
    return reverse("members:verification_list") + (f"?{urlencode(found)}" if found else "")


@login_required
@require_safe
def verification_list(request):
    """Answer with one page of the cases in scope, the soonest due first; without conditions the open ones.

    At most eight queries.
    """
    needs(request, Capability.VERIFICATION_VIEW)
    if "" in request.GET.values():
        return redirect(cases_address(**{name: value for name, value in request.GET.items() if value}))
    chosen = {name: request.GET[name] for name in LABELS if request.GET.get(name)}
    reach, today = request.reach, timezone.localdate()
    region = reach.region(Capability.VERIFICATION_VIEW)
    committees = reach.names(region.committee_ids)
    rows = Verification.objects.visible_to(reach)
    if not {"status", "stage"} & chosen.keys():
        rows = rows.open()
    for name, value in chosen.items():
        rows = _narrowed(rows, name, value, today)
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    page = page_of([Ordered(rows, ("due_date", "pk"))], [EVERYTHING], cursor, size_of(request.GET))
    count = count_of(rows)
    decides = reach.has(Capability.VERIFICATION_CONFIRM)
    context = {
        "rows": [
            {"case": case, "late": case.status in VERIFICATION_OPEN and case.due_date < today}
            for case in in_order(page.keys, Verification.objects.with_names())
        ],
        "count": count,
        "count_words": f"共 {count} 件",
        "offers": _offers(committees, chosen),
        "applied": [
            {
                "label": f"{LABELS[name]}：{_word(name, value, committees)}",
                "url": cases_address(**{k: v for k, v in chosen.items() if k != name}),
            }
            for name, value in chosen.items()
        ],
        "clear_url": request.path,
        "may": {
            "open": reach.has(Capability.VERIFICATION_RECORD_CHECK),
            "collect": decides,
            "declarations": reach.has(Capability.DECLARATION_VIEW),
        },
        "previous_url": cases_address(**chosen, at=page.previous) if page.previous else "",
        "next_url": cases_address(**chosen, at=page.next) if page.next else "",
    }
    return render(request, "members/verification_list.html", context)


def _narrowed(rows, name: str, value: str, today):
    """Return the rows that meet one condition. Raises BadRequest for one that means nothing."""
    if name == "overdue" and value in OVERDUE:
        return rows.overdue(today)
    if name == "committee" and value.isascii() and value.isdigit() and len(value) < 19:
        return rows.filter(organization_id=int(value))
    if name == "stage" and value in FunnelStage:
        return rows.at_stage(value)
    if name in ("status", "origin") and value in _CHOICES[name]:
        return rows.filter(**{name: value})
    raise BadRequest("这个筛选条件看不懂。")


def _offers(committees, chosen: dict) -> list[dict]:
    offered = [
        ("status", VerificationStatus.choices),
        ("committee", [(str(pk), name) for pk, name in committees]),
        ("origin", VerificationOrigin.choices),
        ("overdue", list(OVERDUE.items())),
    ]
    return [
        {"code": name, "label": LABELS[name], "choices": choices, "value": chosen.get(name, "")}
        for name, choices in offered
        if len(choices) > 1 or name == "overdue"
    ]


def _word(name: str, value: str, committees) -> str:
    if name == "committee":
        return next((word for pk, word in committees if str(pk) == value), "—")
    return OVERDUE[value] if name == "overdue" else str(_CHOICES[name](value).label)


@login_required
@require_safe
def verification_funnel(request):
    """Answer with the funnel by committee. Four queries, however many."""
    needs(request, Capability.VERIFICATION_VIEW)
    rows = funnel(request.reach)
    names = ("found", "checked", "confirmed", "placed", "refuted")
    context = {
        "rows": rows,
        "total": {name: sum(getattr(row, name) for row in rows) for name in names},
        "list_url": reverse("members:verification_list"),
        "today": timezone.localdate(),
        "crumbs": [("党员核查", reverse("members:verification_list")), ("从线索到编入", "")],
    }
    return render(request, "members/verification_funnel.html", context)
