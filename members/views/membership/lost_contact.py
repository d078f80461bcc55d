"""The pages of searches for members who cannot be reached."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from members.choices import LOST_OPEN, LostStatus
from members.forms.membership import (
    AttemptForm,
    DecideForm,
    DocumentForm,
    RestoreForm,
    SearchForm,
    WhyForm,
)
from members.models import LostContact
from members.rules.lost_contact import decidable_from, decide_sentence, removable_from, remove_sentence
from members.views.drivers import needs
from members.views.enterprises import page_context
from members.views.membership.pages import crumbs, member_or_404, page_of_member
from members.workflow import lost_contact as verbs

CONDITIONS = {"status": ("状态", LostStatus)}
_RECORD, _APPROVE, _FILE = (
    Capability.LOST_CONTACT_RECORD,
    Capability.LOST_CONTACT_APPROVE,
    Capability.LOST_CONTACT_FILE,
)


@login_required
@require_safe
def lost_list(request):
    """Answer with the searches in scope, the longest lost first. Six queries."""
    needs(request, Capability.LOST_CONTACT_VIEW)
    chosen = {name: request.GET[name] for name in CONDITIONS if request.GET.get(name) in LostStatus}
    rows = LostContact.objects.visible_to(request.reach)
    rows = rows.filter(**chosen) if chosen else rows.open()
    joined = ("member__person", "organization")
    context = page_context(request, rows, ("since_date", "pk"), joined, chosen, CONDITIONS, "", "件")
    return render(request, "members/lost_list.html", context)


def search_or_404(request, pk: int) -> LostContact:
    """Return a search within reach: the answer for a foreign one is that of none. One query."""
    needs(request, Capability.LOST_CONTACT_VIEW)
    rows = LostContact.objects.visible_to(request.reach)
    return get_object_or_404(rows.select_related("member__person", "organization", "approved_by"), pk=pk)


def page_of_search(pk: int) -> str:
    """Return the address of a search."""
    return reverse("members:lost_detail", args=[pk])


def _crumbs(search: LostContact, *last: str) -> list[tuple[str, str]]:
    trail = [
        ("失联查找", reverse("members:lost_list")),
        (search.member.person.name, page_of_search(search.pk) if last else ""),
    ]
    return trail + [(word, "") for word in last]


@login_required
@require_safe
def lost_detail(request, pk: int):
    """Answer with one search: tries, decisions, and when the next step opens. Four queries."""
    search, today = search_or_404(request, pk), timezone.localdate()
    attempts = list(search.attempts.select_related("by"))
    covers = {name: request.reach.covers(name, search.organization) for name in (_RECORD, _APPROVE, _FILE)}
    status = search.status
    gate, opens = "", None
    if status == LostStatus.SEARCHING:
        tried = [(one.channel, one.on_date) for one in attempts if not one.was_reached]
        gate, opens = decide_sentence(search.since_date, tried, today), decidable_from(search.since_date)
    elif status in (LostStatus.APPROVED, LostStatus.FILED) and search.approved_date:
        gate, opens = remove_sentence(search.approved_date, today), removable_from(search.approved_date)
    context = {
        "search": search,
        "attempts": attempts,
        "gate": gate,
        "opens": opens,
        "may": {
            "attempt": status in LOST_OPEN and covers[_RECORD],
            "decide": status == LostStatus.SEARCHING and covers[_RECORD],
            "close": status in (LostStatus.SEARCHING, LostStatus.DECIDED) and covers[_RECORD],
            "approve": status == LostStatus.DECIDED and covers[_APPROVE],
            "file": status == LostStatus.APPROVED and covers[_FILE],
            "restore": status in (LostStatus.APPROVED, LostStatus.FILED) and covers[_APPROVE],
            "remove": status == LostStatus.FILED and covers[_APPROVE],
            "see_member": request.reach.has(Capability.PARTY_MEMBER_VIEW),
        },
        "crumbs": _crumbs(search),
    }
    return render(request, "members/lost_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def lost_open(request, pk: int):
    """Begin a search."""
    member = member_or_404(request, pk, Capability.LOST_CONTACT_RECORD)
    return form_page(
        request,
        SearchForm(request.POST or None),
        lambda form: verbs.open_search(member, actor=request.user, **form.cleaned_data),
        success="已登记，请逐次记下怎么找的",
        next_url=lambda search: page_of_search(search.pk),
        title=f"{member.person.name} 联系不上",
        submit="登记失联",
        meta="登记只是开始查找，党籍不变。满六个月、找够次数以后，才能由支部大会决定。",
        cancel_url=page_of_member(pk),
        crumbs=crumbs(member, "登记失联"),
    )


def _step(
    request, pk: int, capability, form_class, act, *, title, submit, consequence, success, initial=None, danger=False
):
    search = search_or_404(request, pk)
    if not request.reach.covers(capability, search.organization):
        raise PermissionDenied
    name = search.member.person.name
    return confirm_page(
        request,
        form_class(request.POST or None, initial=initial or {}),
        lambda form: act(search, actor=request.user, **form.cleaned_data),
        success=success,
        next_url=page_of_search(pk),
        title=title.format(name=name),
        submit=submit,
        danger=danger,
        consequence=consequence.format(name=name),
        cancel_url=page_of_search(pk),
        crumbs=_crumbs(search, submit),
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_attempt(request, pk: int):
    """Write down one try."""
    return _step(
        request,
        pk,
        _RECORD,
        AttemptForm,
        verbs.note_attempt,
        title="记一次联系：{name}",
        submit="记下",
        consequence="找过谁、怎么找的，逐次记下来。联系上了，记下以后再点“联系上了，了结”。",
        success="已记下",
        initial={"on_date": timezone.localdate()},
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_decide(request, pk: int):
    """Note the decision of the branch."""
    return _step(
        request,
        pk,
        _RECORD,
        DecideForm,
        verbs.decide,
        title="支部大会的决定：{name}",
        submit="记下决定",
        consequence="支部大会决定停止党籍（预备党员取消资格），报上级党委批准。党委批准以前，党籍不变。",
        success="已记下，等党委批准",
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_close(request, pk: int):
    """End a search: he was reached."""
    return _step(
        request,
        pk,
        _RECORD,
        WhyForm,
        verbs.close,
        title="联系上 {name} 了",
        submit="了结查找",
        consequence="查找到此为止，党籍不变。",
        success="已了结",
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_approve(request, pk: int):
    """Note the approval: the membership is suspended."""
    return _step(
        request,
        pk,
        _APPROVE,
        DocumentForm,
        verbs.approve,
        title="批准停止 {name} 的党籍",
        submit="批准",
        danger=True,
        consequence="从批准这天起停止党籍；预备党员取消资格。两年内联系上、本人申请的，可以恢复。",
        success="已批准",
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_refuse(request, pk: int):
    """Give a decision back to the branch."""
    return _step(
        request,
        pk,
        _APPROVE,
        WhyForm,
        verbs.refuse,
        title="退回支部继续找 {name}",
        submit="退回支部",
        consequence="支部继续查找，党籍不变。",
        success="已退回",
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_file(request, pk: int):
    """Note the filing with the organisation department."""
    return _step(
        request,
        pk,
        _FILE,
        DocumentForm,
        verbs.file,
        title="{name}：组织部门备案",
        submit="记下备案",
        consequence="记下县级组织部门已经备案。",
        success="已记下",
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_restore(request, pk: int):
    """Restore a membership."""
    return _step(
        request,
        pk,
        _APPROVE,
        RestoreForm,
        verbs.restore,
        title="恢复 {name} 的党籍",
        submit="恢复党籍",
        consequence="{name} 恢复为正式党员，组织关系仍在原支部。",
        success="已恢复",
    )


@login_required
@require_http_methods(["GET", "POST"])
def lost_remove(request, pk: int):
    """Strike a member off."""
    return _step(
        request,
        pk,
        _APPROVE,
        DocumentForm,
        verbs.remove,
        title="{name} 除名",
        submit="除名",
        danger=True,
        consequence="停止党籍满两年仍然联系不上的，按自行脱党除名。除名以后不能恢复。",
        success="已除名",
    )
