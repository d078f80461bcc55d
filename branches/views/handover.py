"""The pages of hand-overs: what a post leaves to whom, the note, the sheet to print, and that it was taken note of."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import forms, handover, rules
from branches.models import Appointment
from branches.views.appointments import PER_PAGE, _doors, _tabs
from branches.views.organizations import _page_url
from branches.views.pages import form_page
from branches.workflow.handover import (
    acknowledge_hand_over,
    count_work,
    end_of,
    heirs_of,
    note_for_successor,
)

AHEAD, BEHIND = timedelta(days=31), timedelta(days=90)


def _post_or_404(request, pk: int) -> Appointment:
    posts = Appointment.objects.hand_overs_for(request.reach)
    joined = ("user", "organization", "hand_over__acknowledged_by")
    return get_object_or_404(posts.select_related(*joined), pk=pk)


@login_required
@require_safe
def hand_over_list(request):
    """Answer with the posts in scope that end within a month or ended within three. Seven queries."""
    _doors(request)
    at = request.reach.at
    near = Q(until_at__gt=at, until_at__lte=at + AHEAD) | Q(until_at__lte=at, until_at__gt=at - BEHIND)
    found = Appointment.objects.hand_overs_for(request.reach).filter(near)
    found = found.select_related("user", "organization", "hand_over__acknowledged_by").order_by("until_at", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    posts, query = list(page.object_list), request.GET.copy()
    after = _successors(posts)
    context = {
        "at": at,
        "page": page,
        "rows": [(post, getattr(post, "hand_over", None), post.until_at <= at, after.get(post.pk)) for post in posts],
        "tabs": _tabs(request, "hand_overs", page.paginator.count),
        "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
        "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
    }
    return render(request, "branches/hand_over_list.html", context)


def _successors(posts: list[Appointment]) -> dict[int, str]:
    """Return {post: name of who holds the same post after its end}. One query; names only of posts in the same unit."""
    units, roles = {one.organization_id for one in posts}, {one.role for one in posts}
    later = (
        Appointment.objects.filter(organization__in=units, role__in=roles).select_related("user").order_by("from_at")
    )
    found: dict[int, str] = {}
    for one in later:
        for post in posts:
            same = (one.organization_id, one.role) == (post.organization_id, post.role) and one.pk != post.pk
            if same and (one.until_at is None or one.until_at > post.until_at):
                found.setdefault(post.pk, one.user.name)
    return found


def _context(request, post: Appointment) -> dict:
    at = request.reach.at
    heirs = heirs_of(post, end_of(post, at))
    paper = getattr(post, "hand_over", None)
    before = {line["key"]: line["number"] for line in paper.content} if paper is not None else {}
    counted = {line["key"]: line["number"] for line in count_work(post, at)}
    lines = [
        {
            "work": work,
            "number": counted[work.key],
            "before": before.get(work.key),
            "heirs": heirs[work.duty if work.duty in heirs else ""],
            "url": work.address(post),
        }
        for work in handover.work_of(post.role)
    ]
    is_over = post.until_at is not None and post.until_at <= at
    is_mine = post.user_id == request.user.pk
    holds = any((one.role, one.organization_id) == (post.role, post.organization_id) for one in request.reach.posts)
    may_take = not is_mine and any(one.user_id == request.user.pk for found in heirs.values() for one in found.people)
    return {
        "post": post,
        "word": post.title or post.get_role_display(),
        "paper": paper,
        "lines": lines,
        "open": sum(line["number"] > 0 for line in lines),
        "heirs": heirs[""],
        "is_over": is_over,
        "days": rules.days_left(post.until_at, at) if post.until_at else None,
        "is_mine": is_mine and not is_over,
        "is_holder": holds,
        "may_acknowledge": may_take and is_over and (paper is None or paper.acknowledged_at is None),
        "at": at,
    }


@login_required
@require_safe
def hand_over(request, pk: int):
    """Answer with what a post hands over and to whom. About twenty queries."""
    post = _post_or_404(request, pk)
    context = _context(request, post)
    note = context["paper"].note if context["paper"] is not None else ""
    context |= {"form": forms.HandOverForm(initial={"note": note}), "crumbs": _crumbs(context)}
    return render(request, "branches/hand_over.html", context)


@login_required
@require_safe
def hand_over_print(request, pk: int):
    """Answer with the list for paper, A4. About twenty queries."""
    return render(request, "branches/hand_over_print.html", _context(request, _post_or_404(request, pk)))


@login_required
@require_http_methods(["GET", "POST"])
def hand_over_note(request, pk: int):
    """Show and take the holder's note."""
    post = _post_or_404(request, pk)
    if post.user_id != request.user.pk or not post.is_running(request.reach.at):
        raise PermissionDenied
    paper, back = getattr(post, "hand_over", None), reverse("branches:hand_over", args=[pk])
    return form_page(
        request,
        forms.HandOverForm(request.POST or None, initial={"note": paper.note if paper is not None else ""}),
        lambda form: note_for_successor(post, form.cleaned_data["note"], actor=request.user),
        success="交接说明存好了",
        next_url=back,
        title="给接任者的话",
        submit="存下",
        cancel_url=back,
        crumbs=[("任职与空缺", ""), ("交接", back), ("给接任者的话", "")],
    )


@login_required
@require_POST
def hand_over_acknowledge(request, pk: int):
    """Note that the reader has taken note of what he has now."""
    acknowledge_hand_over(_post_or_404(request, pk), actor=request.user)
    messages.success(request, "已确认接手")
    return redirect("branches:hand_over", pk)


def _crumbs(context: dict) -> list[tuple[str, str]]:
    return [("交接", ""), (f"{context['post'].organization.short_name} {context['word']}", "")]
