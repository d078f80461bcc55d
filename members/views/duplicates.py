"""Rows that may be one human being twice: found by phone, or by name and birth date; and their merge."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import form_page
from foundation.protection.masks import mask_id_number, mask_phone
from members.forms.drivers import MergeForm
from members.lists.duplicates import BY_NAME, BY_PHONE, shared_keys, sharing
from members.models import Driver
from members.views.drivers import needs
from members.views.lists import address
from members.workflow.people import MERGE_DRIVER, MERGE_PERSON, merge_people

GROUPS_SHOWN = 50


@login_required
@require_safe
def driver_duplicates(request):
    """Answer with groups of drivers in scope who share a phone, or name and birth date. Eight queries at most."""
    needs(request, Capability.DRIVER_MERGE)
    by_phone = request.GET.get("by") != "name"
    keys = BY_PHONE if by_phone else BY_NAME
    scoped = Driver.objects.manageable_by(request.reach, Capability.DRIVER_MERGE)
    shared = shared_keys(scoped, keys, GROUPS_SHOWN + 1)
    groups = sharing(scoped, keys, shared[:GROUPS_SHOWN])
    context = {
        "clusters": [[_line(driver) for driver in group] for group in groups.values() if len(group) > 1],
        "more": len(shared) > GROUPS_SHOWN,
        "by_phone": by_phone,
        "tabs": [
            {"label": "同一个手机号", "url": request.path, "current": by_phone, "count": None},
            {"label": "同名同生日", "url": f"{request.path}?by=name", "current": not by_phone, "count": None},
        ],
        "shown": GROUPS_SHOWN,
        "crumbs": [("司机", address({})), ("可能重复", "")],
    }
    return render(request, "members/driver_duplicates.html", context)


def _line(driver: Driver) -> dict:
    person = driver.person
    return {"driver": driver, "id_number": mask_id_number(person.id_number), "phone": mask_phone(person.phone)}


@login_required
@require_http_methods(["GET", "POST"])
def driver_merge(request, pk: int, other: int):
    """Show two drivers side by side and make them one."""
    needs(request, Capability.DRIVER_MERGE)
    scoped = Driver.objects.manageable_by(request.reach, Capability.DRIVER_MERGE).with_person()
    pair = tuple(scoped.filter(pk__in={pk, other}).order_by("pk"))
    if len(pair) != 2:
        raise Http404
    differing = list(_differing(*pair))
    form = MergeForm(request.POST or None, pair=pair, fields=[(row["code"], row["label"]) for row in differing])

    def act(form):
        first_wins = form.cleaned_data["keep"] == str(pair[0].pk)
        winner, loser = pair if first_wins else pair[::-1]
        versions = (form.cleaned_data["first_version"], form.cleaned_data["second_version"])
        return merge_people(
            winner,
            loser,
            from_loser=frozenset(form.cleaned_data["from_loser"]),
            versions=versions if first_wins else versions[::-1],
            actor=request.user,
            reason=form.cleaned_data["reason"],
        )

    return form_page(
        request,
        form,
        act,
        success="两条登记已合并为一条",
        next_url=lambda driver: reverse("members:driver_detail", args=[driver.pk]),
        template="members/driver_merge.html",
        title="合并重复登记",
        submit="合并为一条",
        pair=pair,
        differing=differing,
        cancel_url=reverse("members:driver_duplicates"),
        crumbs=[("司机", address({})), ("可能重复", reverse("members:driver_duplicates")), ("合并", "")],
    )


def _differing(first: Driver, second: Driver):
    for code in MERGE_PERSON:
        one, two = getattr(first.person, code), getattr(second.person, code)
        if one != two:
            field = first.person._meta.get_field(code)
            shown = [field.mask(v) if hasattr(field, "mask") else _words(v) for v in (one, two)]
            yield {"code": code, "label": str(field.verbose_name), "first": shown[0], "second": shown[1]}
    for attname in MERGE_DRIVER:
        field = next(f for f in Driver._meta.concrete_fields if f.attname == attname)
        one, two = getattr(first, attname), getattr(second, attname)
        if one != two:
            shown = [_shown(driver, field) for driver in (first, second)]
            yield {"code": field.name, "label": str(field.verbose_name), "first": shown[0], "second": shown[1]}


def _shown(driver: Driver, field) -> str:
    if field.choices:
        return getattr(driver, f"get_{field.name}_display")()
    return _words(getattr(driver, field.name))


def _words(value) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)
