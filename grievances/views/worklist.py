"""The work list by due time."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from branches.models import Organization
from grievances.choices import ENDED, OPEN, TO_CONFIRM, Channel
from grievances.lists.worklist import COUNT_CAP, GROUPS, STAGES, TABS, Cursor, Reader, WorkList, read_values
from grievances.rules import cases
from grievances.rules.acts import next_act, open_acts, whose_turn
from grievances.rules.times import said

SIZE = 50


def needs_view(request) -> None:
    """Refuse whoever sees no case anywhere; which ones he sees is asked row by row."""
    if not request.reach.has(Capability.GRIEVANCE_VIEW):
        raise PermissionDenied


def address(tab: str = "", values: Mapping[str, str] | None = None, **more: str) -> str:
    """Return the address of a list with its conditions."""
    query = ({"tab": tab} if tab else {}) | dict(values or {}) | {name: value for name, value in more.items() if value}
    return reverse("grievances:list") + (f"?{urlencode(query)}" if query else "")


@login_required
@require_safe
def worklist(request):
    """Answer with one page of a tab. At most twelve queries, the reader's sign-in included."""
    needs_view(request)
    if "" in request.GET.values():  # the form of conditions sends every box, also the empty ones
        return redirect(address(values={name: value for name, value in request.GET.items() if value}))
    reader = Reader.of(request.reach)
    tab = request.GET.get("tab") or reader.first_tab()
    try:
        values = read_values(request.GET)
    except ValueError as error:
        raise BadRequest("没有这个条件。") from error
    if tab not in reader.tabs():
        raise BadRequest("没有这一页。")
    asked = WorkList(reader, tab, timezone.now(), values, SIZE)
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    return render(request, "grievances/worklist.html", list_context(request, asked, cursor))


def list_context(request, asked: WorkList, cursor: Cursor | None) -> dict:
    """Return what the page of a work list shows."""
    counts, page = asked.counts(), asked.page(cursor)
    reader, values, tab = asked.reader, asked.values, asked.tab
    in_list = sum(number for name, number in counts.items() if name.startswith("in "))
    if values.get("when"):
        in_list = counts[f"in {values['when']}"]
    stages = ENDED if tab == "ended" else TO_CONFIRM if tab == "to-confirm" else OPEN
    return {
        "at": asked.at,
        "title": _title(asked, counts),
        "tab": tab,
        "tabs": [
            {
                "label": TABS[code],
                "url": address(code),
                "current": code == tab,
                "count": min(counts[code], COUNT_CAP),
                "more": counts[code] > COUNT_CAP,
            }
            for code in reader.tabs()
        ],
        "sections": _groups(asked, page.rows, counts),
        "conditions": values,
        "applied": _applied(request, asked),
        "clear_url": address(tab),
        "filters": [
            _choice("category", "类别", [(str(one.pk), _indented(one)) for one in asked.categories], values),
            _choice("stage", "环节", [(code, label) for code, label in STAGES if code in stages], values),
            _choice("channel", "来源", Channel.choices, values),
        ],
        "summary": f"显示 {len(page.rows)} 件，共 {_capped(in_list)} 件",
        "previous_url": address(tab, values, at=page.previous) if page.previous else "",
        "next_url": address(tab, values, at=page.next) if page.next else "",
        "by_due": asked.by_due,
        "may_supervise": request.reach.has(Capability.GRIEVANCE_EXTEND_APPROVE),
        "may_see_policies": request.reach.has(Capability.SLA_POLICY_VIEW),
        "may_lodge": cases.may_lodge_for_drivers(request.reach),
        "may_export": cases.may_export(request.reach),
    }


def _title(asked: WorkList, counts: dict[str, int]) -> str:
    """Return the answer the page gives: what is late, else what is due today."""
    if not asked.by_due or asked.values:
        return "诉求待办" if asked.by_due else "已办结的诉求"
    if late := counts["in late"]:
        return f"{_capped(late)} 件逾期，{_capped(counts['in today'])} 件今天到期"
    if today := counts["in today"]:
        return f"{_capped(today)} 件今天到期，没有逾期"
    return "没有逾期的诉求"


def _capped(number: int) -> str:
    return f"{COUNT_CAP:,} 以上" if number > COUNT_CAP else f"{number:,}"


def _indented(category) -> str:
    return f"　{category.name}" if category.parent_id else category.name


def _choice(name: str, label: str, options, values: Mapping[str, str]) -> dict:
    return {"name": name, "label": label, "options": options, "value": values.get(name, "")}


def _groups(asked: WorkList, rows, counts: dict[str, int]) -> list[dict]:
    """Return the rows of a page under their groups, in order; ended ones stand in one group without a title."""
    found: list[dict] = []
    for row in rows:
        code = asked.group_of(row) if asked.by_due else ""
        if not found or found[-1]["code"] != code:
            number = counts[f"in {code}"] if code else 0
            found.append({"code": code, "title": f"{GROUPS[code]} {_capped(number)} 件" if code else "", "lines": []})
        found[-1]["lines"].append(_line(asked, row))
    return found


def _line(asked: WorkList, row) -> dict:
    reader = asked.reader
    act = next_act(row, open_acts(reader.reach, row, reader.offices), asked.at)
    with_handler = row.handler if row.assigned_at is not None and row.status in OPEN - TO_CONFIRM else None
    doing = with_handler if with_handler is not None and row.status != "accepted" else None
    unit = doing.organization if doing is not None else row.organization
    return {
        "row": row,
        "due": said(row.next_due_at, asked.at) if row.next_due_at is not None and row.status in OPEN else None,
        "unit": unit.short_name,
        "level": unit.get_level_display(),
        "act": act,
        "waits": whose_turn(row),
        "ended": row.status in ENDED,
    }


def _applied(request, asked: WorkList) -> list[dict]:
    """Return the conditions in force that no select box shows, each with the address without it."""
    shown = []
    for name, label in (("q", "查"), ("when", ""), ("unit", "")):
        value = asked.values.get(name)
        if not value:
            continue
        if name == "unit":
            unit = Organization.objects.visible_to(request.reach).filter(pk=int(value)).first()
            words = unit.short_name if unit is not None else "不在辖区的单位"
        else:
            words = GROUPS[value] if name == "when" else f"{label}“{value}”"
        without = {key: one for key, one in asked.values.items() if key != name}
        shown.append({"label": words, "url": address(asked.tab, without)})
    return shown
