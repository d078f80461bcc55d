"""Search decides what was typed and asks the one index that answers it (never one OR over everything)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import TextChoices

from foundation.protection.canonical import canonical_id_number, canonical_phone, canonical_plate, name_key
from foundation.protection.seal import tail
from members.models import Driver
from members.querysets import DriverQuerySet
from members.rules.people import ID_NUMBER, PHONE, id_number_index, phone_index

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


class Asked(TextChoices):
    """What a search text is taken for."""

    NOTHING = "nothing", "空"
    ID_NUMBER = "id_number", "身份证号"
    PHONE = "phone", "手机号"
    TAIL = "tail", "手机号或身份证号的后四位"
    PLATE = "plate", "车牌"
    INITIALS = "initials", "拼音首字母"
    NAME = "name", "姓名"


@dataclass(frozen=True)
class Wanted:
    """What was asked for, and the key under which the index has it."""

    asked: Asked
    key: str


def understand(text: str) -> Wanted:
    """Return what a text typed into the search box means. Pure.

    18 characters of an identity number, 11 digits of a phone, 4 digits (or 3 and X) of their end, a plate from its
    province on, Latin letters as pinyin initials; anything else is the beginning of a name or of a given name.
    """
    number = canonical_id_number(text)
    if not number:
        return Wanted(Asked.NOTHING, "")
    if re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return Wanted(Asked.ID_NUMBER, number)
    phone = canonical_phone(text)
    if re.fullmatch(r"1[3-9][0-9]{9}", phone):
        return Wanted(Asked.PHONE, phone)
    if re.fullmatch(r"[0-9]{3}[0-9X]", number):
        return Wanted(Asked.TAIL, number)
    plate = canonical_plate(text)
    if re.fullmatch(rf"[{_PROVINCES}][A-Z][0-9A-Z挂学警港澳]*", plate):
        return Wanted(Asked.PLATE, plate)
    if re.fullmatch(r"[A-Z]+", number):
        return Wanted(Asked.INITIALS, number.lower())
    return Wanted(Asked.NAME, name_key(text))


def find_drivers(drivers: DriverQuerySet, wanted: Wanted, limit: int) -> list[Driver]:
    """Return at most `limit` drivers of an already scoped queryset, by name; person and committee are joined.

    One query; two for names (the beginning of the whole name first, then of the given name).
    """
    drivers = drivers.select_related("person", "registering_committee")
    if wanted.asked == Asked.ID_NUMBER:
        return list(drivers.filter(person__id_number_index=id_number_index(wanted.key))[:limit])
    if wanted.asked == Asked.PHONE:
        return list(drivers.filter(person__phone_index=phone_index(wanted.key)).order_by("person_id")[:limit])
    if wanted.asked == Asked.TAIL:
        found = []
        if not wanted.key.endswith("X"):
            by_phone = drivers.filter(person__phone_tail=tail(wanted.key, PHONE)).order_by("person_id")
            # The tail index has 31 bits of a hash: what is shown must really end so.
            found = [driver for driver in by_phone[:limit] if driver.person.phone.endswith(wanted.key)]
        if len(found) < limit:
            by_id = drivers.filter(person__id_number_tail=tail(wanted.key, ID_NUMBER)).order_by("person_id")
            known = {driver.pk for driver in found}
            found += [
                driver
                for driver in by_id[: limit - len(found)]
                if driver.pk not in known and driver.person.id_number.endswith(wanted.key)
            ]
        return found
    if wanted.asked == Asked.PLATE:
        linked = drivers.filter(
            vehicle_links__vehicle__plate__prefix=wanted.key, vehicle_links__until_date__isnull=True
        )
        return list(linked.distinct().order_by("person_id")[:limit])
    if wanted.asked == Asked.INITIALS:
        return list(
            drivers.filter(person__initials__prefix=wanted.key).order_by("person__initials", "person_id")[:limit]
        )
    if wanted.asked == Asked.NAME and wanted.key:
        found = list(
            drivers.filter(person__name_key__prefix=wanted.key).order_by("person__name_key", "person_id")[:limit]
        )
        if len(found) < limit:
            known = {driver.pk for driver in found}
            by_given = drivers.filter(person__given_key__prefix=wanted.key).exclude(pk__in=known)
            found += by_given.order_by("person__given_key", "person_id")[: limit - len(found)]
        return found
    return []
