"""一名党员一张卡: the card on the screen and on paper, what may be done with it, and the public check of a scan."""

from __future__ import annotations

import segno
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page
from foundation.audit.limits import HOUR, address_of, count
from foundation.protection.seal import SealBroken, open_sealed, seal
from members.choices import CardStatus
from members.forms.membership import NothingForm, WhyForm
from members.forms.records import ConsentForm
from members.models import MemberCard, PartyMember
from members.rules.cards import CHECKS_PER_ADDRESS, SHOWN_SECONDS, says_valid
from members.views.membership.pages import crumbs, may_do, member_or_404
from members.workflow import cards as verbs

SHOWN = "member_card_code"  # key of the session: the code this browser has just asked for, sealed
_SALT = "members.card_code"
_VIEW, _ISSUE, _REVOKE = Capability.MEMBER_CARD_VIEW, Capability.MEMBER_CARD_ISSUE, Capability.MEMBER_CARD_REVOKE


# --- the code, shown once ---------------------------------------------------------------------------------------------
def _keep(request, card: MemberCard, token: str) -> None:
    """Keep a fresh code for a quarter of an hour, for this browser only: to look at it and to print it."""
    request.session[SHOWN] = signing.dumps({"card": card.pk, "token": seal(token, _SALT)}, salt=_SALT)


def _code_of(request, card: MemberCard) -> SafeString:
    """Return the QR code of a card as SVG while this browser may show it, else nothing. No query."""
    try:
        shown = signing.loads(request.session.get(SHOWN, ""), salt=_SALT, max_age=SHOWN_SECONDS)
        token = open_sealed(shown["token"], _SALT) if shown["card"] == card.pk else ""
    except (signing.BadSignature, SealBroken):
        return mark_safe("")
    if not token or verbs.index_of(token) != card.token_index:
        return mark_safe("")  # renewed or lost meanwhile
    return qr_code(request.build_absolute_uri(reverse("members:card_check", args=[token])))


def qr_code(text: str) -> SafeString:
    """Return a text as a QR code, drawn here: an inline SVG without style, script or outside address."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=2, omitsize=True, svgclass=None, lineclass=None, title="党员卡二维码"
    )
    return mark_safe(drawn)  # noqa: S308 - paths made of the modules; the text itself is not in it


# --- pages ------------------------------------------------------------------------------------------------------------
def _member(request, pk: int, capability: Capability = _VIEW) -> PartyMember:
    member = member_or_404(request, pk, _VIEW)
    if capability != _VIEW and not may_do(request, member, capability):
        raise PermissionDenied
    return member


def _cards(request, member: PartyMember) -> list[MemberCard]:
    rows = MemberCard.objects.visible_to(request.reach).filter(member=member.pk).select_related("issued_by")
    return list(rows.order_by("-issued_date", "-pk"))


def _standing(request, member: PartyMember) -> MemberCard:
    """Return the card that is not cancelled. Raises Http404 when there is none. One query."""
    found = next((one for one in _cards(request, member) if one.status != CardStatus.CANCELLED), None)
    if found is None:
        raise Http404
    found.member = member
    return found


def _address(pk: int) -> str:
    return reverse("members:card", args=[pk])


@login_required
@never_cache
@require_safe
def card(request, pk: int):
    """Answer with the card of a member: what is on it, what a scan shows, what may be done. About eight queries."""
    member = _member(request, pk)
    rows = _cards(request, member)
    now = next((one for one in rows if one.status != CardStatus.CANCELLED), None)
    issues, revokes = may_do(request, member, _ISSUE), may_do(request, member, _REVOKE)
    is_active = now is not None and now.status == CardStatus.ACTIVE
    context = {
        "member": member,
        "card": now,
        "branch": verbs.branch_of(member),
        "says_valid": now is not None and says_valid(now.status, member.status),
        "code": _code_of(request, now) if is_active else "",
        "minutes": SHOWN_SECONDS // 60,
        "old": [one for one in rows if one.status == CardStatus.CANCELLED],
        "may": {
            "issue": issues and not is_active,
            "renew": issues and is_active,
            "lose": revokes and is_active,
            "cancel": revokes and now is not None,
            "consent": issues and is_active and now.consent_at is None,
            "withdraw": is_active and now.consent_at is not None,
        },
        "crumbs": crumbs(member, "一员一卡"),
    }
    return render(request, "members/card.html", context)


@login_required
@never_cache
@require_safe
def card_print(request, pk: int):
    """Answer with the card on a sheet, with its code while this browser may show it. Five queries."""
    member = _member(request, pk)
    now = _standing(request, member)
    context = {"member": member, "card": now, "branch": verbs.branch_of(member), "code": _code_of(request, now)}
    return render(request, "members/card_print.html", context)


def _step(request, pk: int, capability, act, *, form=None, title, submit, consequence, success, danger=False):
    member = _member(request, pk, capability)
    return confirm_page(
        request,
        form or NothingForm(request.POST if request.method == "POST" else None),
        lambda form: act(member, form.cleaned_data),
        success=success,
        next_url=_address(pk),
        title=title.format(name=member.person.name),
        submit=submit,
        danger=danger,
        consequence=consequence.format(name=member.person.name),
        cancel_url=_address(pk),
        crumbs=[*crumbs(member, "一员一卡")[:-1], ("一员一卡", _address(pk)), (submit, "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def card_issue(request, pk: int):
    """Give a member his card, or another one for a lost one."""

    def act(member, data):
        made, token = verbs.issue(member, actor=request.user)
        _keep(request, made, token)

    return _step(
        request,
        pk,
        _ISSUE,
        act,
        title="给 {name} 发卡",
        submit="发卡",
        success="已发卡，请趁二维码还显示打印出来",
        consequence="{name} 得到卡号和二维码。二维码只显示这一次，15 分钟后看不到，请接着打印。挂失的旧卡同时注销。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def card_renew(request, pk: int):
    """Give a card a new code."""

    def act(member, data):
        now = _standing(request, member)
        _keep(request, now, verbs.renew(now, actor=request.user))

    return _step(
        request,
        pk,
        _ISSUE,
        act,
        title="换 {name} 的二维码",
        submit="换一个二维码",
        success="已换，旧的二维码从现在起无效",
        consequence="旧的二维码马上无效，印过的纸质卡要重新打印。新的只显示这一次，过 15 分钟就看不到了。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def card_lose(request, pk: int):
    """Note that a card is lost."""
    return _step(
        request,
        pk,
        _REVOKE,
        lambda member, data: verbs.report_lost(_standing(request, member), actor=request.user, **data),
        form=WhyForm(request.POST or None),
        title="{name} 的卡丢了",
        submit="挂失",
        danger=True,
        success="已挂失，扫旧卡显示无效",
        consequence="这张卡马上无效。要用新卡，挂失以后补发。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def card_cancel(request, pk: int):
    """Cancel a card."""
    return _step(
        request,
        pk,
        _REVOKE,
        lambda member, data: verbs.cancel(_standing(request, member), actor=request.user, **data),
        form=WhyForm(request.POST or None),
        title="注销 {name} 的卡",
        submit="注销",
        danger=True,
        success="已注销",
        consequence="这张卡马上无效，不能恢复；以后可以另发新卡。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def card_consent(request, pk: int):
    """Note that the holder agrees to have his branch shown."""
    return _step(
        request,
        pk,
        _ISSUE,
        lambda member, data: verbs.give_consent(_standing(request, member), actor=request.user, **data),
        form=ConsentForm(request.POST or None),
        title="{name} 同意显示支部名称",
        submit="记下同意",
        success="已记下，扫码会显示支部名称",
        consequence="别人扫码能看到卡有效和支部名称，看不到姓名、电话、证件号。本人随时可以不同意，一说就改。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def card_withdraw(request, pk: int):
    """Note that the holder does not agree any more."""
    return _step(
        request,
        pk,
        _VIEW,
        lambda member, data: verbs.withdraw_consent(_standing(request, member), actor=request.user),
        title="{name} 不再同意显示支部名称",
        submit="不再显示",
        success="已记下，扫码只显示有效或无效",
        consequence="从现在起，扫码只显示卡有效还是无效。",
    )


# --- the scan ---------------------------------------------------------------------------------------------------------
@never_cache
@require_safe
def card_check(request, token: str):
    """Answer a scan, for everybody: 有效 or 无效, and the branch where the holder agreed. At most four queries.

    One answer for unknown, replaced, lost and cancelled. Braked by address; the token is written nowhere: no answer is
    an error that a log would note with its address, and the browser is told to pass the address on to nobody.
    """
    stopped = count("card_checks", address_of(request)) > CHECKS_PER_ADDRESS
    is_valid, branch = (False, "") if stopped else verbs.checked_card(token)
    context = {"is_valid": is_valid, "branch": branch, "stopped": stopped}
    response = render(request, "members/card_check.html", context, status=429 if stopped else 200)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if stopped:
        response.headers["Retry-After"] = str(HOUR)
        # Django would write the address of a 4xx into its log, and with it the token.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response
