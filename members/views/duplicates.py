"""Rows that may be one human being twice: found by phone, or by name and birth date; and their merge."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from branches.capabilities import Capability
from branches.views.pages import form_page
from foundation.protection.masks import mask_id_number, mask_phone
from members.forms.drivers import MergeForm
from members.models import Driver, Person
from members.querysets import EVERYTHING, any_of
from members.views.drivers import needs
from members.views.lists import address
from members.workflow.people import MERGE_DRIVER, MERGE_PERSON, merge_people

GROUPS_SHOWN = 50
SMALL = 10_000  # drivers of a scope whose keys are compared here rather than in the database


@login_required
@require_safe
def driver_duplicates(request):
    """Answer with groups of drivers in scope who share a phone, or name and birth date. Eight queries at most."""
    needs(request, Capability.DRIVER_MERGE)
    by_phone = request.GET.get("by") != "name"
    keys = ("phone_index",) if by_phone else ("name_key", "birth_date")
    parts = Driver.objects.scope_parts(request.reach.region(Capability.DRIVER_MERGE))
    scoped = Driver.objects.filter(any_of(parts)) if parts else Driver.objects.none()
    everybody = parts == [EVERYTHING]
    paths = [f"person__{key}" for key in keys]
    known = scoped.filter(**{f"{path}__isnull": False for path in paths}).order_by()
    values = list(known.values_list(*paths)[: SMALL + 1])
    if len(values) > SMALL:
        # Along the index of all people: whole groups come one after the other, and the page needs only the first ones.
        if everybody:
            known, paths = Person.objects.filter(**{f"{key}__isnull": False for key in keys}), list(keys)
        counted = known.values_list(*paths).annotate(people=Count("pk")).filter(people__gt=1).order_by(*paths)
        groups = [tuple(row[:-1]) for row in counted[: GROUPS_SHOWN + 1]]
    else:
        groups = sorted(key for key, number in Counter(values).items() if number > 1)[: GROUPS_SHOWN + 1]
    rows = _drivers_of(groups[:GROUPS_SHOWN], keys, scoped)
    context = {
        "clusters": [rows[group] for group in groups[:GROUPS_SHOWN] if len(rows[group]) > 1],
        "more": len(groups) > GROUPS_SHOWN,
        "by_phone": by_phone,
        "tabs": [
            {"label": "同一个手机号", "url": request.path, "current": by_phone, "count": None},
            {"label": "同名同生日", "url": f"{request.path}?by=name", "current": not by_phone, "count": None},
        ],
        "shown": GROUPS_SHOWN,
        "crumbs": [("司机", address({})), ("可能重复", "")],
    }
    return render(request, "members/driver_duplicates.html", context)


def _drivers_of(groups: list[tuple], keys: tuple[str, ...], scoped) -> dict[tuple, list[dict]]:
    wanted = {key: [group[place] for group in groups] for place, key in enumerate(keys)}
    drivers = scoped.filter(**{f"person__{key}__in": values for key, values in wanted.items()}).with_person()
    found: dict[tuple, list[dict]] = {group: [] for group in groups}
    for driver in drivers.order_by("pk"):
        person = driver.person
        key = tuple(getattr(person, name) for name in keys)
        if key in found:
            found[key].append(
                {"driver": driver, "id_number": mask_id_number(person.id_number), "phone": mask_phone(person.phone)}
            )
    return found


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
