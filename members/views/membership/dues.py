"""The register of dues: sums by branch for committees; lines, recording and corrections for the branch itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.models import Organization
from branches.views.pages import confirm_page, form_page
from members.choices import DuesMethod
from members.forms.records import MoneyField, PaymentsForm, RateForm, TakeBackForm, read_month
from members.models import DuesRate, DuesRecord, PartyMember
from members.rules import dues as rules
from members.rules.membership import FORMAL_KINDS
from members.statistics.dues import proposals_of, register_of, sums_of
from members.views.drivers import needs
from members.views.enterprises import page_context
from members.views.membership.pages import crumbs, page_of_member
from members.workflow import dues as verbs

_VIEW, _RECORD = Capability.DUES_VIEW, Capability.DUES_RECORD


def _range(request, today: date) -> tuple[date, date]:
    """Return the months asked for, first and last: this year up to now, when nothing sensible was asked."""
    now = rules.month_of(today)
    first = read_month(request.GET.get("from", "")) or now.replace(month=1)
    last = read_month(request.GET.get("until", "")) or max(now, first)
    return (first, last) if first <= last else (last, first)


@login_required
@require_safe
def dues_list(request):
    """Answer with what each branch wrote down for some months, in the order of the tree. At most nine queries."""
    needs(request, _VIEW)
    today = timezone.localdate()
    first, last = _range(request, today)
    units = Organization.objects.manageable_by(request.reach, _VIEW).running()
    units = units.filter(kind__in=sorted(FORMAL_KINDS))
    context = page_context(request, units, ("path", "pk"), ("division",), {}, {}, "", "个支部")
    shown = [one.pk for one in context["rows"]]
    records = DuesRecord.objects.visible_to(request.reach)
    sums = sums_of(records.filter(organization__in=shown), first, last)
    own = request.reach.region(_RECORD).organization_ids
    months = {"from": f"{first:%Y-%m}", "until": f"{last:%Y-%m}"}
    asked = urlencode(months)
    context |= {
        "lines": [{"unit": one, "sums": sums.get(one.pk), "is_own": one.pk in own} for one in context["rows"]],
        "total": records.filter(organization__in=units.order_by().values("pk"))
        .between(first, last)
        .aggregate(paid=Sum("paid"))["paid"]
        or Decimal(0),
        "first": first,
        "last": last,
        "asked": asked,
        "today": today,
        "previous_url": f"{context['previous_url']}&{asked}" if context["previous_url"] else "",
        "next_url": f"{context['next_url']}&{asked}" if context["next_url"] else "",
    }
    return render(request, "members/dues_list.html", context)


# --- the branch itself ------------------------------------------------------------------------------------------------
def _unit_or_404(request, pk: int) -> Organization:
    """Return a unit whose dues the reader keeps: the answer for a foreign one is that of none. One query."""
    needs(request, _RECORD)
    return get_object_or_404(Organization.objects.manageable_by(request.reach, _RECORD), pk=pk)


def _roll(unit: Organization):
    return PartyMember.objects.paying_in([unit.pk]).order_by("person__name_key", "pk")


def _page_of(unit: Organization) -> str:
    return reverse("members:dues_register", args=[unit.pk])


@login_required
@require_safe
def dues_register(request, pk: int):
    """Answer with the register of a branch: one line per member, what is open, the total. At most nine queries."""
    unit, today = _unit_or_404(request, pk), timezone.localdate()
    first, last = _range(request, today)
    lines = register_of(_roll(unit), first, last, today)
    records = DuesRecord.objects.manageable_by(request.reach, _RECORD).filter(organization=unit)
    context = {
        "unit": unit,
        "lines": lines,
        "first": first,
        "last": last,
        "sums": sums_of(records, first, last).get(unit.pk),
        "open_lines": sum(line.open_months > 0 for line in lines),
        "without_rate": sum(line.due is None for line in lines),
        "silent_sentence": rules.SILENT_SENTENCE if any(line.is_silent for line in lines) else "",
        "today": today,
        "crumbs": [("党费", reverse("members:dues_list")), (unit.short_name, "")],
    }
    return render(request, "members/dues_register.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def dues_record(request, pk: int):
    """Show and take who paid: ticks and proposed amounts, all at once or nothing."""
    unit, today = _unit_or_404(request, pk), timezone.localdate()
    now = rules.month_of(today)
    until = read_month(request.POST.get("until_month") or request.GET.get("until", "")) or now
    until = min(until, rules.months_after(now, rules.MOST_MONTHS))
    initial = {"paid_date": today, "until_month": until, "method": DuesMethod.PHONE}
    form = PaymentsForm(request.POST if request.method == "POST" else None, initial=initial)
    proposals = proposals_of(_roll(unit), until)
    if request.method == "POST" and form.is_valid():
        try:
            payments = _payments(request.POST, until)
            made = verbs.record_payments(
                unit,
                payments,
                paid_date=form.cleaned_data["paid_date"],
                method=form.cleaned_data["method"],
                actor=request.user,
            )
        except ValidationError as error:
            form.add_refusal(error)
        else:
            amount = sum((row.paid for row in made), Decimal(0))
            messages.success(request, f"已记下 {len(payments)} 人、{len(made)} 个月、{amount:,.2f} 元")
            return redirect(_page_of(unit))
    ticked = set(request.POST.getlist("pay"))
    lines = [
        {
            "proposal": one,
            "is_ticked": str(one.member.pk) in ticked,
            "amount": request.POST.get(f"amount-{one.member.pk}", f"{one.amount:.2f}"),
        }
        for one in proposals
    ]
    context = {
        "unit": unit,
        "form": form,
        "payable": [line for line in lines if line["proposal"].months],
        "paid_up": [line["proposal"] for line in lines if not line["proposal"].months and not line["proposal"].lacks],
        "lacking": [line["proposal"] for line in lines if line["proposal"].lacks],
        "until": until,
        "crumbs": [("党费", reverse("members:dues_list")), (unit.short_name, _page_of(unit)), ("记党费", "")],
    }
    return render(request, "members/dues_record.html", context, status=422 if form.is_bound else 200)


def _payments(posted, until: date) -> list[verbs.Payment]:
    """Return what was ticked, with the amounts typed beside. Raises ValidationError for what is no amount."""
    payments, money = [], MoneyField(label="金额")
    for key in posted.getlist("pay"):
        first = read_month(posted.get(f"from-{key}", ""))
        if not (key.isascii() and key.isdigit() and len(key) < 19) or first is None:
            raise ValidationError("这一页放得太久了，请刷新以后再填。什么都没有保存。")
        try:
            amount = money.clean(posted.get(f"amount-{key}", ""))
        except ValidationError as error:
            raise ValidationError(
                f"有一个金额没看懂：{posted.get(f'amount-{key}', '')[:20]}。{error.messages[0]}"
            ) from None
        payments.append(verbs.Payment(int(key), first, until, amount))
    return payments


# --- one member -------------------------------------------------------------------------------------------------------
def payer_or_404(request, pk: int) -> PartyMember:
    """Return a member whose dues the reader keeps. Two queries.

    Raises PermissionDenied for who sees him but does not keep his dues.
    """
    needs(request, Capability.PARTY_MEMBER_VIEW)
    seen = PartyMember.objects.visible_to(request.reach).select_related("person", "formal_organization")
    member = get_object_or_404(seen, pk=pk)
    if not keeps_dues(request, pk):
        raise PermissionDenied
    return member


def keeps_dues(request, member_id: int) -> bool:
    """Return whether a member pays to a branch whose dues the reader keeps. One query at most."""
    units = request.reach.region(_RECORD).organization_ids
    return bool(units) and PartyMember.objects.paying_in(units).filter(pk=member_id).exists()


@login_required
@require_safe
def member_dues(request, pk: int):
    """Answer with the rates and months of one member. Six queries."""
    member, today = payer_or_404(request, pk), timezone.localdate()
    units = request.reach.region(_RECORD).organization_ids
    records = DuesRecord.objects.manageable_by(request.reach, _RECORD).filter(member=pk)
    records = records.select_related("organization", "recorded_by", "counters").order_by("-month", "-pk")
    rates = list(
        DuesRate.objects.manageable_by(request.reach, _RECORD)
        .filter(member=pk)
        .select_related("set_by")
        .order_by("-from_date")
    )
    context = {
        "member": member,
        "rates": rates,
        "now": next((rate for rate in rates if rate.from_date <= rules.month_of(today)), None),
        "entries": [
            {
                "row": one,
                "may_take_back": one.counters_id is None and one.reversed_at is None and one.organization_id in units,
            }
            for one in records[:60]
        ],
        "owed_from": rules.owed_from(
            member.dues_paid_until_date, member.joined_date, [rate.from_date for rate in rates]
        ),
        "crumbs": crumbs(member, "党费"),
    }
    return render(request, "members/member_dues.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def dues_rate(request, pk: int):
    """Set what a member owes each month."""
    member, today = payer_or_404(request, pk), timezone.localdate()
    url = reverse("members:member_dues", args=[pk])
    return form_page(
        request,
        RateForm(request.POST or None, initial={"from_month": rules.month_of(today)}),
        lambda form: verbs.set_rate(member, actor=request.user, **form.cleaned_data),
        success="已定下标准",
        next_url=url,
        title=f"{member.person.name} 的党费标准",
        submit="定下",
        meta="只登记，不收钱。收入只用来算应交多少，不保存。",
        help="dues",
        cancel_url=url,
        crumbs=[*crumbs(member, "党费")[:-1], ("党费", url), ("定标准", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def dues_take_back(request, pk: int):
    """Counter one entry, with a reason."""
    needs(request, _RECORD)
    records = DuesRecord.objects.manageable_by(request.reach, _RECORD)
    record = get_object_or_404(records.select_related("member__person", "organization"), pk=pk)
    if not request.reach.covers(_RECORD, record.organization):
        raise PermissionDenied
    name, url = record.member.person.name, reverse("members:dues_register", args=[record.organization_id])
    return confirm_page(
        request,
        TakeBackForm(request.POST or None),
        lambda form: verbs.take_back(record, actor=request.user, **form.cleaned_data),
        success="已冲正，这个月又可以记了",
        next_url=url,
        title=f"冲正 {name} 的 {record.month:%Y-%m} 党费",
        submit="冲正",
        danger=True,
        consequence=f"记一笔 -{record.paid} 元的冲正，原来那一笔留着，写明原因。{record.month:%Y-%m} 变回没有交。",
        cancel_url=url,
        crumbs=[("党费", reverse("members:dues_list")), (name, page_of_member(record.member_id)), ("冲正", "")],
    )
