"""Declarations as the clerk of the receiving committee sees and decides them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from foundation.protection.masks import mask_phone
from members.choices import DeclarationStatus
from members.forms.declarations import AnswerForm, TurnForm
from members.forms.membership import NothingForm
from members.lists.paging import Cursor, count_of, in_order, page_of
from members.models import Declaration, RecruitCampaign
from members.querysets import EVERYTHING, Ordered
from members.rules.declarations import CONSENT
from members.views.drivers import needs
from members.views.lists import size_of
from members.workflow import declarations as verbs

LABELS = {"status": "状态", "call": "征集令"}
_DECIDE = Capability.DECLARATION_DECIDE


def list_address(**conditions) -> str:
    """Return the address of the list with these conditions; empty values are left out."""
    found = {name: value for name, value in conditions.items() if value}
    return reverse("members:declaration_list") + (f"?{urlencode(found)}" if found else "")


@login_required
@require_safe
def declaration_list(request):
    """Answer with the declarations in scope, the newest first; without conditions those that wait. Six queries."""
    needs(request, Capability.DECLARATION_VIEW)
    chosen = {name: request.GET[name] for name in LABELS if request.GET.get(name)}
    rows, call = Declaration.objects.visible_to(request.reach), None
    if status := chosen.get("status"):
        if status not in DeclarationStatus:
            raise BadRequest("这个筛选条件看不懂。")
        rows = rows.filter(status=status)
    if key := chosen.get("call"):
        calls = RecruitCampaign.objects.visible_to(request.reach)
        call = calls.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
        rows = rows.filter(campaign=call) if call else rows.none()
    elif not status:
        rows = rows.waiting()
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    run = Ordered(rows, ("submitted_at", "pk"), descending=True)
    page = page_of([run], [EVERYTHING], cursor, size_of(request.GET))
    count = count_of(rows)
    words = {"status": dict(DeclarationStatus.choices), "call": {chosen.get("call"): call.title if call else "—"}}
    context = {
        "rows": in_order(page.keys, Declaration.objects.select_related("organization", "campaign")),
        "count": count,
        "count_words": f"共 {count} 份",
        "statuses": DeclarationStatus.choices,
        "chosen": chosen,
        "applied": [
            {
                "label": f"{LABELS[name]}：{words[name][value]}",
                "url": list_address(**{k: v for k, v in chosen.items() if k != name}),
            }
            for name, value in chosen.items()
        ],
        "clear_url": request.path,
        "previous_url": list_address(**chosen, at=page.previous) if page.previous else "",
        "next_url": list_address(**chosen, at=page.next) if page.next else "",
    }
    return render(request, "members/declaration_list.html", context)


def declaration_or_404(request, pk: int, capability: Capability = Capability.DECLARATION_VIEW) -> Declaration:
    """Return a declaration within reach: the answer for a foreign one is that of none. One query.

    Raises PermissionDenied for who sees it but may not do this.
    """
    needs(request, Capability.DECLARATION_VIEW)
    joined = ("organization", "campaign", "decided_by")
    rows = Declaration.objects.visible_to(request.reach).select_related(*joined)
    declaration = get_object_or_404(rows, pk=pk)
    if not request.reach.covers(capability, declaration.organization):
        raise PermissionDenied
    return declaration


def page_of_declaration(pk: int) -> str:
    """Return the address of a declaration."""
    return reverse("members:declaration_detail", args=[pk])


def name_of(declaration: Declaration) -> str:
    """Return the declared name, or the number of one that was withdrawn."""
    return declaration.declared_name or f"自述 {declaration.pk}"


def _crumbs(declaration: Declaration, *last: str) -> list[tuple[str, str]]:
    own = page_of_declaration(declaration.pk) if last else ""
    first = [("自愿亮身份", reverse("members:declaration_list")), (name_of(declaration), own)]
    return first + [(word, "") for word in last]


@login_required
@require_safe
def declaration_detail(request, pk: int):
    """Answer with one declaration. Four queries."""
    declaration = declaration_or_404(request, pk)
    waits = declaration.status == DeclarationStatus.SUBMITTED
    phone = declaration.phone
    context = {
        "declaration": declaration,
        "name": name_of(declaration),
        "masked": mask_phone(phone) if phone else "",
        "consent": CONSENT.get(declaration.consent_version, ""),
        "twins": verbs.same_phone(declaration, request.reach),
        "may_decide": waits and request.reach.covers(_DECIDE, declaration.organization),
        "crumbs": _crumbs(declaration),
    }
    return render(request, "members/declaration_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def declaration_turn(request, pk: int):
    """Make a case of it."""
    declaration = declaration_or_404(request, pk, _DECIDE)
    form = TurnForm(request.POST or None, reach=request.reach, initial={"committee": declaration.organization_id})
    return form_page(
        request,
        form,
        lambda form: verbs.turn_into_verification(declaration, actor=request.user, **form.cleaned_data),
        success="已转入核查",
        next_url=lambda case: reverse("members:verification_detail", args=[case.pk]),
        title=f"{name_of(declaration)}：转入核查",
        submit="转入核查",
        meta="按双查四核核实。自述不会让谁成为党员。",
        cancel_url=page_of_declaration(pk),
        crumbs=_crumbs(declaration, "转入核查"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def declaration_return(request, pk: int):
    """Answer that it is not taken up."""
    declaration = declaration_or_404(request, pk, _DECIDE)
    return form_page(
        request,
        AnswerForm(request.POST or None),
        lambda form: verbs.give_back(declaration, actor=request.user, **form.cleaned_data),
        success="已答复",
        next_url=page_of_declaration(pk),
        title=f"{name_of(declaration)}：退回",
        submit="退回并答复",
        cancel_url=page_of_declaration(pk),
        crumbs=_crumbs(declaration, "退回"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def declaration_duplicate(request, pk: int):
    """Note that he has declared it before."""
    declaration = declaration_or_404(request, pk, _DECIDE)
    return confirm_page(
        request,
        NothingForm(request.POST if request.method == "POST" else None),
        lambda form: verbs.mark_duplicate(declaration, actor=request.user),
        success="已记为重复",
        next_url=page_of_declaration(pk),
        title=f"{name_of(declaration)}：记为重复",
        submit="记为重复",
        consequence="同一个人提交过不止一次，只核一件。本人看到的仍然是“收到了，正在处理”。",
        cancel_url=page_of_declaration(pk),
        crumbs=_crumbs(declaration, "记为重复"),
    )
