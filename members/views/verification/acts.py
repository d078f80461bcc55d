"""What is done with cases, one address per act."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.models import Organization
from branches.scope import subtree
from branches.views.pages import confirm_page, form_page
from members.choices import BY_ORGANISATION, MEMBER_CURRENT, CheckKind
from members.forms.membership import NothingForm, WhyForm
from members.forms.verification import AssignForm, CheckForm, ConfirmForm, LeadForm, LinkForm
from members.lists.paging import count_of
from members.models import PartyMember
from members.rules.verification import kinds_for, may_decide
from members.views.drivers import needs
from members.views.verification.lists import cases_address
from members.views.verification.pages import case_or_404, crumbs, name_of, page_of_case
from members.workflow import leads
from members.workflow import verification as verbs

_CONFIRM, _REFUTE = Capability.VERIFICATION_CONFIRM, Capability.VERIFICATION_REFUTE


@login_required
@require_http_methods(["GET", "POST"])
def verification_create(request):
    """Write down a lead: a clerk from a list, a secretary what his branch knows."""
    needs(request, Capability.VERIFICATION_RECORD_CHECK)
    form = LeadForm(request.POST or None, reach=request.reach)
    return form_page(
        request,
        form,
        lambda form: leads.open_lead(form.told(), form.cleaned_data["organization"], actor=request.user, **form.more()),
        success="线索已登记",
        next_url=lambda case: page_of_case(case.pk),
        title="登记一条党员线索" if form.is_committee else "上报一名党员",
        submit="登记" if form.is_committee else "上报",
        meta="只写核查要用的，别的不写。身份证号以后对上登记时再填。",
        cancel_url=cases_address(),
        crumbs=[("党员核查", cases_address()), ("登记线索", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_collect(request):
    """Open cases for the drivers who declared it on a roster; says first how many they are. Five queries to ask."""
    needs(request, _CONFIRM)
    waiting = count_of(leads.declared_without_case(request.reach))
    at_once = min(waiting.number, leads.COLLECTED_AT_ONCE)

    def collect(form):
        number = leads.collect_declared(actor=request.user)
        messages.success(request, f"生成了 {number} 条线索" if number else "没有新的线索")

    if not waiting.number and request.method == "GET":
        consequence = "名册上自述是党员（预备党员）、还没有登记为党员的司机，都已经有核查了。导入新的名册以后再来。"
    else:
        consequence = (
            f"辖区里有 {waiting} 名司机在名册上自述是党员（预备党员），还没有登记为党员，也没有核查过。"
            f"这次生成 {at_once} 条线索，由登记他们的党委核查。名册上的自述不会让谁成为党员。"
        )
    return confirm_page(
        request,
        NothingForm(request.POST if request.method == "POST" else None),
        collect,
        next_url=cases_address(status="lead", origin="import"),
        title="从名册生成线索",
        submit="生成线索",
        consequence=consequence,
        cancel_url=cases_address(),
        crumbs=[("党员核查", cases_address()), ("从名册生成线索", "")],
    )


def _decided(request, pk: int, capability: Capability):
    """Return a case on which the reader decides. Raises PermissionDenied."""
    case = case_or_404(request, pk)
    if not may_decide(request.reach, capability, case):
        raise PermissionDenied
    return case


@login_required
@require_http_methods(["GET", "POST"])
def verification_assign(request, pk: int):
    """Give a case to a branch, with a last day."""
    case = _decided(request, pk, _CONFIRM)
    kinds = sorted(BRANCHES | {Kind.GENERAL_BRANCH})
    units = Organization.objects.manageable_by(request.reach, _CONFIRM).running()
    units = units.filter(subtree(case.organization.path), kind__in=kinds)
    initial = {"unit": case.unit_id, "due_date": max(case.due_date, timezone.localdate())}
    return form_page(
        request,
        AssignForm(request.POST or None, units=units, initial=initial),
        lambda form: verbs.assign(case, form.cleaned_data.pop("unit"), actor=request.user, **form.cleaned_data),
        success="已分派",
        next_url=page_of_case(pk),
        title=f"分派：{name_of(case)}",
        submit="分派",
        cancel_url=page_of_case(pk),
        crumbs=crumbs(case, "分派"),
    )


def _check(request, pk: int, kinds_of_door, *, title: str, meta: str):
    case = case_or_404(request, pk)
    kinds = kinds_for(request.reach, case) & frozenset(kinds_of_door)
    if not kinds:
        raise PermissionDenied
    asked = request.GET.get("kind", "")
    initial = {"on_date": timezone.localdate(), "kind": asked if asked in kinds else ""}
    return form_page(
        request,
        CheckForm(request.POST or None, kinds=kinds, initial=initial),
        lambda form: verbs.record_check(case, actor=request.user, **form.cleaned_data),
        success="已记下",
        next_url=page_of_case(pk),
        title=title.format(name=name_of(case)),
        submit="记下",
        meta=meta,
        cancel_url=page_of_case(pk),
        crumbs=crumbs(case, "记一次查核"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_check(request, pk: int):
    """Write down one of the two checks, a telephone call or a visit."""
    return _check(
        request,
        pk,
        frozenset(CheckKind) - frozenset(BY_ORGANISATION),
        title="记一次查核：{name}",
        meta="同一项再记一次，以新的为准；没联系上不改变原来的结果。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_register(request, pk: int):
    """Write down what the member register or the home organisation answers."""
    return _check(
        request,
        pk,
        BY_ORGANISATION,
        title="组织核实：{name}",
        meta="全国党员管理系统查到，或者组织关系所在地党组织答复，才能确认。依据要写明。",
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_link(request, pk: int):
    """Match a lead with somebody registered, or register him first. The number goes by POST only."""
    case = _decided(request, pk, _CONFIRM)
    return form_page(
        request,
        LinkForm(request.POST or None),
        lambda form: verbs.link_person(case, actor=request.user, **form.cleaned_data),
        success="已对上登记里的人",
        next_url=page_of_case(pk),
        title=f"{name_of(case)}是登记里的谁",
        submit="对上",
        meta="按身份证号在本辖区的登记里找。对上以后，线索上的姓名、电话不再另存。",
        cancel_url=page_of_case(pk),
        crumbs=crumbs(case, "对上登记"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_confirm(request, pk: int):
    """Confirm: he becomes a member of the registry, or the case joins the membership he has."""
    case = _decided(request, pk, _CONFIRM)
    known = PartyMember.objects.filter(pk=case.person_id, status__in=sorted(MEMBER_CURRENT)).exists()
    shared: dict[str, Any] = {
        "success": "已确认",
        "title": f"确认 {name_of(case)} 是党员",
        "submit": "确认",
        "cancel_url": page_of_case(pk),
        "next_url": page_of_case(pk),
        "crumbs": crumbs(case, "确认"),
    }
    if known:
        return confirm_page(
            request,
            NothingForm(request.POST if request.method == "POST" else None),
            lambda form: verbs.confirm(case, actor=request.user),
            consequence="他已经登记为党员，登记的内容不变；这件核查到此办结。",
            **shared,
        )
    return form_page(
        request,
        ConfirmForm(request.POST or None, initial={"external_organization": case.home_told}),
        lambda form: verbs.confirm(case, actor=request.user, **form.values()),
        meta="按组织答复的内容填。确认以后登记为党员，再编入支部。",
        **shared,
    )


def _end(request, pk: int, verb, *, title: str, submit: str, consequence: str, success: str):
    case = _decided(request, pk, _REFUTE)
    return confirm_page(
        request,
        WhyForm(request.POST or None),
        lambda form: verb(case, actor=request.user, **form.cleaned_data),
        success=success,
        next_url=page_of_case(pk),
        title=title.format(name=name_of(case)),
        submit=submit,
        danger=True,
        consequence=consequence,
        cancel_url=page_of_case(pk),
        crumbs=crumbs(case, submit),
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_refute(request, pk: int):
    """Decide that he is no member."""
    return _end(
        request,
        pk,
        verbs.refute,
        title="否定：{name} 不是党员",
        submit="否定",
        consequence="核下来不是党员。线索上写的马上删掉，这件核查保留一段时间以后也删掉。",
        success="已否定",
    )


@login_required
@require_http_methods(["GET", "POST"])
def verification_close(request, pk: int):
    """Close without a finding."""
    return _end(
        request,
        pk,
        verbs.close,
        title="关闭：{name}",
        submit="关闭",
        consequence="不再核：重复的线索、去了别处、本人不愿意。不下结论，以后可以重新登记。",
        success="已关闭",
    )
