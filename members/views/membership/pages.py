"""The page of one member, and what may be done with him and his ties."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from foundation.audit.models import Entry
from members import endings
from members.choices import (
    LETTER_OPEN,
    LOST_OPEN,
    MEMBER_CURRENT,
    Absence,
    AffiliationStatus,
)
from members.forms.membership import (
    AbsenceForm,
    DayAndWhyForm,
    DayForm,
    EndForm,
    MemberForm,
    NothingForm,
    PlaceForm,
    WhyForm,
)
from members.models import Affiliation, LostContact, PartyMember, Transfer
from members.rules.membership import absence_of, covers_member, party_standing
from members.views.drivers import REVEAL_SECONDS, needs
from members.views.kept import records_of
from members.views.membership.history import member_history
from members.views.membership.lists import members_address
from members.workflow import affiliations, membership


def member_or_404(request, pk: int, capability: Capability = Capability.PARTY_MEMBER_VIEW) -> PartyMember:
    """Return a member within reach: the answer for a foreign one is that of none. At most two queries.

    Raises PermissionDenied for who sees him but may not do this.
    """
    needs(request, Capability.PARTY_MEMBER_VIEW)
    rows = PartyMember.objects.visible_to(request.reach).with_person().select_related("last_organization")
    member = get_object_or_404(rows, pk=pk)
    if capability != Capability.PARTY_MEMBER_VIEW and not may_do(request, member, capability):
        raise PermissionDenied
    return member


def may_do(request, member: PartyMember, capability: Capability) -> bool:
    """Return whether the reader may exercise a capability on a member whom he sees. At most one query."""
    if not covers_member(request.reach, capability, member):
        return False
    rows = PartyMember.objects.manageable_by(request.reach, capability)
    return rows.filter(pk=member.pk).exists()


def page_of_member(pk: int) -> str:
    """Return the address of a member's page."""
    return reverse("members:member_detail", args=[pk])


def crumbs(member: PartyMember, *last: str) -> list[tuple[str, str]]:
    """Return the way to a member's page, and further."""
    trail = [("党员", members_address()), (member.person.name, page_of_member(member.pk) if last else "")]
    return trail + [(word, "") for word in last]


@login_required
@require_safe
def member_detail(request, pk: int):
    """Answer with one member. About fourteen queries."""
    member, reach, today = member_or_404(request, pk), request.reach, timezone.localdate()
    phone = member.person._meta.get_field("phone")
    ties = list(Affiliation.objects.filter(member=pk).select_related("organization", "received_by").order_by("-pk"))
    receives = Capability.PARTY_MEMBER_RECEIVE_FLOWING
    current = member.status in MEMBER_CURRENT
    ends = ("from_organization", "to_organization")
    letters = list(Transfer.objects.visible_to(reach).filter(member=pk).select_related(*ends))
    searches = list(LostContact.objects.visible_to(reach).filter(member=pk))
    open_search = next((one for one in searches if one.status in LOST_OPEN), None)
    open_letter = next((one for one in letters if one.status in LETTER_OPEN), None)
    placed = any(one.status not in (AffiliationStatus.ENDED, AffiliationStatus.DECLINED) for one in ties)
    may = {
        "call": bool(member.person.phone) and may_do(request, member, Capability.DRIVER_IDENTITY_REVEAL),
        "change": current and may_do(request, member, Capability.PARTY_MEMBER_CHANGE),
        "absence": current and may_do(request, member, receives),
        "end": current and may_do(request, member, Capability.PARTY_MEMBER_END),
        "place": current
        and member.formal_organization_id is None
        and not placed
        and may_do(request, member, Capability.PARTY_MEMBER_PLACE),
        "transfer": current and open_letter is None and may_do(request, member, Capability.TRANSFER_DRAFT),
        "search": current
        and open_search is None
        and member.formal_organization is not None
        and may_do(request, member, Capability.LOST_CONTACT_RECORD),
    }
    absence = absence_of(member.absent_since_date, today)
    context = {
        "member": member,
        "person": member.person,
        "driver": getattr(member.person, "driver", None),
        "current": current,
        "phone": phone.mask(member.person.phone) if member.person.phone else "",
        "standing": party_standing(member.full_date, today),
        "absence": Absence(absence),
        "ties": [
            {
                "row": one,
                "acts": reach.covers(receives, one.organization),
                "waits": one.status in (AffiliationStatus.REGISTERED, AffiliationStatus.NOTIFIED),
                "runs": one.until_date is None,
            }
            for one in ties
        ],
        "letters": letters,
        "searches": searches,
        "open_search": open_search,
        "may": may,
        "suggestion": affiliations.suggestion_for(member) if may["place"] else None,
        "history": member_history(Entry.objects.for_person(pk)),
        "crumbs": crumbs(member),
    }
    context |= records_of(request, member)
    return render(request, "members/member_detail.html", context)


@login_required
@require_POST
def member_phone(request, pk: int):
    """Show the number to call, for a minute, as a button that dials; that it was looked at is written down."""
    member = member_or_404(request, pk, Capability.DRIVER_IDENTITY_REVEAL)
    number = membership.reveal_phone(member, actor=request.user)
    context = {"member": member, "number": number, "seconds": REVEAL_SECONDS, "crumbs": crumbs(member, "打电话")}
    template = "members/_phone.html" if request.htmx else "members/member_phone.html"
    response = render(request, template, context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def member_change(request, pk: int):
    """Correct dates and what is known of the home outside."""
    member = member_or_404(request, pk, Capability.PARTY_MEMBER_CHANGE)
    return form_page(
        request,
        MemberForm(request.POST or None, member=member),
        lambda form: membership.change_member(
            member, form.values(), version=form.cleaned_data["version"], actor=request.user
        ),
        success="已修改",
        next_url=page_of_member(pk),
        title=f"修改 {member.person.name} 的党员登记",
        submit="保存",
        meta="姓名、身份证号和电话在司机登记里改；组织关系用转接改，不在这里。",
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "修改"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def member_absence(request, pk: int):
    """Note since when somebody is away, or that he is back."""
    member = member_or_404(request, pk, Capability.PARTY_MEMBER_RECEIVE_FLOWING)
    initial = {"since": member.absent_since_date, "to": member.absent_to, "version": member.version}
    return form_page(
        request,
        AbsenceForm(request.POST or None, initial=initial),
        lambda form: membership.note_absence(member, **form.cleaned_data, actor=request.user),
        success="已记下",
        next_url=page_of_member(pk),
        title=f"{member.person.name} 外出或返回",
        submit="保存",
        meta="连续外出满六个月算流动党员，不满六个月是短期外出。",
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "外出或返回"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def member_end(request, pk: int):
    """End a membership, after a look at everything that ends with it."""
    member = member_or_404(request, pk, Capability.PARTY_MEMBER_END)
    rows = endings.membership_rows(member, timezone.now())
    listed = "、".join(f"{one.label} {number} {one.unit}" for one, number in rows)
    return confirm_page(
        request,
        EndForm(request.POST or None, initial={"version": member.version}),
        lambda form: membership.end_membership(member, **form.cleaned_data, actor=request.user),
        success="已办理",
        next_url=page_of_member(pk),
        title=f"{member.person.name} 出党或去世",
        submit="办理",
        danger=True,
        consequence=f"他不再是任何支部的党员。同时结束：{listed}。"
        if listed
        else "他不再是任何支部的党员。没有别的要一起结束。",
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "出党或去世"),
    )


# --- ties -------------------------------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def member_place(request, pk: int):
    """Take a member into a branch; the rule suggests which."""
    member = member_or_404(request, pk, Capability.PARTY_MEMBER_PLACE)
    found = affiliations.suggestion_for(member)
    initial = {"organization": found.organization, "kind": found.kind or "flowing", "from_date": timezone.localdate()}

    def act(form):
        data = dict(form.cleaned_data)
        return affiliations.register_tie(member, data.pop("organization"), data.pop("kind"), actor=request.user, **data)

    where = f"建议：{found.organization.short_name}。" if found.organization else ""
    return form_page(
        request,
        PlaceForm(request.POST or None, initial=initial, reach=request.reach, member=member),
        act,
        success="已编入，请通知他报到",
        next_url=page_of_member(pk),
        title=f"把 {member.person.name} 编入支部",
        submit="编入",
        meta=where + found.reason,
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "编入支部"),
    )


def _tie_step(request, pk: int, form, act, *, title: str, submit: str, consequence: str, success: str, danger=False):
    tie = _tie(request, pk)
    name, unit = tie.member.person.name, tie.organization.short_name
    return confirm_page(
        request,
        form,
        lambda form: act(tie, form.cleaned_data),
        success=success,
        next_url=page_of_member(tie.member_id),
        title=title.format(name=name, unit=unit),
        submit=submit,
        danger=danger,
        consequence=consequence.format(name=name, unit=unit),
        cancel_url=page_of_member(tie.member_id),
        crumbs=crumbs(tie.member, submit),
    )


def _tie(request, pk: int) -> Affiliation:
    """Return a tie within reach; PermissionDenied for who sees it but does not receive there. Two queries."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    rows = Affiliation.objects.visible_to(request.reach).select_related("member__person", "organization")
    tie = get_object_or_404(rows, pk=pk)
    if not request.reach.covers(Capability.PARTY_MEMBER_RECEIVE_FLOWING, tie.organization):
        raise PermissionDenied
    return tie


@login_required
@require_http_methods(["GET", "POST"])
def tie_notify(request, pk: int):
    """Note that somebody has been told to report in."""
    return _tie_step(
        request,
        pk,
        NothingForm(request.POST if request.method == "POST" else None),
        lambda tie, data: affiliations.notify(tie, actor=request.user),
        title="已通知 {name} 报到",
        submit="已通知",
        success="已记下",
        consequence="记下已经通知 {name} 到{unit}报到。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def tie_report_in(request, pk: int):
    """Note that somebody has reported in."""
    return _tie_step(
        request,
        pk,
        DayForm(request.POST or None, initial={"on_date": timezone.localdate()}),
        lambda tie, data: affiliations.report_in(tie, actor=request.user, **data),
        title="{name} 报到",
        submit="接收",
        success="已接收",
        consequence="{name} 从报到这天起参加{unit}的组织生活。他的组织关系不变，在这里没有表决权、选举权。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def tie_decline(request, pk: int):
    """Say that the branch does not take somebody."""
    return _tie_step(
        request,
        pk,
        WhyForm(request.POST or None),
        lambda tie, data: affiliations.decline(tie, actor=request.user, **data),
        title="不接收 {name}",
        submit="不接收",
        success="已记下",
        danger=True,
        consequence="{unit}不接收 {name}。他要重新编入别的支部。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def tie_end(request, pk: int):
    """End a tie."""
    return _tie_step(
        request,
        pk,
        DayAndWhyForm(request.POST or None, initial={"on_date": timezone.localdate()}),
        lambda tie, data: affiliations.end_tie(tie, actor=request.user, **data),
        title="结束 {name} 的活动关系",
        submit="结束",
        success="已结束",
        danger=True,
        consequence="{name} 不再参加{unit}的组织生活。组织关系不变。",
    )
