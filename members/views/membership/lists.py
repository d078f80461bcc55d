"""The list of members and the coverage: each figure leads to exactly the rows it counts."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import Prefetch, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from branches.choices import BRANCHES
from branches.models import Organization
from members.choices import MEMBER_CURRENT, MEMBER_LEFT, Absence, MemberStatus
from members.lists.paging import Cursor, count_of, in_order, page_of
from members.models import Affiliation, BackboneTag, ContactPair, PartyMember
from members.querysets import EVERYTHING, Ordered
from members.rules.membership import absence_of, flowing_since_before, party_standing
from members.statistics import absences, committee_map, member_coverage
from members.views.drivers import needs
from members.views.lists import size_of

PLACEMENTS = {"placed": "已编入支部", "unplaced": "还没有编入"}
SCOPES = {"left": "已离开的"}
TAGS = {"backbone": "骨干", "veteran": "退役军人", "contact": "结对联系司机的"}
LABELS = {
    "status": "党籍",
    "absence": "外出",
    "placement": "编入",
    "committee": "党委",
    "unit": "支部",
    "branch": "编入的支部",
    "scope": "范围",
    "tag": "标记",
}


@login_required
@require_safe
def member_list(request):
    """Answer with one page of the members in scope, by name. At most twelve queries."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    if "" in request.GET.values():
        return redirect(members_address(**{name: value for name, value in request.GET.items() if value}))
    today = timezone.localdate()
    chosen = {name: request.GET[name] for name in LABELS if request.GET.get(name)}
    units = list(_units(request))
    rows = _narrowed(request, chosen, today)
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    page = page_of([Ordered(rows, ("person__name_key", "pk"))], [EVERYTHING], cursor, size_of(request.GET))
    count = count_of(rows)
    context = {
        "rows": [_line(one, today) for one in in_order(page.keys, _shown())],
        "count": count,
        "count_words": f"共 {count} 人",
        "offers": _offers(units, chosen),
        "applied": [
            {
                "label": f"{LABELS[name]}：{_word(name, value, units)}",
                "url": members_address(**{k: v for k, v in chosen.items() if k != name}),
            }
            for name, value in chosen.items()
        ],
        "clear_url": request.path,
        "may_call": request.reach.has(Capability.DRIVER_IDENTITY_REVEAL),
        "may_transfer": request.reach.has(Capability.TRANSFER_VIEW),
        "may_search": request.reach.has(Capability.LOST_CONTACT_VIEW),
        "previous_url": members_address(**chosen, at=page.previous) if page.previous else "",
        "next_url": members_address(**chosen, at=page.next) if page.next else "",
    }
    return render(request, "members/member_list.html", context)


def members_address(**conditions) -> str:
    """Return the address of the list with these conditions; empty values are left out."""
    found = {name: value for name, value in conditions.items() if value not in ("", None)}
    return reverse("members:member_list") + (f"?{urlencode(found)}" if found else "")


def _shown():
    ties = Affiliation.objects.running().select_related("organization").order_by("pk")
    return PartyMember.objects.with_person().prefetch_related(Prefetch("affiliations", ties, to_attr="ties"))


def _line(member: PartyMember, today) -> dict:
    phone = member.person._meta.get_field("phone")
    return {
        "row": member,
        "standing": party_standing(member.full_date, today),
        "absence": Absence(absence_of(member.absent_since_date, today)),
        "phone": phone.mask(member.person.phone) if member.person.phone else "",
        "has_left": member.status in MEMBER_LEFT,
    }


def _units(request):
    return (
        Organization.objects.visible_to(request.reach)
        .running()
        .filter(kind__in=sorted(BRANCHES))
        .order_by("path")[:300]
    )


def _narrowed(request, chosen: dict, today):
    """Return the members in scope that meet the conditions. Raises BadRequest for one that means nothing."""
    rows = PartyMember.objects.visible_to(request.reach)
    left = chosen.get("scope") == "left" or chosen.get("status") in MEMBER_LEFT
    rows = rows.filter(status__in=sorted(MEMBER_LEFT if left else MEMBER_CURRENT)).with_unit()
    for name, value in chosen.items():
        rows = rows.filter(_condition(name, value, today))
    return rows


def _condition(name: str, value: str, today) -> Q:
    if name == "status" and value in MemberStatus:
        return Q(status=value)
    if name == "scope" and value in SCOPES:
        return Q()
    if name == "tag" and value in TAGS:
        return {
            "backbone": Q(pk__in=BackboneTag.objects.running().values("person_id")),
            "veteran": Q(person__is_veteran=True),
            "contact": Q(pk__in=ContactPair.objects.running().values("member_id")),
        }[value]
    if name == "placement" and value in PLACEMENTS:
        return Q(placed_id__isnull=value == "unplaced")
    if name == "absence" and value in Absence:
        away, flowing = Q(absent_since_date__lte=today), Q(absent_since_date__lte=flowing_since_before(today))
        home = ~away | Q(absent_since_date__isnull=True)
        return {Absence.HOME: home, Absence.SHORT: away & ~flowing, Absence.FLOWING: flowing}[Absence(value)]
    if name in ("unit", "branch", "committee") and (value.isascii() and value.isdigit() and len(value) < 19):
        if name == "branch":
            return Q(placed_id=int(value))
        if name == "unit":
            tied = Affiliation.objects.running().filter(organization_id=int(value)).values("member_id")
            return Q(placed_id=int(value)) | Q(formal_organization_id=int(value)) | Q(pk__in=tied)
        return Q(unit_id__in=[pk for pk, above in committee_map().items() if above == int(value)])
    if name == "committee" and value == "none":
        return Q(unit_id__isnull=True)
    raise BadRequest("这个筛选条件看不懂。")


def _offers(units, chosen: dict) -> list[dict]:
    choices = {
        "unit": [(str(one.pk), one.short_name) for one in units],
        "status": MemberStatus.choices,
        "absence": Absence.choices,
        "placement": list(PLACEMENTS.items()),
        "scope": list(SCOPES.items()),
        "tag": list(TAGS.items()),
    }
    return [
        {"code": code, "label": LABELS[code], "choices": offered, "value": chosen.get(code, "")}
        for code, offered in choices.items()
        if len(offered) > (1 if code == "unit" else 0)
    ]


def _word(name: str, value: str, units) -> str:
    words = {"status": dict(MemberStatus.choices), "absence": dict(Absence.choices), "placement": PLACEMENTS}
    if name in ("unit", "branch"):
        return next((one.short_name for one in units if str(one.pk) == value), "—")
    if name == "committee":
        found = Organization.objects.filter(pk=value).first() if value.isdigit() else None
        return found.short_name if found else "没有本系统的组织"
    return (words | {"scope": SCOPES, "tag": TAGS})[name][value]


# --- coverage ---------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def coverage(request):
    """Answer with placed / confirmed, by committee and by branch. Seven queries, however many."""
    needs(request, Capability.PARTY_MEMBER_VIEW)
    today = timezone.localdate()
    members = PartyMember.objects.visible_to(request.reach)
    found = member_coverage(members)
    wanted = {pk for pk in found.by_committee if pk is not None} | set(found.by_branch)
    names = {one.pk: one for one in Organization.objects.filter(pk__in=wanted)}
    committees = [
        {
            "name": names[pk].short_name if pk is not None else "没有本系统的组织",
            "path": names[pk].path if pk is not None else "~",
            "placed": placed,
            "confirmed": confirmed,
            "unplaced": confirmed - placed,
            "key": pk if pk is not None else "none",
        }
        for pk, (placed, confirmed) in found.by_committee.items()
    ]
    branches = [{"unit": names[pk], "number": number} for pk, number in found.by_branch.items()]
    context = {
        "found": found,
        "committees": sorted(committees, key=lambda one: one["path"]),
        "branches": sorted(branches, key=lambda one: one["unit"].path),
        "absences": [
            {"label": Absence(name).label, "number": number, "url": members_address(absence=name)}
            for name, number in absences(members, today).items()
        ],
        "list_url": members_address(),
        "today": today,
        "crumbs": [("党员", members_address()), ("编入支部", "")],
    }
    return render(request, "members/coverage.html", context)
