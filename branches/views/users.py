"""Pages of accounts: list, one account, opening one, codes, locks."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import filters, forms, rules, workflow
from branches.capabilities import Capability
from branches.models import Appointment
from branches.querysets import users_visible_to
from branches.views.organizations import _page, _page_url, one_for
from branches.views.pages import confirm_page, form_page
from branches.workflow.users import appointments_not_ended

PER_PAGE = 50


@login_required
@require_safe
def user_list(request):
    """Answer with the accounts of the reader's scope, each with the posts he may see. Five queries."""
    if not request.reach.has(Capability.USER_VIEW):
        raise PermissionDenied
    at = timezone.now()
    chosen = filters.Narrowing(request, filters.USER_WORDS)
    seen = Appointment.objects.manageable_by(request.reach, Capability.USER_VIEW)
    found = filters.narrow_users(users_visible_to(request.reach), chosen, seen, at)
    page = Paginator(found.order_by("name", "username"), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    posts: dict[int, list[Appointment]] = {}
    for post in seen.not_ended(at).filter(user__in=rows).select_related("organization").order_by("from_at"):
        posts.setdefault(post.user_id, []).append(post)
    query = request.GET.copy()
    context = {
        "at": at,
        "page": page,
        "rows": [(user, posts.get(user.pk, [])) for user in rows],
        "chosen": chosen,
        "applied": chosen.applied(),
        "clear_url": request.path,
        "roles": filters.USER_WORDS["role"].items(),
        "states": filters.USER_WORDS["state"].items(),
        "add_url": _add_url(request.reach),
        "previous_url": _page_url(query, page.previous_page_number() if page.has_previous() else None),
        "next_url": _page_url(query, page.next_page_number() if page.has_next() else None),
    }
    return render(request, "branches/user_list.html", context)


def _add_url(reach) -> str:
    """Return the page where one picks the unit to open an account for: the tree."""
    return reverse("branches:organization_list") if reach.has(Capability.USER_ADD) else ""


def _one(request, pk: int):
    return get_object_or_404(users_visible_to(request.reach), pk=pk)


@login_required
@never_cache
@require_safe
def user_detail(request, pk: int):
    """Answer with one account, its posts as far as the reader may see them, and what he may do. Seven queries."""
    at = timezone.now()
    user = _one(request, pk)
    seen = Appointment.objects.manageable_by(request.reach, Capability.USER_VIEW).filter(user=user)
    posts = seen.select_related("organization").order_by("-from_at")
    context = {
        "account": user,
        "at": at,
        "posts": [
            (post, post.is_running(at), post.until_at is None and rules.may_end_appointment(request.reach, post))
            for post in posts
        ],
        "may_code": rules.may_issue_reset_code(request.reach, user, appointments_not_ended(user, at)),
        "may_lock": rules.may_lock(request.reach, user),
        "crumbs": [("用户", reverse("branches:user_list")), (user.name, "")],
    }
    return render(request, "branches/user_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def user_create(request, pk: int):
    """Show and take a new account with its first post at an organisation; the one-time code follows at once."""
    organization = one_for(request, pk, Capability.USER_ADD)
    form = forms.UserForm(
        request.POST or None,
        reach=request.reach,
        organization=organization,
        initial={"role": request.GET.get("role", ""), "source": "delegated"},
    )

    def act(form):
        names = {name: form.cleaned_data[name] for name in ("name", "username", "phone")}
        user, _ = workflow.add_user(organization=organization, actor=request.user, **names, **form.post())
        return user

    return form_page(
        request,
        form,
        act,
        title=f"为“{organization.short_name}”开通账号",
        meta="开通以后给出一次性验证码，请当面或打电话告诉本人，由他自己设密码。",
        submit="开通账号",
        **_page(
            request,
            organization,
            "开通账号",
            next_url=lambda user: _code_page(request, user, title=f"{user.name} 的账号已开通"),
        ),
    )


@login_required
@never_cache
@require_POST
def user_reset_code(request, pk: int):
    """Give out a one-time code and show it in this answer: it is kept nowhere in the clear."""
    user = _one(request, pk)
    try:
        return _code_page(request, user, title=f"{user.name} 的一次性验证码")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("branches:user_detail", pk=user.pk)


def _code_page(request, user, *, title: str):
    code = workflow.issue_reset_code(user, actor=request.user)
    address = reverse("branches:user_detail", args=[user.pk])
    crumbs = [("用户", reverse("branches:user_list")), (user.name, address), ("一次性验证码", "")]
    return render(
        request,
        "branches/user_code.html",
        {"account": user, "code": code, "title": title, "crumbs": crumbs, "next_url": address},
    )


@login_required
@require_http_methods(["GET", "POST"])
def user_lock(request, pk: int):
    """Show and take why an account is locked."""
    return _on_account(
        request,
        pk,
        workflow.lock_user,
        word="锁定账号",
        consequence="马上退出所有登录，任职保留但不能使用，直到解除锁定。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def user_unlock(request, pk: int):
    """Show and take why an account is opened again."""
    return _on_account(
        request, pk, workflow.unlock_user, word="解除锁定", consequence="可以重新登录，任职照旧。", danger=False
    )


@login_required
@require_http_methods(["GET", "POST"])
def user_second_factor(request, pk: int):
    """Show and take why a lost authenticator is removed."""
    return _on_account(
        request,
        pk,
        workflow.remove_second_factor,
        word="移除动态验证码",
        consequence="手机丢了才这样做。退出所有登录，下次登录时重新绑定。请先当面核实是本人。",
    )


def _on_account(request, pk: int, verb, *, word: str, consequence: str, danger: bool = True):
    user = _one(request, pk)
    if not rules.may_lock(request.reach, user):
        raise PermissionDenied
    address = reverse("branches:user_detail", args=[user.pk])
    return confirm_page(
        request,
        forms.ReasonForm(request.POST or None),
        lambda form: verb(user, actor=request.user, reason=form.cleaned_data["reason"]),
        success=f"{user.name}：{word}，已办好",
        title=f"{word}：{user.name}",
        consequence=consequence,
        submit=word,
        danger=danger,
        next_url=address,
        cancel_url=address,
        crumbs=[("用户", reverse("branches:user_list")), (user.name, address), (word, "")],
    )
