"""Pages of organisations: the tree, one unit, and its changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches import endings, filters, forms, rules, statistics, workflow
from branches.capabilities import Capability
from branches.choices import BRANCHES, REQUIRED_POSTS, Kind, OrganizationStatus
from branches.models import Appointment, Guidance, Office, Organization, Term
from branches.notices import action_label
from branches.views.pages import confirm_page, crumbs_of, form_page
from foundation.audit.models import Entry

WHOLE_TREE = 250  # up to so many units the page shows the whole tree; beyond, branches are a number with a link
PER_PAGE = 50
HISTORY = 10
SMALL = BRANCHES | {Kind.GROUP}
STATUS_TONES = {"preparing": "info", "active": "ok", "rectifying": "warn", "dissolved": ""}
STATUS_ICONS = {"preparing": "clock", "active": "check-lg", "rectifying": "exclamation-triangle", "dissolved": "x"}


@dataclass
class Node:
    """One line of the tree: the organisation, the lines below it, and how many branches stand below."""

    organization: Organization
    children: list[Node] = field(default_factory=list)
    branches: int = 0
    hidden: int = 0  # branches below that this page leaves out
    open: bool = False


# --- reading --------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def organization_list(request):
    """Answer with the tree of the reader's scope, or with a plain list when it is narrowed. Four queries at most."""
    visible = Organization.objects.visible_to(request.reach)
    chosen = filters.Narrowing(request, filters.ORGANIZATION_WORDS)
    context = {
        "chosen": chosen,
        "applied": chosen.applied(),
        "clear_url": request.path,
        "kinds": filters.ORGANIZATION_WORDS["kind"].items(),
        "statuses": filters.ORGANIZATION_WORDS["status"].items(),
        "tones": STATUS_TONES,
        "add_url": _add_url(request.reach),
        "may_export": request.reach.has(Capability.ORGANIZATION_EXPORT),
    }
    if chosen:
        found = filters.narrow_organizations(visible, chosen).select_related("division")
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        query = request.GET.copy()
        context |= {
            "page": page,
            "total": page.paginator.count,
            "rows": _with_parents(page.object_list),
            "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
            "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
        }
        return render(request, "branches/organization_list.html", context)
    running = list(visible.running())
    key = filters.key_of(request.GET.get("under", ""))
    under = next((one for one in running if one.pk == key), None)
    if under is not None:
        running = [one for one in running if one.path.startswith(under.path)]
    context |= {"roots": _tree(running, under), "total": len(running), "under": under}
    context["counts"] = {
        "committees": sum(1 for one in running if one.kind == "industry_committee"),
        "branches": sum(1 for one in running if one.kind in BRANCHES),
    }
    return render(request, "branches/organization_list.html", context)


def _tree(organizations: list[Organization], under: Organization | None) -> list[Node]:
    """Build the lines from organisations in the order of their paths; what has no parent among them is a root.

    A big tree shows committees only, each with the number of its branches; `under` shows its own branches too.
    """
    whole = len(organizations) <= WHOLE_TREE
    roots: list[Node] = []
    stack: list[Node] = []
    for organization in organizations:
        while stack and not organization.path.startswith(stack[-1].organization.path):
            stack.pop()
        if organization.kind in BRANCHES:
            for above in stack:
                above.branches += 1
        if not whole and stack and organization.kind in SMALL and stack[-1].organization != under:
            stack[-1].hidden += 1
            continue
        node = Node(organization, open=len(stack) < (2 if whole else 1))
        (stack[-1].children if stack else roots).append(node)
        stack.append(node)
    return roots


def _with_parents(organizations) -> list[tuple[Organization, str]]:
    """Return each organisation with the name of its parent. One query for all."""
    rows = list(organizations)
    paths = {row.path[: -Organization.steplen] for row in rows}
    names = dict(Organization.objects.filter(path__in=paths).values_list("path", "short_name"))
    return [(row, names.get(row.path[: -Organization.steplen], "")) for row in rows]


def _page_url(query, number: int | None) -> str:
    if number is None:
        return ""
    query["page"] = str(number)
    return f"?{query.urlencode()}"


def _add_url(reach) -> str:
    """Return the address for a new unit below the reader's first committee, "" when he may add nowhere."""
    post = next((post for post in reach.posts if post.role == "clerk"), None)
    if post is None or not reach.has(Capability.ORGANIZATION_ADD):
        return ""
    return f"{reverse('branches:organization_create')}?parent={post.organization_id}"


@login_required
@require_safe
def organization_detail(request, pk: int):
    """Answer with one organisation. Sixteen queries at most."""
    reach, at = request.reach, timezone.now()
    organization = get_object_or_404(
        Organization.objects.visible_to(reach).select_related("division", "successor"), pk=pk
    )
    ancestors, crumbs = _ancestors(request, organization)
    children = list(
        Organization.objects.visible_to(reach).filter(pk__in=_children(organization).values("pk")).running()
    )
    sees_posts = reach.covers(Capability.APPOINTMENT_VIEW, organization)
    context = {
        "organization": organization,
        "parent": ancestors[-1] if ancestors else None,
        "sees_parent": bool(ancestors) and reach.covers(Capability.ORGANIZATION_VIEW, ancestors[-1]),
        "crumbs": crumbs,
        "at": at,
        "tone": STATUS_TONES[organization.status],
        "status_icon": STATUS_ICONS[organization.status],
        "children": children,
        "check": statistics.one_plus_nine(organization, timezone.localdate(at)),
        "may": _allowed(reach, organization),
        "sees_posts": sees_posts,
        "drivers_url": reach.has(Capability.DRIVER_VIEW) and _address_or_nothing("members:of_organization", pk),
        "stations_url": _address_or_nothing("service_stations:of_organization", pk),
        "file_url": organization.kind in BRANCHES
        and reach.covers(Capability.BRANCH_FILE_VIEW, organization)
        and _address_or_nothing("dashboard:branch_file", pk),
        "calendar_url": reach.covers(Capability.ACTIVITY_VIEW, organization)
        and _address_or_nothing("activities:branch_calendar", pk),
        "may_elect": rules.may_have_term(organization.kind),
    }
    if sees_posts:
        posts = (
            Appointment.objects.visible_to(reach).running(at).filter(organization=organization).select_related("user")
        )
        context["posts"] = sorted(posts, key=lambda post: (list(rules.Role).index(post.role), post.from_at))
        context["vacant"] = _vacant(organization, context["posts"])
        context["term"] = Term.objects.visible_to(reach).running().filter(organization=organization).first()
        offices = Office.objects.visible_to(reach).filter(organization=organization)
        offices = offices.select_related("holder__user", "deputy__user", "organization")
        context["offices"] = [(office, rules.may_arrange_office(reach, office)) for office in offices]
    if reach.covers(Capability.GUIDANCE_VIEW, organization):
        lines = Guidance.objects.visible_to(reach).filter(organization=organization)
        context["lines"] = lines.select_related("guiding_organization").order_by("line", "-from_date")
        context["today"] = timezone.localdate(at)
    if reach.covers(Capability.ORGANIZATION_CHANGE, organization):
        history = Entry.objects.filter(organization_id=organization.pk, object_type__startswith="branches.")
        context["history"] = [_event(entry, organization) for entry in history.newest_first()[:HISTORY]]
    return render(request, "branches/organization_detail.html", context)


def _allowed(reach, organization) -> dict[str, bool]:
    running = organization.status != OrganizationStatus.DISSOLVED
    return {
        "change": running and reach.covers(Capability.ORGANIZATION_CHANGE, organization),
        "add": running and reach.covers(Capability.ORGANIZATION_ADD, organization),
        "move": running and organization.depth > 1 and reach.covers(Capability.ORGANIZATION_DISSOLVE, organization),
        "dissolve": running and reach.covers(Capability.ORGANIZATION_DISSOLVE, organization),
        "guide": running and reach.covers(Capability.GUIDANCE_CHANGE, organization),
        "appoint": running and reach.covers(Capability.APPOINTMENT_APPOINT, organization),
        "add_user": running and reach.covers(Capability.USER_ADD, organization),
    }


def _vacant(organization, posts) -> list[str]:
    if organization.status not in (OrganizationStatus.ACTIVE, OrganizationStatus.RECTIFYING):
        return []
    held = {post.role for post in posts}
    required = REQUIRED_POSTS.get(organization.kind, frozenset())
    return [(role.value, role.label) for role in rules.Role if role in required and role not in held]


def _event(entry: Entry, organization: Organization) -> dict:
    label = entry.object_label.replace(organization.short_name, "").strip()
    return {
        "at": entry.at,
        "who": entry.actor_name,
        "text": f"{action_label(entry.action)}　{label}".strip("　"),
        "note": entry.reason,
        "changes": [],
    }


def _children(organization):
    return Organization.objects.get_children(organization)


def _ancestors(request, organization, *last: str):
    ancestors = list(Organization.objects.get_ancestors(organization))
    visible = set()
    if ancestors:
        region = request.reach.region(Capability.ORGANIZATION_VIEW)
        visible = {one.pk for one in ancestors} if region.everything else region.organization_ids
    return ancestors, crumbs_of(organization, ancestors, visible, *last)


def _address_or_nothing(name: str, pk: int) -> str:
    try:
        return reverse(name, args=[pk])
    except NoReverseMatch:  # that app has not opened this door
        return ""


# --- changing -------------------------------------------------------------------------------------------------------
def one_for(request, pk: int, capability: Capability) -> Organization:
    """Return an organisation the reader may see, for an act. Raises Http404, and PermissionDenied when he may not."""
    organization = get_object_or_404(Organization.objects.visible_to(request.reach), pk=pk)
    if not request.reach.covers(capability, organization):
        raise PermissionDenied
    return organization


def _page(request, organization, word: str, **more) -> dict:
    _, crumbs = _ancestors(request, organization, word)
    address = reverse("branches:organization_detail", args=[organization.pk])
    return {"crumbs": crumbs, "cancel_url": address, "next_url": address, "help": "organizations"} | more


@login_required
@require_http_methods(["GET", "POST"])
def organization_create(request):
    """Show and take the form of a new unit below ?parent=."""
    parent = one_for(request, filters.key_of(request.GET.get("parent", "")) or 0, Capability.ORGANIZATION_ADD)
    form = forms.OrganizationForm(request.POST or None, parent=parent)
    return form_page(
        request,
        form,
        lambda form: workflow.add_organization(parent, form.values(), actor=request.user),
        success="组织已建好",
        template="branches/organization_form.html",
        title=f"在“{parent.short_name}”下面新建组织",
        submit="新建",
        **_page(
            request,
            parent,
            "新建组织",
            next_url=lambda made: reverse("branches:organization_detail", args=[made.pk]),
        ),
    )


@login_required
@require_http_methods(["GET", "POST"])
def organization_change(request, pk: int):
    """Show and take the form of a unit's facts; who saves an old version is told so (409)."""
    organization = one_for(request, pk, Capability.ORGANIZATION_CHANGE)
    parent = Organization.objects.get_parent(organization)
    form = forms.OrganizationForm(request.POST or None, instance=organization, parent=parent)

    def act(form):
        return workflow.change_organization(
            organization, form.values(), version=form.cleaned_data["version"], actor=request.user
        )

    return form_page(
        request,
        form,
        act,
        success=f"“{organization.short_name}”已保存",
        template="branches/organization_form.html",
        title=f"修改“{organization.short_name}”",
        **_page(request, organization, "修改"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def organization_move(request, pk: int):
    """Show and take where a unit moves."""
    organization = one_for(request, pk, Capability.ORGANIZATION_DISSOLVE)
    targets = Organization.objects.manageable_by(request.reach, Capability.ORGANIZATION_ADD).running()
    own = Organization.objects.subtree_of(organization).values("pk")
    form = forms.MoveForm(request.POST or None, targets=targets.exclude(pk__in=own))
    below = Organization.objects.subtree_of(organization).count() - 1
    return confirm_page(
        request,
        form,
        lambda form: workflow.move_organization(
            organization, form.cleaned_data["parent"], actor=request.user, reason=form.cleaned_data["reason"]
        ),
        success=f"“{organization.short_name}”已移动",
        title=f"调整“{organization.short_name}”的隶属关系",
        consequence=(
            (f"连同下面 {below} 个组织一起移动；这些组织" if below else "这个组织") + "里的司机、党员和任职跟着走，"
            "新的上级马上能看到，原来的上级不再看到。"
        ),
        submit="移动",
        **_page(request, organization, "调整隶属"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def organization_start(request, pk: int):
    """Show and take the papers that open a unit in preparation."""
    organization = one_for(request, pk, Capability.ORGANIZATION_CHANGE)
    form = forms.StartForm(request.POST or None)
    return confirm_page(
        request,
        form,
        lambda form: workflow.start_organization(organization, actor=request.user, **form.cleaned_data),
        success=f"“{organization.short_name}”已投入运行",
        title=f"“{organization.short_name}”筹建完成",
        consequence="投入运行以后，应设的职务空着会列入空缺。",
        submit="投入运行",
        **_page(request, organization, "投入运行"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def organization_rectify(request, pk: int):
    """Show and take why a unit is put in order."""
    organization = one_for(request, pk, Capability.ORGANIZATION_CHANGE)
    form = forms.ReasonForm(request.POST or None)
    return confirm_page(
        request,
        form,
        lambda form: workflow.rectify_organization(
            organization, actor=request.user, reason=form.cleaned_data["reason"]
        ),
        success=f"“{organization.short_name}”开始整顿",
        title=f"整顿“{organization.short_name}”",
        consequence="整顿期间照常管理党员，页面上会标出“整顿”。",
        submit="开始整顿",
        danger=True,
        **_page(request, organization, "整顿"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def organization_resume(request, pk: int):
    """Show and take the end of the rectification."""
    organization = one_for(request, pk, Capability.ORGANIZATION_CHANGE)
    form = forms.ReasonForm(request.POST or None)
    return confirm_page(
        request,
        form,
        lambda form: workflow.resume_organization(organization, actor=request.user, reason=form.cleaned_data["reason"]),
        success=f"“{organization.short_name}”恢复运行",
        title=f"“{organization.short_name}”整顿结束",
        consequence="状态改回“运行”。",
        submit="恢复运行",
        **_page(request, organization, "恢复运行"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def organization_dissolve(request, pk: int):
    """Show what ends with a unit, and take the papers of its dissolution."""
    organization = one_for(request, pk, Capability.ORGANIZATION_DISSOLVE)
    own = Organization.objects.subtree_of(organization).values("pk")
    successors = Organization.objects.manageable_by(request.reach, Capability.ORGANIZATION_CHANGE).running()
    form = forms.DissolveForm(request.POST or None, successors=successors.exclude(pk__in=own))
    running = endings.running_rows(organization, timezone.now())
    said = "、".join(f"{ending.label} {number} {ending.unit}" for ending, number in running)
    consequence = (
        f"这里还有：{said}。任职和指导关系到此结束，其余转给承接的组织。"
        if said
        else "这里已经没有在任的人和在册的行。"
    )
    return confirm_page(
        request,
        form,
        lambda form: workflow.dissolve_organization(organization, actor=request.user, **form.cleaned_data),
        success=f"“{organization.short_name}”已撤销",
        title=f"撤销“{organization.short_name}”",
        consequence=f"{consequence}撤销以后只能查看，不能恢复。",
        submit="撤销这个组织",
        danger=True,
        **_page(request, organization, "撤销"),
    )
