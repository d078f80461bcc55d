"""Naming somebody a backbone, and noting a veteran: from the page of a member or of a driver."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from branches.views.pages import confirm_page
from members.forms.records import TagForm, VeteranForm
from members.models import BackboneTag, Person
from members.views.drivers import driver_or_404, needs
from members.views.membership.pages import member_or_404, page_of_member
from members.workflow import tags as verbs

_RECORD = Capability.PERSON_TAG_RECORD


@login_required
@require_http_methods(["GET", "POST"])
def member_backbone(request, pk: int):
    """Name a member a backbone, or take it back."""
    member = member_or_404(request, pk, _RECORD)
    return _backbone(request, member.person, page_of_member(pk))


@login_required
@require_http_methods(["GET", "POST"])
def driver_backbone(request, pk: int):
    """Name a driver a backbone, or take it back. Two queries more than the page of a driver."""
    driver = driver_or_404(request, pk, _RECORD)
    if not request.reach.has(Capability.PARTY_MEMBER_VIEW):
        raise PermissionDenied
    return _backbone(request, driver.person, reverse("members:driver_detail", args=[pk]))


def _backbone(request, person: Person, url: str):
    tag = BackboneTag.objects.running().filter(person=person.pk).select_related("person").first()
    name = person.name

    def act(form):
        if tag is None:
            return verbs.tag_backbone(person, actor=request.user, **form.cleaned_data)
        return verbs.end_backbone(tag, actor=request.user, **form.cleaned_data)

    return confirm_page(
        request,
        TagForm(request.POST or None),
        act,
        success="已标为骨干" if tag is None else "已取消",
        next_url=url,
        title=f"把 {name} 标为骨干" if tag is None else f"取消 {name} 的骨干标记",
        submit="标为骨干" if tag is None else "取消标记",
        consequence="只说明谁、从什么时候起、凭什么是骨干，方便找人、做双向培养。没有分数，不排名。"
        if tag is None
        else f"{tag.from_date:%Y-%m-%d} 起标的：{tag.reason}。取消以后原来的记录留着。",
        cancel_url=url,
        crumbs=[(name, url), ("骨干", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def member_veteran(request, pk: int):
    """Note whether a member is a veteran, and by what one knows it."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    member = member_or_404(request, pk, _RECORD)
    person = member.person
    return confirm_page(
        request,
        VeteranForm(request.POST or None, initial={"is_veteran": person.is_veteran}),
        lambda form: verbs.note_veteran(person, actor=request.user, **form.cleaned_data),
        success="已记下",
        next_url=page_of_member(pk),
        title=f"{person.name} 是不是退役军人",
        submit="记下",
        consequence="记在人员登记上，司机登记和名册里看到的是同一个。谁记的、凭什么，留在经过里。",
        cancel_url=page_of_member(pk),
        crumbs=[(person.name, page_of_member(pk)), ("退役军人", "")],
    )
