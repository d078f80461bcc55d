"""The pages of transfers: list, one letter, its sheet to print, and each step."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from members import endings
from members.choices import LETTER_OPEN, LETTER_SIGNED, LetterAsked, LetterStatus
from members.forms.membership import ApproveForm, IncomingForm, NothingForm, ReceiveForm, TransferForm, WhyForm
from members.models import Transfer
from members.rules.transfers import (
    is_expired,
    may_approve,
    may_change_draft,
    may_receive,
    may_withdraw,
    needs_two_people,
)
from members.views.drivers import needs
from members.views.enterprises import page_context
from members.views.membership.pages import crumbs, member_or_404, page_of_member
from members.workflow import transfers as verbs

CONDITIONS = {"status": ("状态", LetterAsked)}
_ENDS = ("member__person", "from_organization", "to_organization")


@login_required
@require_safe
def transfer_list(request):
    """Answer with the transfers in scope, newest first. Six queries."""
    needs(request, Capability.TRANSFER_VIEW)
    chosen = {name: request.GET[name] for name in CONDITIONS if request.GET.get(name) in LetterAsked}
    rows = Transfer.objects.visible_to(request.reach)
    rows = rows.open() if chosen.get("status") == LetterAsked.OPEN else rows.filter(**chosen)
    context = page_context(request, rows, ("pk",), _ENDS, chosen, CONDITIONS, "", "件")
    today = timezone.localdate()
    context["rows"] = [{"row": one, "late": is_expired(one, today)} for one in context["rows"]]
    return render(request, "members/transfer_list.html", context)


def transfer_or_404(request, pk: int) -> Transfer:
    """Return a transfer within reach: the answer for a foreign one is that of none. One query."""
    needs(request, Capability.TRANSFER_VIEW)
    rows = Transfer.objects.visible_to(request.reach)
    people = ("drafted_by", "approved_by", "answered_by")
    return get_object_or_404(rows.select_related(*_ENDS, *people), pk=pk)


def page_of_transfer(pk: int) -> str:
    """Return the address of a transfer's page."""
    return reverse("members:transfer_detail", args=[pk])


def _crumbs(transfer: Transfer, *last: str) -> list[tuple[str, str]]:
    url = page_of_transfer(transfer.pk) if last else ""
    trail = [("组织关系转接", reverse("members:transfer_list")), (transfer.member.person.name, url)]
    return trail + [(word, "") for word in last]


@login_required
@require_safe
def transfer_detail(request, pk: int):
    """Answer with one transfer: where it stands and the next step. Four queries."""
    transfer, reach, today = transfer_or_404(request, pk), request.reach, timezone.localdate()
    status, late = transfer.status, is_expired(transfer, today)
    drafts, approves, receives = (rule(reach, transfer) for rule in (may_change_draft, may_approve, may_receive))
    signed_by_me = needs_two_people(transfer) and transfer.approved_by_id == request.user.pk
    context = {
        "transfer": transfer,
        "may": {
            "submit": status == LetterStatus.DRAFT and drafts,
            "approve": status == LetterStatus.IN_REVIEW and approves,
            "receive": status == LetterStatus.AWAITING and receives and not late and not signed_by_me,
            "give_back": status == LetterStatus.AWAITING and receives,
            "withdraw": status in LETTER_OPEN and may_withdraw(reach, transfer),
            "print": status in LETTER_SIGNED,
            "see_member": reach.has(Capability.PARTY_MEMBER_VIEW),
        },
        "signed_by_me": signed_by_me and status == LetterStatus.AWAITING,
        "late": late,
        "days_left": (transfer.expires_date - today).days if transfer.expires_date else None,
        "steps": _steps(transfer),
        "crumbs": _crumbs(transfer),
    }
    return render(request, "members/transfer_detail.html", context)


def _steps(transfer: Transfer) -> list[dict]:
    """Return what has been done, oldest first: label, who, when, note."""
    steps = [{"label": "起草", "who": transfer.drafted_by.name, "at": transfer.drafted_at, "note": transfer.reason}]
    if transfer.approved_by is not None:
        steps.append({"label": "转出方签发", "who": transfer.approved_by.name, "at": transfer.approved_at, "note": ""})
    if transfer.answered_at is not None:
        steps.append(
            {
                "label": transfer.get_status_display(),
                "who": transfer.answered_by.name if transfer.answered_by else "系统",
                "at": transfer.answered_at,
                "note": transfer.answer_reason,
            }
        )
    return steps


@login_required
@require_safe
def transfer_print(request, pk: int):
    """Answer with the letter and its slip on one A4 sheet, once it is signed. Two queries."""
    transfer = transfer_or_404(request, pk)
    if transfer.status not in LETTER_SIGNED:
        raise Http404
    person = transfer.member.person
    number = person._meta.get_field("id_number").mask(person.id_number) if person.id_number else ""
    context = {"transfer": transfer, "person": person, "id_number": number, "today": timezone.localdate()}
    return render(request, "members/transfer_print.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def transfer_create(request, pk: int):
    """Draft the transfer of a member: out of a unit of ours, or into one from outside."""
    member = member_or_404(request, pk, Capability.TRANSFER_DRAFT)
    incoming = member.formal_organization_id is None
    posted = request.POST or None
    initial = {"dues_paid_until_date": member.dues_paid_until_date}
    form = (
        IncomingForm(posted, initial=initial, reach=request.reach)
        if incoming
        else TransferForm(posted, initial=initial)
    )

    def act(form):
        data = form.cleaned_data
        return verbs.draft(
            member,
            data["to_organization"] or data.get("to_external", ""),
            reason=data["reason"],
            dues_paid_until_date=data["dues_paid_until_date"],
            actor=request.user,
        )

    home = member.external_organization if incoming else member.formal_organization.short_name
    return form_page(
        request,
        form,
        act,
        success="草稿已存下，核对后提交审核",
        next_url=lambda transfer: page_of_transfer(transfer.pk),
        title=f"转接 {member.person.name} 的组织关系",
        submit="存为草稿",
        meta=f"从{home}转出。对方接收以前，组织关系不变。",
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "转接组织关系"),
    )


def _step(request, pk: int, allowed, make_form, act, *, title, submit, consequence, success, danger=False):
    transfer = transfer_or_404(request, pk)
    if not allowed(request.reach, transfer):
        raise PermissionDenied
    words = {"name": transfer.member.person.name, "old": transfer.from_name, "new": transfer.to_name}
    said = consequence(transfer) if callable(consequence) else consequence
    return confirm_page(
        request,
        make_form(request.POST if request.method == "POST" else None, transfer),
        lambda form: act(transfer, form.cleaned_data),
        success=success,
        next_url=page_of_transfer(pk),
        title=title.format(**words),
        submit=submit,
        danger=danger,
        consequence=said.format(**words),
        cancel_url=page_of_transfer(pk),
        crumbs=_crumbs(transfer, submit),
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer_submit(request, pk: int):
    """Hand a draft in for review."""
    return _step(
        request,
        pk,
        may_change_draft,
        lambda posted, _: NothingForm(posted),
        lambda transfer, data: verbs.submit(transfer, actor=request.user),
        title="提交 {name} 的转接",
        submit="提交审核",
        consequence="{old}转到{new}，交上级党委审核、签发介绍信。",
        success="已提交",
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer_send_back(request, pk: int):
    """Give a draft back."""
    return _step(
        request,
        pk,
        may_approve,
        lambda posted, _: WhyForm(posted),
        lambda transfer, data: verbs.send_back(transfer, actor=request.user, **data),
        title="退回修改 {name} 的转接",
        submit="退回修改",
        consequence="草稿回到起草的支部。",
        success="已退回",
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer_approve(request, pk: int):
    """Sign the letter."""
    return _step(
        request,
        pk,
        may_approve,
        lambda posted, transfer: ApproveForm(posted, from_outside=transfer.from_organization_id is None),
        lambda transfer, data: verbs.approve(transfer, actor=request.user, **data),
        title="签发 {name} 的介绍信",
        submit="签发",
        consequence="介绍信从{old}开到{new}，编号由系统生成。对方接收以前，组织关系不变；过了有效期不能再接收。",
        success="已签发，可以打印介绍信",
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer_receive(request, pk: int):
    """Receive the letter, after a look at what ends."""

    def consequence(transfer: Transfer) -> str:
        rows = endings.membership_rows(transfer.member, timezone.now(), transfer.from_organization)
        rows = [pair for pair in rows if pair[0].model != "members.Transfer"]
        listed = "、".join(f"{one.label} {number} {one.unit}" for one, number in rows)
        ends = f"同时结束：{listed}。" if listed else ""
        return "{name} 的组织关系从{old}转到{new}，马上生效。" + ends

    return _step(
        request,
        pk,
        may_receive,
        lambda posted, transfer: ReceiveForm(posted, to_outside=transfer.to_organization_id is None),
        lambda transfer, data: verbs.receive(transfer, actor=request.user, **data),
        title="接收 {name} 的组织关系",
        submit="接收",
        consequence=consequence,
        success="已接收，回执已经生成",
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer_return(request, pk: int):
    """Return the letter."""
    return _step(
        request,
        pk,
        may_receive,
        lambda posted, _: WhyForm(posted),
        lambda transfer, data: verbs.give_back(transfer, actor=request.user, **data),
        title="退回 {name} 的介绍信",
        submit="退回",
        danger=True,
        consequence="组织关系留在{old}，这份介绍信作废。",
        success="已退回",
    )


@login_required
@require_http_methods(["GET", "POST"])
def transfer_withdraw(request, pk: int):
    """Take a transfer back."""
    return _step(
        request,
        pk,
        may_withdraw,
        lambda posted, _: WhyForm(posted),
        lambda transfer, data: verbs.withdraw(transfer, actor=request.user, **data),
        title="撤销 {name} 的转接",
        submit="撤销",
        danger=True,
        consequence="组织关系留在{old}。已经签发的介绍信作废。",
        success="已撤销",
    )
