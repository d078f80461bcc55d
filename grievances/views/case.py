"""One case: facts, times, who answers for it, where it stands on the ladder, history, and the one next step."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from branches.capabilities import Capability
from branches.choices import Kind, OrganizationStatus
from branches.models import Organization
from branches.workflow import acting_for
from foundation.audit.models import Entry
from grievances import workflow
from grievances.choices import ENDED, LEVEL_CLOCKS, WITH_HANDLER, ClockKind, ClockState, ExtensionStatus, Unit
from grievances.forms.acts import RevealForm
from grievances.lists.worklist import Reader, calendar_from
from grievances.models import Clock, Evidence, Grievance, SlaPolicy
from grievances.notices import ACTIONS, PUBLIC_ACTIONS
from grievances.rules import cases, times
from grievances.rules.acts import ACTS, next_act, open_acts, whose_turn
from grievances.rules.clocks import CHINA
from grievances.rules.policies import applying
from grievances.views.acts import PAGES, case_or_404, form_of
from grievances.workflow.reading import REVEALED
from members.models import Driver

REVEAL_SECONDS = 60
CLOCKS = (ClockKind.TRANSFER, ClockKind.PROGRESS, ClockKind.ANSWER, ClockKind.CALL_BACK, ClockKind.PROMISE)
# What begins a clock that does not run yet.
STARTS = {
    ClockKind.TRANSFER: "提交后",
    ClockKind.PROGRESS: "转办后",
    ClockKind.ANSWER: "转办后",
    ClockKind.CALL_BACK: "答复后",
}


@login_required
@require_safe
def case_detail(request, pk: int):
    """Answer with one case. About thirty queries, the same for a long history."""
    grievance = case_or_404(request, pk)
    return render(request, "grievances/case.html", case_context(request, grievance))


def case_context(request, grievance: Grievance, *, panel=None) -> dict:
    """Return what the page of a case shows; `panel` is (act, bound form) after a refused post from the panel."""
    at, reach = timezone.now(), request.reach
    reader = Reader.of(reach)
    clocks = list(
        Clock.objects.filter(grievance=grievance)
        .select_related("policy", "organization")
        .prefetch_related("extensions")
    )
    assists = list(grievance.assists.filter(until_at__isnull=True).select_related("office__organization"))
    helping = any(one.office_id in reader.offices for one in assists)
    internal = cases.may_read_internal(reach, grievance, reader.offices, helping)
    extensions = [one for clock in clocks for one in clock.extensions.all()] if internal else []
    acts = [act for act in open_acts(reach, grievance, reader.offices, helping=helping) if _fits(act, clocks, at)]
    step = next_act(grievance, acts, at)
    form = form_of(request, grievance, step.code) if step is not None else None
    if panel is not None:
        step, form = ACTS[panel[0]], panel[1]
    calendar = calendar_from(at)
    show = "public" if not internal or request.GET.get("show") == "public" else "all"
    may_assign = cases.may_assign(reach, grievance)
    return {
        "case": grievance,
        "at": at,
        "crumbs": [("诉求", reverse("grievances:list")), (grievance.number, "")],
        "ended": grievance.status in ENDED,
        "complainant": _complainant(request, grievance, reader),
        "evidence": [one for one in grievance.evidence.all() if internal or one.is_public],
        "clocks": _clock_lines(grievance, clocks, at, calendar),
        "explained": [one for one in clocks if one.explanation],
        "paused": grievance.pauses.filter(until_at__isnull=True).first(),
        "owners": _owners(grievance, at),
        "ladder": _ladder(grievance, clocks),
        "history": _history(grievance, show, internal),
        "show": show,
        "internal": internal,
        "step": step,
        "form": form,
        "step_page": PAGES[step.code] if step is not None else None,
        "due": _due_words(grievance, at, calendar),
        "waits": whose_turn(grievance),
        "others": [act for act in acts if act is not step],
        "assists": [
            {"row": one, "end_url": reverse("grievances:end_assist", args=[grievance.pk, one.pk]) if may_assign else ""}
            for one in assists
        ],
        "supervisions": _supervisions(grievance) if internal else [],
        "extensions": extensions,
        "may_decide": cases.may_approve_extension(reach, grievance),
        "follow_ups": list(grievance.follow_ups.select_related("made_by")),
        "linked": _linked(request, grievance, reader),
        "campaigns": list(grievance.campaigns.select_related("campaign")) if internal else [],
        "seconds": REVEAL_SECONDS,
    }


def _fits(act, clocks, at) -> bool:
    """Return whether an act also fits the clocks: more time is asked for once, before the answer is due."""
    if act.code != "extend":
        return True
    running = [one for one in clocks if one.kind == ClockKind.ANSWER and one.state == ClockState.RUNNING]
    return any(
        one.policy.extension_days and (one.due_at is None or at < one.due_at) and not _was_asked(one) for one in running
    )


def _was_asked(clock: Clock) -> bool:
    """Return whether more time was asked for already and not refused. No query with the extensions at hand."""
    return any(one.status != ExtensionStatus.REFUSED for one in clock.extensions.all())


# --- facts ------------------------------------------------------------------------------------------------------------
def _complainant(request, grievance: Grievance, reader: Reader) -> dict:
    """Return who the complainant is, as far as this reader may know, masked; and whether he may look."""
    if grievance.is_anonymous:
        return {"words": "匿名", "fields": []}
    if not cases.may_see_complainant(request.reach, grievance, reader.offices):
        return {"words": f"只告诉了{grievance.confidential_to.organization.short_name}", "fields": []}
    may_look = cases.may_reveal_phone(request.reach, grievance, reader.offices)
    fields = []
    for name, label in (("complainant_name", "姓名"), ("phone", "电话")):
        masked = grievance._meta.get_field(name).mask(getattr(grievance, name))
        url = reverse("grievances:reveal", args=[grievance.pk]) if may_look and masked else ""
        fields.append({"field": name, "what": label, "masked": masked, "reveal_url": url})
    driver = None
    if grievance.person_id and request.reach.has(Capability.DRIVER_VIEW):
        driver = Driver.objects.visible_to(request.reach).filter(pk=grievance.person_id).first()
    return {"words": "", "fields": fields, "driver": driver, "confidential": grievance.is_confidential}


def _linked(request, grievance: Grievance, reader: Reader) -> dict:
    """Return the cases merged with this one, and how many others came from the same phone, without naming them."""
    seen = Grievance.objects.visible_to(request.reach)
    same = 0
    knows = cases.may_see_complainant(request.reach, grievance, reader.offices)
    if knows and not grievance.is_confidential and grievance.phone_index is not None:
        others = seen.filter(phone_index=grievance.phone_index, confidential_to__isnull=True).exclude(pk=grievance.pk)
        same = others.order_by().values("pk")[:100].count()
    into = seen.filter(pk=grievance.merged_into_id).first() if grievance.merged_into_id else None
    return {"merged": list(seen.filter(merged_into=grievance).only("number", "title")), "into": into, "same": same}


# --- times ------------------------------------------------------------------------------------------------------------
def _clock_lines(grievance: Grievance, clocks: list[Clock], at, calendar) -> list[dict]:
    """Return a line per clock of the level the case is on, and the promise, which no change of level touches."""
    newest = {one.kind: one for one in clocks if one.rung == grievance.rung and one.state != ClockState.VOID}
    newest |= {one.kind: one for one in clocks if one.kind == ClockKind.PROMISE}
    waiting = _limits_to_come(grievance, newest, at)
    lines = []
    for kind in CLOCKS:
        label = (
            "对诉求人的承诺" if kind == ClockKind.PROMISE else "反馈进度" if kind == ClockKind.PROGRESS else kind.label
        )
        if kind in newest:
            lines.append({"label": label} | _clock_words(newest[kind], at, calendar))
        elif kind in waiting:
            policy = waiting[kind]
            said = f"{STARTS[kind]} {policy.amount} {policy.get_unit_display()}内"
            lines.append({"label": label, "words": said, "tone": "dim", "under": ""})
    return lines


def _limits_to_come(grievance: Grievance, newest: dict, at) -> dict:
    """Return the limits of the clocks that have not begun on this level. Two queries, none for an ended case."""
    missing = [kind for kind in STARTS if kind not in newest]
    if grievance.status in ENDED or not missing:
        return {}
    rows = list(SlaPolicy.objects.in_force(at.astimezone(CHINA).date()))
    line = Organization.objects.get_ancestors(grievance.organization).order_by("-depth").values_list("pk", flat=True)
    organizations = [grievance.organization_id, *line]
    category = grievance.category
    found = {
        kind: applying(
            rows,
            clock=kind,
            category_ids=[pk for pk in (category.pk, category.parent_id) if pk],
            level=grievance.organization.level,
            urgency=grievance.urgency,
            line=organizations,
        )
        for kind in missing
    }
    return {kind: policy for kind, policy in found.items() if policy is not None}


def _clock_words(clock: Clock, at, calendar) -> dict:
    """Return what a clock says: words with their tone, and the limit under them."""
    limit = f"{clock.amount} {clock.get_unit_display()}"
    if clock.extension:
        limit += f"，延长 {clock.extension} 个工作日"
    until = f"限 {_moment(clock.due_at, at)}" if clock.due_at and clock.unit == Unit.WORKING_DAYS else f"限 {limit}"
    late = clock.is_overdue(at)
    if clock.kind == ClockKind.PROMISE:
        until += "，换级不重算"
    if clock.state == ClockState.VOID:
        return {"words": "不再算", "tone": "dim", "under": until}
    if clock.state == ClockState.MET:
        took = times.length(clock.ended_at - clock.started_at)
        done = took if clock.unit != Unit.WORKING_DAYS else _moment(clock.ended_at, at)
        if late:
            return {"words": f"{done}，超 {times.length(clock.ended_at - clock.due_at)}", "tone": "bad", "under": until}
        return {"words": done, "tone": "ok", "under": until}
    if clock.missing_date is not None:
        return {"words": f"{clock.missing_date:%Y} 年日历未载入", "tone": "bad", "under": f"限 {limit}"}
    if clock.due_at is None:
        return {"words": "已暂停", "tone": "paused", "under": f"限 {limit}"}
    said = times.said(clock.due_at, at)
    if said.tone == "ok":
        days = times.working_days_left(clock.due_at, at, calendar)
        words = f"剩 {days} 个工作日" if days else _moment(clock.due_at, at)
        return {"words": words, "tone": "warn" if days and days <= times.SOON_DAYS else "due", "under": until}
    return {"words": said.text, "tone": said.tone, "under": until}


def _moment(moment, at) -> str:
    local = moment.astimezone(CHINA)
    return f"{local:%m-%d %H:%M}" if local.year == at.astimezone(CHINA).year else f"{local:%Y-%m-%d %H:%M}"


def _due_words(grievance: Grievance, at, calendar) -> dict | None:
    """Return what the head of the panel says of the nearest due time."""
    if grievance.status in ENDED or grievance.next_due_at is None:
        return None
    said = times.said(grievance.next_due_at, at)
    words, tone = said.text, said.tone
    if tone == "ok":
        days = times.working_days_left(grievance.next_due_at, at, calendar)
        words = f"{said.text} 前" + (f"，剩 {days} 个工作日" if days else "")
        tone = "warn" if days and days <= times.SOON_DAYS else "ok"
    return {"words": words, "tone": tone, "clock": grievance.get_next_clock_display()}


# --- who answers for it -----------------------------------------------------------------------------------------------
def _owners(grievance: Grievance, at) -> list[dict]:
    """Return the three offices with who acts now; a vacancy is said. Three queries each."""
    lines = []
    for label, office in (
        ("有人问", grievance.collector),
        ("有人办", grievance.handler),
        ("有人管", grievance.supervisor),
    ):
        if office is None:
            lines.append({"label": label, "office": "还没有定", "who": "受理以后定", "vacant": False})
            continue
        acts = acting_for(office, at)
        names = "、".join(one.user.name for one in acts[:3])
        vacant = not acts or acts[0].organization_id != office.organization_id
        if not acts:
            who = "空缺，上级也没有人"
        elif vacant:
            who = f"空缺，由{acts[0].organization.short_name}{names}代管"
        elif office.deputy_id == acts[0].pk:
            who = f"{names}（代理）"
        else:
            who = names
        unit = f"{office.organization.short_name} · {office.get_duty_display().partition('（')[0]}岗"
        lines.append({"label": label, "office": unit, "who": who, "vacant": vacant})
    return lines


def _ladder(grievance: Grievance, clocks: list[Clock]) -> list[dict]:
    """Return the rungs: where it was brought, the committees it has been with, and those above. One query."""
    now = grievance.organization
    above = Organization.objects.get_ancestors(now).filter(kind=Kind.INDUSTRY_COMMITTEE)
    above = list(above.exclude(status=OrganizationStatus.DISSOLVED).order_by("-depth"))
    steps = []
    if grievance.collector is not None and grievance.collector.organization_id != grievance.origin_id:
        steps.append({"name": grievance.collector.organization.short_name, "state": "done", "at": grievance.lodged_at})
    been: dict[int, dict] = {}
    for clock in clocks:
        if clock.kind in LEVEL_CLOCKS and clock.organization_id not in been:
            been[clock.organization_id] = {"name": clock.organization.short_name, "at": clock.started_at}
    if grievance.origin_id not in been and grievance.origin_id != now.pk:
        been = {grievance.origin_id: {"name": grievance.origin.short_name, "at": grievance.lodged_at}} | been
    here = been.pop(now.pk, {"name": now.short_name, "at": grievance.lodged_at})
    steps += [one | {"state": "done"} for one in been.values()]
    steps.append(here | {"state": "now"})
    escalating = [
        one for one in clocks if one.state == ClockState.RUNNING and one.policy.escalates and one.due_at is not None
    ]
    for place, one in enumerate(above if grievance.status not in ENDED else []):
        step = {"name": one.short_name, "state": "next", "at": None}
        if place == 0 and escalating and grievance.status in WITH_HANDLER:
            first = min(escalating, key=lambda clock: clock.due_at)
            step["rule"] = f"{timezone.localtime(first.due_at):%m-%d %H:%M} 未{first.get_kind_display()}则自动升级"
        steps.append(step)
    return steps


def _supervisions(grievance: Grievance) -> list:
    return list(grievance.supervisions.select_related("organization", "ordered_by", "reported_by"))


# --- history ----------------------------------------------------------------------------------------------------------
def _history(grievance: Grievance, show: str, internal: bool) -> list[dict]:
    """Return the entries of the case with the words said at each, newest first. Two queries."""
    statements = grievance.statements.select_related("office__organization", "said_by")
    said: dict[int, list] = {}
    for one in statements:
        said.setdefault(one.entry_id or 0, []).append(one)
    lines = []
    entries = Entry.objects.for_object(grievance)
    for entry in entries if show == "all" else entries.filter(action__in=sorted(PUBLIC_ACTIONS)):
        words = said.get(entry.pk, [])
        office = next((one.office for one in words if one.office is not None), None)
        unit = f"{office.organization.short_name} " if office is not None else ""
        text = ACTIONS.get(entry.action, entry.action)
        if entry.action == "grievance.reveal":
            text = "查看诉求人" + "、".join(REVEALED.get(name, name) for name in entry.fields)
        lines.append(
            {
                "at": _when(grievance, entry, words),
                "who": f"{unit}{entry.actor_name}",
                "text": text,
                "is_public": entry.action in PUBLIC_ACTIONS,
                "notes": [
                    {"text": one.text, "internal": not one.is_public, "kind": one.kind}
                    for one in words
                    if one.is_public or (show == "all" and internal)
                ],
                "reason": entry.reason if show == "all" else "",
            }
        )
    return lines


def _when(grievance: Grievance, entry, words):
    """Return when an act was: the instant its words carry; a case from a hotline was lodged before it was entered."""
    if words:
        return words[0].at
    return grievance.lodged_at if entry.action == "grievance.lodge" else entry.at


# --- looking at what is protected -------------------------------------------------------------------------------------
@login_required
@require_POST
def case_reveal(request, pk: int):
    """Show the phone or the name for a minute, after a reason; as a fragment to htmx, else within the page."""
    grievance = case_or_404(request, pk)
    form = RevealForm(request.POST)
    name = request.POST.get("field", "")
    name = name if name in REVEALED else "phone"
    value = ""
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            value = workflow.reveal(grievance, name, actor=request.user, reason=reason, at=timezone.now())
        except ValidationError as error:
            form.add_refusal(error)
    elif not cases.may_reveal_phone(request.reach, grievance, Reader.of(request.reach).offices):
        raise PermissionDenied("看诉求人的电话，要由办这件诉求的岗位来看。")
    shown = {
        "case": grievance,
        "field": name,
        "what": REVEALED[name],
        "masked": grievance._meta.get_field(name).mask(getattr(grievance, name)),
        "reveal_url": request.path,
        "seconds": REVEAL_SECONDS,
    }
    if form.is_valid():
        shown["revealed"] = value or "没有留"
    else:
        shown["error"] = next(iter(form.errors.values()))[0]
    status = 200 if form.is_valid() else 422
    if request.htmx:
        return _no_store(render(request, "grievances/_reveal.html", shown, status=status))
    page = case_context(request, grievance)
    fields = page["complainant"]["fields"]
    page["complainant"]["fields"] = [one | (shown if one["field"] == name else {}) for one in fields]
    return _no_store(render(request, "grievances/case.html", page, status=status))


@login_required
@require_safe
def evidence_file(request, pk: int, evidence: int):
    """Answer with a file of a case in scope, as a download; that it was opened is written down."""
    grievance = case_or_404(request, pk)
    row = get_object_or_404(Evidence.objects.select_related("grievance"), pk=evidence, grievance=grievance)
    row.grievance = grievance
    try:
        path = workflow.open_evidence(row, actor=request.user, at=timezone.now())
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(path.open("rb"), as_attachment=True, filename=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return _no_store(response)


def _no_store(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "private, no-store"
    return response
