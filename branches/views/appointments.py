"""Pages of appointments: who holds what, which posts stand empty, appointing and ending."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches import filters, forms, rules, statistics, workflow
from branches.capabilities import Capability
from branches.choices import REQUIRED_POSTS
from branches.handover import HANDED_OVER
from branches.models import Appointment, Organization
from branches.querysets import users_visible_to
from branches.views.organizations import _page, _page_url, one_for
from branches.views.pages import confirm_page, form_page

PER_PAGE = 50


def _doors(request) -> None:
    if not request.reach.has(Capability.APPOINTMENT_VIEW):
        raise PermissionDenied


@login_required
@require_safe
def appointment_list(request):
    """Answer with the running appointments of the reader's scope, in tree order. Five queries."""
    _doors(request)
    at = timezone.now()
    chosen = filters.Narrowing(request, filters.ROLE_WORDS)
    found = Appointment.objects.visible_to(request.reach).not_ended(at).select_related("user", "organization")
    if chosen["role"]:
        found = found.filter(role=chosen["role"])
    if chosen["q"]:
        found = found.filter(user__name__startswith=chosen["q"])
    page = Paginator(found.order_by("organization__path", "role", "from_at", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    query = request.GET.copy()
    context = {
        "at": at,
        "page": page,
        "rows": [(one, rules.may_end_appointment(request.reach, one)) for one in page.object_list],
        "chosen": chosen,
        "applied": chosen.applied(),
        "clear_url": request.path,
        "roles": filters.ROLE_WORDS["role"].items(),
        "handed_over": HANDED_OVER if request.reach.has(Capability.STATISTICS_VIEW) else (),
        "tabs": _tabs(request, "appointments", page.paginator.count),
        "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
        "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
    }
    return render(request, "branches/appointment_list.html", context)


@login_required
@require_safe
def vacancy_list(request):
    """Answer with the required posts that stand empty. Five queries."""
    _doors(request)
    at = timezone.now()
    required = sorted(set().union(*REQUIRED_POSTS.values()))
    chosen = filters.Narrowing(request, {"role": {role.value: role.label for role in required}}, free=())
    # Where one may see appointments, not wherever one may see the unit: a handler learns of no vacancy.
    seen = Organization.objects.manageable_by(request.reach, Capability.APPOINTMENT_VIEW)
    vacancies = statistics.vacancy_rows(seen, at, chosen["role"])
    page = Paginator(vacancies, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    context = {
        "at": at,
        "page": page,
        "rows": [(one, rules.may_appoint(request.reach, one.role, one.organization)) for one in page.object_list],
        "chosen": chosen,
        "applied": chosen.applied(),
        "clear_url": request.path,
        "roles": chosen.words["role"].items(),
        "sees_instructors": request.reach.has(Capability.ACTIVITY_VIEW),
        "tabs": _tabs(request, "vacancies", page.paginator.count),
        "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
        "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
    }
    return render(request, "branches/vacancy_list.html", context)


def _tabs(request, current: str, count: int) -> list[dict]:
    tabs = (
        ("appointments", "在任", reverse("branches:appointment_list")),
        ("vacancies", "空缺", reverse("branches:vacancy_list")),
        ("seconded", "第一书记", reverse("branches:first_secretary_list")),
        ("terms", "届期", reverse("branches:term_list")),
        ("hand_overs", "交接", reverse("branches:hand_over_list")),
    )
    return [
        {"label": label, "url": url, "current": name == current, "count": count if name == current else ""}
        for name, label, url in tabs
    ]


@login_required
@require_http_methods(["GET", "POST"])
def appointment_create(request, pk: int):
    """Show and take who gets a post at an organisation; ?role= chooses one beforehand."""
    organization = one_for(request, pk, Capability.APPOINTMENT_APPOINT)
    users = users_visible_to(request.reach).filter(is_active=True, locked_at__isnull=True).exclude(pk=request.user.pk)
    form = forms.AppointForm(
        request.POST or None,
        reach=request.reach,
        organization=organization,
        users=users.order_by("name", "username"),
        initial={"role": request.GET.get("role", ""), "source": "delegated"},
    )

    def act(form):
        return workflow.appoint(form.cleaned_data["user"], organization, actor=request.user, **form.post())

    return form_page(
        request,
        form,
        act,
        success="任职已登记",
        template="branches/appointment_form.html",
        title=f"任命“{organization.short_name}”的人",
        submit="任命",
        organization=organization,
        may_add_user=rules.may_add_user(request.reach, organization),
        **_page(request, organization, "任命"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def appointment_end(request, pk: int):
    """Show and take why an appointment ends."""
    visible = Appointment.objects.visible_to(request.reach).select_related("user", "organization")
    appointment = get_object_or_404(visible, pk=pk)
    if not rules.may_end_appointment(request.reach, appointment):
        raise PermissionDenied
    form = forms.EndForm(request.POST or None)
    word = appointment.title or appointment.get_role_display()
    return confirm_page(
        request,
        form,
        lambda form: workflow.end_appointment(appointment, actor=request.user, **form.cleaned_data),
        success=f"{appointment.user.name} 的任职已结束",
        title=f"免去 {appointment.user.name} 的{word}",
        consequence=(
            f"从现在起，{appointment.user.name} 不再能以“{appointment.organization} {word}”的身份查看和办理。"
            "账号保留，其他任职不变。"
        ),
        submit="免职",
        danger=True,
        **_page(request, appointment.organization, "免职"),
    )
