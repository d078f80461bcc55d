"""One file: the line of 25 steps with what is done, next and blocked; and the sheet on A4."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from foundation.audit.models import Entry
from members.choices import (
    DEVELOPMENT_BEFORE_ADMISSION,
    DEVELOPMENT_OPEN,
    FINAL_STEPS,
    REFUSABLE,
    STEPS,
    DevelopmentDue,
    DevelopmentStage,
    SponsorKind,
    StepNumber,
    StepRecorder,
    StepStatus,
    built_on,
    next_steps,
)
from members.models import Development, PartyMember
from members.notices import ACTIONS
from members.rules.development import (
    GATE_LABELS,
    Facts,
    Proposal,
    closed_gates,
    gate_codes,
    half_year_ends,
    may_record,
    review_to_record,
)
from members.views.development.lists import development_address
from members.views.drivers import needs
from members.workflow.development import facts_from

# Of the 25 steps, by the stage in which they are done.
PARTS = (
    (DevelopmentStage.APPLICANT, "一、申请入党"),
    (DevelopmentStage.ACTIVIST, "二、积极分子的确定和培养"),
    (DevelopmentStage.DEVELOPMENT_TARGET, "三、发展对象和接收"),
    (DevelopmentStage.PROBATIONARY, "四、预备期和转正"),
    (DevelopmentStage.FULL, "五、归档"),
)


def file_or_404(request, pk: int) -> Development:
    """Return a file within reach: the answer for a foreign one is that of none. One query."""
    needs(request, Capability.DEVELOPMENT_VIEW)
    rows = Development.objects.visible_to(request.reach)
    return get_object_or_404(rows.select_related("person", "organization", "opened_by"), pk=pk)


def page_of_file(pk: int) -> str:
    """Return the address of a file."""
    return reverse("members:development_detail", args=[pk])


def crumbs(development: Development, *last: str) -> list[tuple[str, str]]:
    """Return the way to a file, and further."""
    way = [
        ("发展党员", development_address()),
        (development.person.name, page_of_file(development.pk) if last else ""),
    ]
    return way + [(word, "") for word in last]


class FileRows:
    """The rows of one file, read once. Five queries."""

    def __init__(self, development: Development):
        self.development = development
        self.steps = list(development.steps.select_related("recorded_by"))
        self.reviews = list(development.reviews.all())
        self.sponsors = list(development.sponsors.select_related("member__person"))
        self.overrides = list(development.overrides.select_related("by"))
        self.facts: Facts = facts_from(development, self.steps, self.reviews, self.sponsors)
        self.done = {step.number: step for step in self.steps if step.status == StepStatus.DONE}

    def passed(self, number: int) -> list[str]:
        """Return the gates of a step that were let pass."""
        return [one.gate for one in self.overrides if one.number == number]


@login_required
@require_safe
def development_detail(request, pk: int):
    """Answer with one file. About twelve queries."""
    development, today, reach = file_or_404(request, pk), timezone.localdate(), request.reach
    rows = FileRows(development)
    covers = {
        name: reach.covers(capability, development.organization)
        for name, capability in (
            ("record", Capability.DEVELOPMENT_RECORD_STEP),
            ("approve", Capability.DEVELOPMENT_APPROVE_STEP),
            ("override", Capability.DEVELOPMENT_OVERRIDE_GATE),
        )
    }
    runs = development.stage in DEVELOPMENT_OPEN
    parts = parts_of(rows, today, reach, covers)
    due = None
    if development.due_kind:
        late = development.due_date < today
        due = {"word": DevelopmentDue(development.due_kind).label, "date": development.due_date, "late": late}
    seen = PartyMember.objects.visible_to(reach).filter(pk=development.person_id)
    context = {
        "file": development,
        "parts": parts,
        "now": [line for part in parts for line in part["lines"] if line["state"] in ("next", "blocked")],
        "due": due,
        "reviews": _reviews(rows, today),
        "sponsors": [
            {
                "kind": kind,
                "label": SponsorKind(kind).label,
                "rows": [one for one in rows.sponsors if one.kind == kind],
                "may_change": runs and covers["record"] and number in rows.done,
            }
            for kind, number in (
                (SponsorKind.CULTIVATOR, StepNumber.CULTIVATORS),
                (SponsorKind.INTRODUCER, StepNumber.INTRODUCERS),
            )
        ],
        "overrides": [{"row": one, "label": GATE_LABELS.get(one.gate, one.gate)} for one in rows.overrides],
        "history": _history(development),
        "may": covers
        | {
            "review": covers["record"] and development.stage == DevelopmentStage.ACTIVIST,
            "end": development.stage in DEVELOPMENT_BEFORE_ADMISSION and (covers["record"] or covers["approve"]),
            "see_member": reach.has(Capability.PARTY_MEMBER_VIEW) and seen.exists(),
        },
        "crumbs": crumbs(development),
    }
    return render(request, "members/development_detail.html", context)


def parts_of(rows: FileRows, today, reach=None, covers=None) -> list[dict]:
    """Return the five parts with their steps as lines: state, row, gates, and what the reader may do. No query."""
    covers = covers or {}
    open_steps = next_steps(rows.done) if rows.development.stage != DevelopmentStage.ENDED else ()
    lines = {number: _line(rows, number, today, open_steps, reach, covers) for number in STEPS}
    return [
        {"label": label, "lines": [lines[number] for number, step in STEPS.items() if step.stage == stage]}
        for stage, label in PARTS
    ]


def _line(rows: FileRows, number: int, today, open_steps, reach, covers) -> dict:
    step, row = STEPS[number], rows.done.get(number)
    gates, state = [], "done" if row else "later"
    if row is None and number in open_steps:
        gates = closed_gates(number, rows.facts, Proposal(on=today, is_preview=True), rows.passed(number))
        state = "blocked" if any(not gate.warns for gate in gates) else "next"
    falls = {number} | (built_on(number) & set(rows.done))
    mine = reach is not None and (covers["approve"] or all(may_record(reach, rows.development, one) for one in falls))
    return {
        "step": step,
        "state": state,
        "side": StepRecorder(step.by).label,
        "row": row,
        "gates": gates,
        "refused": [one for one in rows.steps if one.number == number and one.status == StepStatus.REFUSED],
        "earlier": [one for one in rows.steps if one.number == number and one.status == StepStatus.EARLIER],
        "door": "members:development_step" if step.by == StepRecorder.BRANCH else "members:development_approve",
        "may": row is None
        and number in open_steps
        and reach is not None
        and may_record(reach, rows.development, number),
        "may_refuse": row is None and number in open_steps and number in REFUSABLE and bool(covers.get("approve")),
        "may_pass": row is None
        and rows.development.stage in DEVELOPMENT_OPEN
        and number in open_steps
        and bool(covers.get("override"))
        and bool(set(gate_codes(number)) - set(rows.passed(number))),
        "may_take_back": row is not None
        and rows.development.stage in DEVELOPMENT_OPEN
        and not FINAL_STEPS & falls
        and mine,
    }


def _reviews(rows: FileRows, today) -> dict | None:
    since = rows.development.activist_date
    if since is None:
        return None
    to_come = review_to_record(since, rows.facts.half_years, today)
    number = 1
    while number in rows.facts.half_years:
        number += 1
    return {
        "rows": rows.reviews,
        "next": number,
        "opens": half_year_ends(since, number - 1),
        "due": half_year_ends(since, number),
        "is_open": to_come is not None,
        "late": half_year_ends(since, number) < today,
        "asked": rows.development.stage == DevelopmentStage.ACTIVIST,
    }


def _history(development: Development) -> list[dict]:
    found = []
    for entry in Entry.objects.for_object(development)[:60]:
        number = (entry.details or {}).get("step")
        step = f"：第 {number} 步{STEPS[number].name}" if number in STEPS else ""
        text = ACTIONS.get(entry.action, entry.action) + step
        found.append({"at": entry.at, "who": entry.actor_name, "text": text, "note": entry.reason, "changes": []})
    return found


@login_required
@require_safe
def development_print(request, pk: int):
    """Answer with the file on A4. Seven queries."""
    development, today = file_or_404(request, pk), timezone.localdate()
    rows = FileRows(development)
    context = {
        "file": development,
        "parts": parts_of(rows, today),
        "reviews": rows.reviews,
        "sponsors": rows.sponsors,
        "overrides": [{"row": one, "label": GATE_LABELS.get(one.gate, one.gate)} for one in rows.overrides],
        "today": today,
    }
    return render(request, "members/development_print.html", context)
