"""Who keeps contact with which driver: the list with its phone and one tap, pairing, ending."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from members.forms.membership import WhyForm
from members.forms.records import PairForm
from members.models import ContactPair, PartyMember
from members.views.drivers import REVEAL_SECONDS, needs
from members.views.enterprises import page_context
from members.views.membership.pages import crumbs, member_or_404, page_of_member
from members.workflow import contacts as verbs

_VIEW, _RECORD = Capability.CONTACT_PAIR_VIEW, Capability.CONTACT_PAIR_RECORD
_JOINED = ("member__person", "member__formal_organization", "driver__person")


@login_required
@require_safe
def contact_list(request):
    """Answer with the pairs that run, in the order they were made. At most eight queries."""
    needs(request, _VIEW)
    rows = ContactPair.objects.visible_to(request.reach).running()
    context = page_context(request, rows, ("pk",), _JOINED, {}, {}, "", "对")
    context |= {"lines": lines_of(request, context["rows"]), "members_url": reverse("members:member_list")}
    return render(request, "members/contact_list.html", context)


def lines_of(request, pairs: list[ContactPair]) -> list[dict]:
    """Return pairs with the masked phone and what may be done. One query."""
    recorded = ContactPair.objects.manageable_by(request.reach, _RECORD)
    own = set(recorded.filter(pk__in=[one.pk for one in pairs]).values_list("pk", flat=True)) if pairs else set()
    today = timezone.localdate()
    return [
        {
            "pair": one,
            "masked": one.driver.person._meta.get_field("phone").mask(one.driver.person.phone)
            if one.driver.person.phone
            else "",
            "may_record": one.pk in own and one.until_date is None,
            "is_today": one.last_contact_date == today,
        }
        for one in pairs
    ]


def _pair_or_404(request, pk: int) -> ContactPair:
    """Return a pair within reach that the reader may record on. Two queries. Raises PermissionDenied."""
    needs(request, _VIEW)
    pair = get_object_or_404(ContactPair.objects.visible_to(request.reach).select_related(*_JOINED), pk=pk)
    if not ContactPair.objects.manageable_by(request.reach, _RECORD).filter(pk=pk).exists():
        raise PermissionDenied
    return pair


@login_required
@require_http_methods(["GET", "POST"])
def contact_create(request, pk: int):
    """Let a member keep contact with a driver."""
    member: PartyMember = member_or_404(request, pk, _RECORD)
    return form_page(
        request,
        PairForm(request.POST or None),
        lambda form: verbs.pair(member, actor=request.user, **form.cleaned_data),
        success="已结对",
        next_url=page_of_member(pk),
        title=f"{member.person.name} 结对联系司机",
        submit="结对",
        meta="填司机自己给的姓名和手机号，两样都对得上登记才结对。只联系普通司机；一位司机同时只有一位党员联系。",
        help="contacts",
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "结对联系"),
    )


@login_required
@require_POST
def contact_touch(request, pk: int):
    """Note in one tap that they spoke today."""
    pair = _pair_or_404(request, pk)
    verbs.touch(pair, actor=request.user)
    messages.success(request, f"已记下今天联系过 {pair.driver.person.name}")
    back = request.POST.get("back", "")
    return redirect(page_of_member(pair.member_id) if back == "member" else reverse("members:contact_list"))


@login_required
@require_POST
def contact_phone(request, pk: int):
    """Show the driver's number to call, for a minute; that it was looked at is written down."""
    pair = _pair_or_404(request, pk)
    context = {"pair": pair, "seconds": REVEAL_SECONDS, "crumbs": [("联系司机", reverse("members:contact_list"))]}
    status = 200
    try:
        context["number"] = verbs.reveal_phone(pair, actor=request.user)
    except ValidationError as error:
        context["error"], status = error.messages[0], 422
    template = "members/_contact_phone.html" if request.htmx else "members/contact_phone.html"
    response = render(request, template, context, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def contact_end(request, pk: int):
    """End a pair."""
    pair = _pair_or_404(request, pk)
    driver, member = pair.driver.person.name, pair.member.person.name
    return confirm_page(
        request,
        WhyForm(request.POST or None),
        lambda form: verbs.end(pair, actor=request.user, **form.cleaned_data),
        success="已结束",
        next_url=reverse("members:contact_list"),
        title=f"{member} 不再联系 {driver}",
        submit="结束",
        danger=True,
        consequence=f"{driver} 以后可以由别的党员联系。联系过的记录留着。",
        cancel_url=reverse("members:contact_list"),
        crumbs=[("联系司机", reverse("members:contact_list")), (driver, "")],
    )
