"""Joint conferences: what is open, one conference, its meetings on the screen and on A4, items and how they go on."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from activities import workflow
from activities.choices import PENDING, ActionItemStatus
from activities.forms import ConferenceForm, ItemForm, MeetingForm, ProgressForm
from activities.models import ActionItem, ConferenceMeeting, JointConference
from activities.rules import conferences as rules
from activities.views.visits import _turning
from branches.capabilities import Capability
from branches.choices import Kind
from branches.filters import key_of
from branches.models import Organization
from branches.views.pages import form_page
from foundation.audit.trail import NotAllowed
from members.views.drivers import needs

PAGE = 50
STATES = {"overdue": "过了期限", **dict(ActionItemStatus.choices)}


# --- lists ----------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def conference_list(request):
    """Answer with the joint conferences in scope, in tree order. At most six queries."""
    needs(request, Capability.JOINT_CONFERENCE_VIEW)
    today = timezone.localdate()
    pending = Q(meetings__items__status__in=sorted(PENDING))
    rows = JointConference.objects.visible_to(request.reach).select_related("organization")
    rows = rows.annotate(
        last=Max("meetings__held_date"),
        held=Count("meetings", distinct=True),
        left=Count("meetings__items", filter=pending, distinct=True),
        late=Count("meetings__items", filter=pending & Q(meetings__items__due_date__lt=today), distinct=True),
    )
    page = Paginator(rows.order_by("organization__path", "name"), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": page.object_list,
        "tabs": _tabs("conferences", page.paginator.count),
        "may_keep": request.reach.has(Capability.JOINT_CONFERENCE_RECORD),
        **_turning("activities:conference_list", page, {}),
    }
    return render(request, "activities/conference_list.html", context)


@login_required
@require_safe
def item_list(request):
    """Answer with what joint conferences decided by the day it is due; ?state= and ?conference= narrow. Six queries."""
    needs(request, Capability.JOINT_CONFERENCE_VIEW)
    today = timezone.localdate()
    rows = ActionItem.objects.visible_to(request.reach)
    state = request.GET.get("state", "")
    state = state if state in STATES or state == "all" else ""
    key = key_of(request.GET.get("conference", ""))
    conference = (
        get_object_or_404(JointConference.objects.visible_to(request.reach), pk=key) if key is not None else None
    )
    if conference is not None:
        rows = rows.filter(meeting__conference=conference)
    if state == "overdue":
        rows = rows.overdue(today)
    elif state in STATES:
        rows = rows.filter(status=state)
    elif not state:
        rows = rows.pending()
    page = Paginator(_with_names(rows), PAGE).get_page(request.GET.get("page"))
    chosen = {"state": state} if state else {}
    chosen |= {"conference": conference.pk} if conference else {}
    context = {
        "page": page,
        "rows": _lines(page.object_list, today),
        "state": state,
        "states": STATES.items(),
        "conference": conference,
        "tabs": _tabs("items", page.paginator.count),
        **_turning("activities:item_list", page, chosen),
    }
    return render(request, "activities/item_list.html", context)


# --- one conference -------------------------------------------------------------------------------------------------
@login_required
@require_safe
def conference_detail(request, pk: int):
    """Answer with one conference: what is open, its meetings and departments. At most eight queries."""
    conference, today = conference_or_404(request, pk), timezone.localdate()
    context = {
        "conference": conference,
        "open_items": _lines(_open_items(request, conference), today),
        "closed": ActionItem.objects.visible_to(request.reach)
        .filter(meeting__conference=conference)
        .exclude(status__in=PENDING)
        .count(),
        "meetings": conference.meetings.annotate(item_count=Count("items")).order_by("-held_date"),
        "departments": conference.departments.all(),
        "may_keep": rules.may_keep(request.reach, conference.organization),
        "crumbs": conference_crumbs(conference),
    }
    return render(request, "activities/conference_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def conference_create(request):
    """Show and take a new joint conference; ?unit= names the committee, else one's own."""
    needs(request, Capability.JOINT_CONFERENCE_RECORD)
    at = timezone.now()
    units = Organization.objects.manageable_by(request.reach, Capability.JOINT_CONFERENCE_RECORD).running()
    units = units.filter(kind=Kind.INDUSTRY_COMMITTEE)
    asked = request.POST.get("unit") or request.GET.get("unit", "")
    if asked:
        unit = units.filter(pk=key_of(asked) or 0).first()
    else:
        unit = units.filter(pk__in=[post.organization_id for post in request.reach.posts]).first()
    if unit is None:
        raise Http404
    initial = {"name": "党建引领道路运输行业高质量发展联席会议", "from_date": timezone.localdate(at)}
    return form_page(
        request,
        ConferenceForm(request.POST if request.method == "POST" else None, initial=initial),
        lambda form: workflow.set_up(unit, form.values(), form.members(), actor=request.user, at=at),
        success="联席会议已登记",
        next_url=lambda made: redirect("activities:conference_detail", made.pk),
        title="建立联席会议",
        meta=unit.short_name,
        submit="登记",
        cancel_url=reverse("activities:conference_list"),
        crumbs=conference_crumbs(None, "建立联席会议"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def conference_change(request, pk: int):
    """Show and take names, dates and departments; the page knows which version it was made for."""
    conference = conference_or_404(request, pk, to_keep=True)
    url = reverse("activities:conference_detail", args=[conference.pk])

    def act(form):
        conference.version = form.cleaned_data["version"] or conference.version
        return workflow.change(conference, form.values(), form.members(), actor=request.user, at=timezone.now())

    return form_page(
        request,
        ConferenceForm(request.POST if request.method == "POST" else None, initial=ConferenceForm.of(conference)),
        act,
        success="已修改",
        next_url=url,
        title="修改联席会议",
        meta="划掉的成员单位，办过事项的留着备查。",
        submit="保存",
        cancel_url=url,
        crumbs=conference_crumbs(conference, "修改"),
    )


# --- meetings -------------------------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def meeting_create(request, pk: int):
    """Show and take a meeting; the page begins with what was open."""
    conference = conference_or_404(request, pk, to_keep=True)
    today = timezone.localdate()
    departments = conference.departments.filter(has_left=False)
    initial = {"key": uuid4(), "held_date": today, "present": "、".join(one.name for one in departments)}
    return form_page(
        request,
        MeetingForm(request.POST if request.method == "POST" else None, initial=initial),
        lambda form: workflow.record_meeting(
            conference,
            form.values(),
            actor=request.user,
            at=timezone.now(),
            key=form.cleaned_data["key"],
        ),
        success="会议已登记，接着登记议定事项",
        next_url=lambda made: redirect("activities:meeting_detail", made.pk),
        template="activities/meeting_form.html",
        title="登记一次联席会议",
        meta=conference.name,
        open_items=_lines(_open_items(request, conference), today),
        submit="保存",
        cancel_url=reverse("activities:conference_detail", args=[conference.pk]),
        crumbs=conference_crumbs(conference, "登记会议"),
    )


@login_required
@require_safe
def meeting_detail(request, pk: int):
    """Answer with one meeting, what it decided and what had been open before it. At most eight queries."""
    meeting = meeting_or_404(request, pk)
    context = _meeting(request, meeting) | {
        "may_keep": rules.may_keep(request.reach, meeting.conference.organization),
        "crumbs": conference_crumbs(meeting.conference, f"{meeting.held_date:%Y-%m-%d}"),
    }
    return render(request, "activities/meeting_detail.html", context)


@login_required
@require_safe
def meeting_print(request, pk: int):
    """Answer with the minutes and items of a meeting as a sheet of A4. At most seven queries."""
    meeting = meeting_or_404(request, pk)
    return render(request, "activities/meeting_print.html", _meeting(request, meeting) | {"at": timezone.now()})


@login_required
@require_http_methods(["GET", "POST"])
def meeting_amend(request, pk: int):
    """Show and take corrections of a meeting; the page knows which version it was made for."""
    meeting = meeting_or_404(request, pk, to_keep=True)
    url = reverse("activities:meeting_detail", args=[meeting.pk])

    def act(form):
        meeting.version = form.cleaned_data["version"] or meeting.version
        return workflow.amend_meeting(meeting, form.values(), actor=request.user, at=timezone.now())

    return form_page(
        request,
        MeetingForm(request.POST if request.method == "POST" else None, initial=MeetingForm.of(meeting)),
        act,
        success="已更正",
        next_url=url,
        title="更正会议记录",
        meta=str(meeting),
        submit="保存",
        cancel_url=url,
        crumbs=conference_crumbs(meeting.conference, "更正"),
    )


# --- items ----------------------------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def item_create(request, pk: int):
    """Show and take something a meeting decided."""
    meeting = meeting_or_404(request, pk, to_keep=True)
    url = reverse("activities:meeting_detail", args=[meeting.pk])
    return form_page(
        request,
        ItemForm(request.POST if request.method == "POST" else None, meeting=meeting),
        lambda form: workflow.add_item(meeting, **form.cleaned_data, actor=request.user, at=timezone.now()),
        success="议定事项已登记",
        next_url=url,
        title="登记议定事项",
        meta=str(meeting),
        submit="登记",
        cancel_url=url,
        crumbs=conference_crumbs(meeting.conference, "登记议定事项"),
    )


@login_required
@require_safe
def item_detail(request, pk: int):
    """Answer with one item and how it went on. At most six queries."""
    item = item_or_404(request, pk)
    context = {
        "item": item,
        "is_overdue": rules.is_overdue(item, timezone.localdate()),
        "entries": [
            {"at": note.at, "who": note.by.name if note.by else "", "text": note.text}
            for note in item.notes.select_related("by").order_by("-pk")
        ],
        "may_go_on": item.status in PENDING and rules.may_keep(request.reach, item.meeting.conference.organization),
        "crumbs": conference_crumbs(item.meeting.conference, "议定事项"),
    }
    return render(request, "activities/item_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def item_progress(request, pk: int):
    """Show and take how an item goes on."""
    item = item_or_404(request, pk)
    if not rules.may_keep(request.reach, item.meeting.conference.organization):
        raise PermissionDenied
    if item.status not in PENDING:
        raise NotAllowed("这一项已经了结，不能再记进展。")
    url = reverse("activities:item_detail", args=[item.pk])
    return form_page(
        request,
        ProgressForm(
            request.POST if request.method == "POST" else None,
            status=item.status,
            initial={"status": ActionItemStatus.IN_HAND},
        ),
        lambda form: workflow.progress(
            item, form.cleaned_data["text"], form.cleaned_data["status"], actor=request.user, at=timezone.now()
        ),
        success="已记下",
        next_url=url,
        title="记进展",
        meta=item.text,
        submit="记下",
        cancel_url=url,
        crumbs=conference_crumbs(item.meeting.conference, "记进展"),
    )


# --- what they share ------------------------------------------------------------------------------------------------
def conference_or_404(request, pk: int, *, to_keep: bool = False) -> JointConference:
    """Return a conference within reach. Raises Http404, PermissionDenied for who sees it only. Two queries."""
    needs(request, Capability.JOINT_CONFERENCE_VIEW)
    rows = JointConference.objects.visible_to(request.reach).select_related("organization")
    conference = get_object_or_404(rows, pk=pk)
    _keeps(request, conference, to_keep)
    return conference


def meeting_or_404(request, pk: int, *, to_keep: bool = False) -> ConferenceMeeting:
    """Return a meeting within reach. Raises Http404, PermissionDenied for who sees it only. Two queries."""
    needs(request, Capability.JOINT_CONFERENCE_VIEW)
    rows = ConferenceMeeting.objects.visible_to(request.reach)
    meeting = get_object_or_404(rows.select_related("conference__organization", "recorded_by"), pk=pk)
    _keeps(request, meeting.conference, to_keep)
    return meeting


def item_or_404(request, pk: int) -> ActionItem:
    """Return an item within reach; the answer for a foreign one is that of none. Two queries."""
    needs(request, Capability.JOINT_CONFERENCE_VIEW)
    return get_object_or_404(_with_names(ActionItem.objects.visible_to(request.reach)), pk=pk)


def conference_crumbs(conference: JointConference | None, *last: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs to a conference or to a word below the list."""
    line = [("联席会议", reverse("activities:conference_list"))]
    if conference is not None:
        here = reverse("activities:conference_detail", args=[conference.pk]) if last else ""
        line.append((conference.organization.short_name, here))
    return line + [(word, "") for word in last]


def _keeps(request, conference: JointConference, to_keep: bool) -> None:
    if to_keep and not rules.may_keep(request.reach, conference.organization):
        raise PermissionDenied


def _with_names(rows):
    rows = rows.select_related("meeting__conference__organization", "department")
    return rows.order_by("due_date", "pk")


def _open_items(request, conference: JointConference):
    return _with_names(ActionItem.objects.visible_to(request.reach).pending().filter(meeting__conference=conference))


def _lines(items, today) -> list[dict]:
    return [{"one": item, "is_overdue": rules.is_overdue(item, today)} for item in items]


def _meeting(request, meeting: ConferenceMeeting) -> dict:
    """Return what the page and the sheet of a meeting show: its items, and those of meetings before that are open."""
    today = timezone.localdate()
    items = _with_names(ActionItem.objects.visible_to(request.reach).filter(meeting=meeting))
    earlier = _open_items(request, meeting.conference).filter(meeting__held_date__lt=meeting.held_date)
    return {
        "meeting": meeting,
        "conference": meeting.conference,
        "items": _lines(items, today),
        "earlier": _lines(earlier, today),
        "today": today,
    }


def _tabs(current: str, count: int) -> list[dict]:
    lines = (
        ("conferences", "联席会议", reverse("activities:conference_list")),
        ("items", "议定事项", reverse("activities:item_list")),
    )
    return [
        {"label": label, "url": url, "current": name == current, "count": count if name == current else ""}
        for name, label, url in lines
    ]
