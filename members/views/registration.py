"""The pages of registration transfers: claims to answer, claims to decide, claiming and taking back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page
from foundation.audit.models import Entry
from members.forms.registry import ClaimForm, DecideForm, ReasonForm, ReleaseForm, WithdrawForm
from members.models import RegistrationTransfer
from members.rules.registration import SENT_SENTENCE, is_decidable, is_open, may_answer, may_decide
from members.views.drivers import needs
from members.workflow import registration as verbs

WITHDRAWN_SENTENCE = "已受理。如果有这样一条没办完的认领，它已经撤回。"


@login_required
@require_safe
def registration_list(request):
    """Answer with the claims on drivers in scope, open ones first, and what oneself claimed. Five queries."""
    needs(request, Capability.DRIVER_CLAIM_REGISTRATION)
    at = timezone.now()
    rows = RegistrationTransfer.objects.visible_to(request.reach)
    rows = rows.select_related("driver__person", "from_committee", "to_committee", "answered_by")
    waiting = [_line(request, one, at) for one in rows.open().order_by("due_at", "pk")[:100]]
    own = Entry.objects.by_actor(request.user).filter(action=verbs.CLAIM_ACTION)
    context = {
        "waiting": waiting,
        "ended": rows.exclude(pk__in=[line["row"].pk for line in waiting]).order_by("-answered_at")[:50],
        "own": own[:20],
        "at": at,
    }
    return render(request, "members/registration_list.html", context)


def _line(request, transfer: RegistrationTransfer, at) -> dict:
    return {
        "row": transfer,
        "may_answer": transfer.status == "claimed" and may_answer(request.reach, transfer),
        "may_decide": is_decidable(transfer, at) and may_decide(request.reach, transfer),
        "overdue": transfer.due_at is not None and transfer.due_at <= at,
    }


@login_required
@require_http_methods(["GET", "POST"])
def registration_claim(request):
    """Claim whoever has an identity number; the answer is the same sentence in every case."""
    return _by_number(
        request,
        ClaimForm,
        lambda data: verbs.claim_registration(data["committee"], data["id_number"], data["reason"], actor=request.user),
        SENT_SENTENCE,
        "认领司机的登记",
        "认领",
    )


@login_required
@require_http_methods(["GET", "POST"])
def registration_withdraw(request):
    """Take back a claim by identity number; the answer is the same sentence in every case."""
    return _by_number(
        request,
        WithdrawForm,
        lambda data: verbs.withdraw(data["committee"], data["id_number"], actor=request.user),
        WITHDRAWN_SENTENCE,
        "撤回认领",
        "撤回",
    )


def _by_number(request, form_class, act, sentence: str, title: str, submit: str):
    needs(request, Capability.DRIVER_CLAIM_REGISTRATION)
    form = form_class(request.POST or None, reach=request.reach)
    url = reverse("members:registration_list")
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except ValidationError as error:
            form.add_refusal(error)
        except verbs.TooMany as error:
            form.add_error(None, "一小时内认领得太多了。请过一小时再来；确实要认领很多人，请联系上级委员会用名册办。")
            response = _claim_page(request, form, title, submit, url, 429)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        else:
            messages.info(request, sentence)
            return redirect(url)
    return _claim_page(request, form, title, submit, url, 422 if form.is_bound else 200)


def _claim_page(request, form, title: str, submit: str, url: str, status: int):
    context = {
        "form": form,
        "title": title,
        "submit": submit,
        "cancel_url": url,
        "crumbs": [("登记转移", url), (title, "")],
        "meta": "不论这个人有没有登记、登记在哪里，提交后看到的都是同一句话。",
    }
    return render(request, "components/form_page.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def registration_answer(request, pk: int, step: str):
    """Release, refuse or decide a claim, after a look at what will happen."""
    needs(request, Capability.DRIVER_RELEASE_REGISTRATION)
    rows = RegistrationTransfer.objects.visible_to(request.reach)
    transfer = get_object_or_404(rows.select_related("driver__person", "from_committee", "to_committee"), pk=pk)
    if step not in _STEPS:
        raise Http404
    form_class, title, submit, consequence = _STEPS[step]
    names = {"name": transfer.driver.person.name, "old": transfer.from_committee, "new": transfer.to_committee}

    def act(form):
        data = form.cleaned_data
        if step == "release":
            return verbs.release(transfer, actor=request.user, note=data["note"])
        if step == "refuse":
            return verbs.refuse(transfer, actor=request.user, reason=data["reason"])
        return verbs.decide(transfer, moved=data["moved"] == "1", actor=request.user, reason=data["reason"])

    url = reverse("members:registration_list")
    return confirm_page(
        request,
        form_class(request.POST or None),
        act,
        success="已答复",
        next_url=url,
        title=title.format(**names),
        submit=submit,
        consequence=consequence.format(**names) + (f"对方的理由：{transfer.reason}。" if is_open(transfer) else ""),
        cancel_url=url,
        crumbs=[("登记转移", url), (submit, "")],
    )


_STEPS = {
    "release": (ReleaseForm, "放行 {name}", "放行", "{name} 以后登记在{new}，{old}不再管他的登记。"),
    "refuse": (ReasonForm, "不同意 {name} 转出登记", "不同意", "{name} 暂时仍登记在{old}，由两个委员会的上级裁定。"),
    "decide": (DecideForm, "裁定 {name} 登记在哪里", "裁定", "{old}和{new}没有谈拢，或者过了期限没有答复。"),
}
