"""`/join/`: come forward as a Party member, without an account; and take it back with the receipt.

The answer is the same for everybody: nothing says whether a name or a number is known.
"""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from foundation.audit.limits import HOUR, count, counted
from foundation.audit.trail import NotAllowed, origin_of
from foundation.protection.seal import SealBroken, open_sealed, seal
from members.choices import DeclarationStatus, RecruitStatus
from members.forms.declarations import DeclareForm, ReceiptForm
from members.models import Declaration, RecruitCampaign
from members.rules.declarations import (
    CONSENT,
    CONSENT_VERSION,
    SUBMITTED_PER_ADDRESS,
    WRONG_PER_ADDRESS,
    is_running,
    said_to_declarant,
)
from members.workflow import declarations as verbs

MADE = "declaration_made"  # key of the session: the receipt that is shown once, sealed
OWN = "declaration_own"  # key of the session: the declaration whose receipt was shown
SHOWN_SECONDS = 15 * 60
_SALT = "members.declaration"
_SEALED = "members.declaration.receipt"
STOPPED = "这个网络一小时里提交得太多了，请稍后再试。您填的都还在。"
TRIED = "这个网络一小时里试错太多次了，请一小时以后再试。"
UNKNOWN = "没有找到这个回执码。请照提交时给您的 12 位填，不分大小写。"


@never_cache
@require_http_methods(["GET", "POST"])
def join(request):
    """Show and take a declaration to whom the place says. About nine queries."""
    return _declare(request, None)


@never_cache
@require_http_methods(["GET", "POST"])
def join_call(request, slug: str):
    """Show and take a declaration to the committee of a call; a call that is over says so. 404 for an unknown one."""
    calls = RecruitCampaign.objects.select_related("organization")
    call = calls.filter(slug=slug.lower()).first()
    if call is None:
        raise Http404
    return _declare(request, call)


def _declare(request, call: RecruitCampaign | None):
    if call is not None and not is_running(call, timezone.localdate()):
        soon = call.status == RecruitStatus.RUNNING and call.from_date > timezone.localdate()
        return render(request, "members/join_over.html", {"call": call, "soon": soon})
    if request.method == "GET":
        return _form(request, DeclareForm(campaign=call, initial={"token": verbs.new_token()}), call)
    form = DeclareForm(request.POST, campaign=call)
    if not form.is_valid():
        return _form(request, form, call, status=422)
    if form.cleaned_data["website"]:  # only a machine fills what nobody sees: it is told what everybody is told
        _show(request, verbs.receipt_of(verbs.new_token()))
        return redirect("members:join_done")
    if count("members:declare", origin_of(request).address) > SUBMITTED_PER_ADDRESS:
        form.add_error(None, STOPPED)
        response = _form(request, form, call, status=429)
        response.headers["Retry-After"] = str(HOUR)
        return response
    try:
        receipt = verbs.declare(
            form.declared(),
            token=_token(form),
            consents=form.cleaned_data["consents"],
            campaign=call,
            organization=form.cleaned_data.get("organization"),
        )
    except ValidationError as refused:
        form.add_refusal(refused)
        return _form(request, form, call, status=422)
    _show(request, receipt)
    return redirect("members:join_done")


def _token(form: DeclareForm) -> str:
    token = form.cleaned_data["token"]
    return token if len(token) == 32 and token.isascii() and token.isalnum() else verbs.new_token()


def _form(request, form: DeclareForm, call, *, status: int = 200):
    if form.is_bound and not form.data.get("token"):
        sent = cast(QueryDict, form.data).copy()
        sent["token"] = verbs.new_token()
        form.data = sent
    context = {"form": form, "call": call, "consent": CONSENT[call.consent_version if call else CONSENT_VERSION]}
    return render(request, "members/join.html", context, status=status)


def _show(request, receipt: str) -> None:
    request.session[MADE] = signing.dumps(seal(receipt, _SEALED), salt=_SALT)


@never_cache
@require_http_methods(["GET", "POST"])
def join_done(request):
    """Show the receipt, for a quarter of an hour and to this browser only; POST forgets it. No query of ours."""
    if request.method == "POST":
        request.session.pop(MADE, None)
        return redirect("dashboard:home")
    try:
        sealed = signing.loads(request.session.get(MADE, ""), salt=_SALT, max_age=SHOWN_SECONDS)
        receipt = open_sealed(sealed, _SEALED)
    except (signing.BadSignature, SealBroken):
        return redirect("members:join_receipt")
    return render(request, "members/join_done.html", {"receipt": receipt})


@never_cache
@require_http_methods(["GET", "POST"])
def join_receipt(request):
    """Ask for a receipt, show in words where the declaration stands, and take it back. At most six queries."""
    if request.method == "POST" and "withdraw" in request.POST:
        return _withdraw(request)
    address = origin_of(request).address
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if counted("members:receipt", address) >= WRONG_PER_ADDRESS:
            form.add_error(None, TRIED)
            return render(request, "members/join_receipt.html", {"form": form}, status=429)
        declaration = verbs.declaration_of(form.cleaned_data["receipt"])
        if declaration is None:
            count("members:receipt", address)
            form.add_error("receipt", UNKNOWN)
        else:
            if not request.user.is_authenticated:
                request.session.cycle_key()
            request.session[OWN] = signing.dumps(declaration.pk, salt=_SALT)
            return redirect("members:join_receipt")
    own = None if form.is_bound else _own(request)
    context = {
        "form": form,
        "own": own,
        "said": said_to_declarant(own.status) if own else "",
        "answer": own.answer if own and own.status == DeclarationStatus.RETURNED else "",
        "may_withdraw": own is not None and own.status != DeclarationStatus.WITHDRAWN,
    }
    return render(request, "members/join_receipt.html", context, status=422 if form.errors else 200)


def _own(request) -> Declaration | None:
    try:
        pk = signing.loads(request.session.get(OWN, ""), salt=_SALT, max_age=SHOWN_SECONDS)
    except signing.BadSignature:
        return None
    rows = Declaration.objects.select_related("organization", "verification")
    return rows.filter(pk=pk).first()


def _withdraw(request):
    own = _own(request)
    if own is not None:
        with suppress(NotAllowed):  # it was withdrawn before: the page says so
            verbs.withdraw(own)
    return redirect("members:join_receipt")
