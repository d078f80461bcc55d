"""The list of members and the coverage: each figure leads to exactly the rows it counts."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.choices import BRANCHES
from branches.models import Organization
from members.choices import MEMBER_LEFT, Absence
from members.forms.registry import ExportForm
from members.lists.drivers import WrongFilter
from members.lists.exporting import exporting
from members.lists.member_export import readable
from members.lists.members import LABELS, WORDS, MemberList, needed_for
from members.lists.paging import Cursor, in_order
from members.models import Affiliation, PartyMember
from members.rules.membership import BRANCH_LEAST_FULL, BRANCH_MOST, absence_of, party_standing
from members.rules.search import Kind, classify
from members.statistics import absences, branch_sizes, member_coverage
from members.views.drivers import needs
from members.views.lists import open_query, seal_query, size_of
from members.workflow import exports

SEARCH_HINT = "可以查：姓名（全名或名字的开头）、拼音首字母、手机号或后四位、身份证号。"


@login_required
@require_safe
def member_list(request):
    """Answer with one page of the members in scope, by name. At most twelve queries."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    if "" in request.GET.values():
        return redirect(members_address(**{name: value for name, value in request.GET.items() if value}))
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    context = list_context(request, asked_members(request, request.GET), cursor)
    return render(request, "members/member_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def member_search(request):
    """Answer with the members a typed text means: posted, so that no name or number stands in an address or a log."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    if request.method == "GET":
        return redirect("members:member_list")
    token = request.POST.get("token", "")
    query = open_query(token) if token else classify(request.POST.get("q", ""))
    if query is None or query.kind in (Kind.NOTHING, Kind.PLATE):
        asked = asked_members(request, request.POST)
        context = list_context(request, asked, None) | {"not_understood": SEARCH_HINT}
        return render(request, "members/member_list.html", context, status=422)
    right = needed_for(query)
    if right is not None and not request.reach.has(right):
        raise PermissionDenied("按号码查人不在您的权限里。")
    cursor = Cursor.read(request.POST["at"]) if request.POST.get("at") else None
    context = list_context(request, asked_members(request, request.POST, query), cursor)
    return render(request, "members/member_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def member_export(request):
    """Ask for a file of exactly the rows of the list one came from: by address, or by a form with a typed text."""
    needs(request, Capability.PARTY_MEMBER_EXPORT)
    token = request.POST.get("token", "")
    query = open_query(token) if token else None
    if token and query is None:
        raise PermissionDenied("这次查找已经过期，请重新查找再导出。")
    source = request.POST if request.method == "POST" else request.GET
    asked = asked_members(request, source, query, Capability.PARTY_MEMBER_EXPORT)
    kind, columns = exporting(asked.list_name), readable(request.reach)
    sent = request.method == "POST" and "reason" in request.POST
    form = ExportForm(
        request.POST if sent else None,
        columns=columns,
        may_unmask=False,
        initial={"columns": [column.code for column in columns if column.default]},
    )
    if sent and form.is_valid():
        chosen = {name: form.cleaned_data[name] for name in ("format", "reason")}
        try:
            job = exports.request_export(
                asked, form.cleaned_data["columns"], unmask=False, actor=request.user, **chosen
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            return redirect("members:export_detail", pk=job.pk)
    context = {
        "form": form,
        "count": asked.count,
        "applied": [label for _, label in asked.in_force()],
        "query": query,
        "action": reverse("members:member_export"),
        "hidden": [*asked.values.items(), *([("token", seal_query(query))] if query else [])],
        "limits": (kind.row_limit(request.reach, True), 0),
        "cancel_url": members_address(**asked.values),
        "crumbs": [("党员", members_address()), ("导出", "")],
    }
    return render(request, "members/export_form.html", context, status=422 if form.is_bound else 200)


def asked_members(request, source, query=None, scope: Capability = Capability.PARTY_MEMBER_VIEW) -> MemberList:
    """Return the list somebody asked for by the conditions in `source`. Raises BadRequest for what means nothing."""
    values = {name: source.get(name, "") for name in LABELS}
    try:
        return MemberList(request.reach, timezone.localdate(), values, query, scope)
    except WrongFilter as error:
        raise BadRequest(str(error)) from error


def list_context(request, asked: MemberList, cursor: Cursor | None) -> dict:
    """Return what the list template needs; the pages of a typed text are turned by forms. At most nine queries."""
    source = request.POST if asked.query is not None else request.GET
    size, chosen = size_of(source), asked.values
    page = asked.page(cursor, size)
    extra = {"size": size} if size != 50 else {}
    is_plain = asked.query is None
    return {
        "rows": [_line(one, asked.today) for one in in_order(page.keys, _shown())],
        "count": asked.count,
        "count_words": f"共 {asked.count} 人",
        "offers": _offers(list(_units(request)), chosen),
        "applied": [
            {"label": label, "url": members_address(**{k: v for k, v in chosen.items() if k != name})}
            for name, label in asked.in_force()
        ],
        "clear_url": members_address(),
        "conditions": chosen,
        "query": asked.query,
        "query_token": seal_query(asked.query) if asked.query else "",
        "page": page,
        "may_call": request.reach.has(Capability.DRIVER_IDENTITY_REVEAL),
        "may_transfer": request.reach.has(Capability.TRANSFER_VIEW),
        "may_look_for": request.reach.has(Capability.LOST_CONTACT_VIEW),
        "may_export": request.reach.has(Capability.PARTY_MEMBER_EXPORT),
        "previous_url": members_address(**chosen, at=page.previous, **extra) if page.previous and is_plain else "",
        "next_url": members_address(**chosen, at=page.next, **extra) if page.next and is_plain else "",
    }


def members_address(**conditions) -> str:
    """Return the address of the list with these conditions; empty values are left out."""
    found = {name: value for name, value in conditions.items() if value not in ("", None)}
    return reverse("members:member_list") + (f"?{urlencode(found)}" if found else "")


def _shown():
    ties = Affiliation.objects.running().select_related("organization").order_by("pk")
    return PartyMember.objects.with_person().prefetch_related(Prefetch("affiliations", ties, to_attr="ties"))


def _line(member: PartyMember, today) -> dict:
    phone = member.person._meta.get_field("phone")
    return {
        "row": member,
        "standing": party_standing(member.full_date, today),
        "absence": Absence(absence_of(member.absent_since_date, today)),
        "phone": phone.mask(member.person.phone) if member.person.phone else "",
        "has_left": member.status in MEMBER_LEFT,
    }


def _units(request):
    return (
        Organization.objects.visible_to(request.reach)
        .running()
        .filter(kind__in=sorted(BRANCHES))
        .order_by("path")[:300]
    )


def _offers(units, chosen: dict) -> list[dict]:
    choices = {
        "unit": [(str(one.pk), one.short_name) for one in units],
        **{name: list(WORDS[name].items()) for name in ("status", "absence", "placement", "scope", "tag")},
    }
    return [
        {"code": code, "label": LABELS[code], "choices": offered, "value": chosen.get(code, "")}
        for code, offered in choices.items()
        if len(offered) > (1 if code == "unit" else 0)
    ]


# --- coverage ---------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def coverage(request):
    """Answer with placed / confirmed, by committee and by branch. Seven queries, however many."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    today = timezone.localdate()
    members = PartyMember.objects.visible_to(request.reach)
    found = member_coverage(members)
    wanted = {pk for pk in found.by_committee if pk is not None} | set(found.by_branch)
    names = {one.pk: one for one in Organization.objects.filter(pk__in=wanted)}
    committees = [
        {
            "name": names[pk].short_name if pk is not None else "没有本系统的组织",
            "path": names[pk].path if pk is not None else "~",
            "placed": placed,
            "confirmed": confirmed,
            "unplaced": confirmed - placed,
            "key": pk if pk is not None else "none",
        }
        for pk, (placed, confirmed) in found.by_committee.items()
    ]
    branches = [{"unit": names[pk], "number": number} for pk, number in found.by_branch.items()]
    context = {
        "found": found,
        "committees": sorted(committees, key=lambda one: one["path"]),
        "branches": sorted(branches, key=lambda one: one["unit"].path),
        "absences": [
            {"label": Absence(name).label, "number": number, "url": members_address(absence=name)}
            for name, number in absences(members, today).items()
        ],
        "list_url": members_address(),
        "today": today,
        "crumbs": [("党员", members_address()), ("编入支部", "")],
    }
    return render(request, "members/coverage.html", context)


SIZES = {"few": f"正式党员不足 {BRANCH_LEAST_FULL} 人", "many": f"党员超过 {BRANCH_MOST} 人"}
PER_PAGE = 50


@login_required
@require_safe
def branch_list(request):
    """Answer with the working branches in scope and how many members each has. Six queries, however many."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    sizes = branch_sizes(Organization.objects.manageable_by(request.reach, Capability.PARTY_MEMBER_VIEW))
    chosen = request.GET.get("size", "")
    chosen = chosen if chosen in SIZES else ""
    url = reverse("members:branch_list")
    tabs = [{"label": "全部", "url": url, "current": not chosen, "count": len(sizes)}]
    tabs += [
        {
            "label": label,
            "url": f"{url}?size={code}",
            "current": code == chosen,
            "count": sum(one.size == code for one in sizes),
        }
        for code, label in SIZES.items()
    ]
    page = Paginator([one for one in sizes if not chosen or one.size == chosen], PER_PAGE).get_page(
        request.GET.get("page")
    )
    here = f"{url}?{urlencode({'size': chosen} if chosen else {})}"
    context = {
        "rows": [(one, members_address(branch=one.organization.pk)) for one in page.object_list],
        "page": page,
        "tabs": tabs,
        "previous_url": f"{here}&page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"{here}&page={page.next_page_number()}" if page.has_next() else "",
        "crumbs": [("党员", members_address()), ("支部人数", "")],
    }
    return render(request, "members/branch_list.html", context)
