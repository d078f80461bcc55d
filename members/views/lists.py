"""What the list pages share: reading conditions, making rows, saved filters, searches that travel sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.urls import reverse
from django.utils import timezone

from branches.capabilities import Capability
from branches.models import Organization
from branches.scope import Reach
from foundation.protection.seal import SealBroken, open_sealed, seal
from members.choices import PoliticalStatus
from members.lists.columns import COLUMNS, Column, chosen, readable, seen_rows
from members.lists.drivers import CONDITIONS, ORDERS, DriverList, WrongFilter
from members.lists.paging import in_order
from members.models import Credential, Driver, DriverVehicle, SavedFilter
from members.rules.drivers import STALE_DAYS
from members.rules.search import Kind, Query

SIZES = (20, 50, 100)
LIST = "drivers"
DEFAULTS_NAME = ""  # the saved filter without a name keeps the columns somebody chose
_SEARCH = "search.token"


def seal_query(query: Query) -> str:
    """Return a typed text as an opaque token: a page may carry it back by POST, nobody can read or forge it."""
    return seal(f"{query.kind.value} {query.canonical}", _SEARCH)


def open_query(token: str) -> Query | None:
    """Return the typed text of a token, None for one that is not ours."""
    try:
        kind, _, text = open_sealed(token, _SEARCH).partition(" ")
        return Query(Kind(kind), text)
    except (SealBroken, ValueError):
        return None


def asked_list(request, source, query: Query | None = None) -> DriverList:
    """Return the list somebody asked for by the conditions in `source` (GET or POST).

    Raises PermissionDenied for a condition he may not read, BadRequest for one that means nothing.
    """
    values = {code: source.get(code, "") for code in CONDITIONS}
    try:
        asked = DriverList(request.reach, timezone.localdate(), values, query, source.get("order", ""))
        asked.filtered()  # reads nothing; a wrong value is said here, not in the middle of the page
    except WrongFilter as error:
        raise BadRequest(str(error)) from error
    return asked


def size_of(source) -> int:
    """Return the number of rows per page somebody asked for."""
    text = source.get("size", "")
    return int(text) if text in {str(size) for size in SIZES} else 50


def conditions_of(asked: DriverList) -> dict[str, str]:
    """Return the conditions and the order as they stand in an address."""
    return asked.values | ({"order": asked.order} if asked.order != "newest" else {})


def address(conditions: dict, **more) -> str:
    """Return the address of the list with these conditions; empty values are left out."""
    found = {name: value for name, value in (conditions | more).items() if value not in ("", None)}
    return reverse("members:driver_list") + (f"?{urlencode(found)}" if found else "")


def rows_of(keys: Sequence[int], columns: Sequence[Column], reach: Reach, today: date) -> list[dict]:
    """Return one dict per driver: pk, name, cells (one per column but the name). Two to five queries.

    A cell the reader may not see in this row is empty.
    """
    drivers = in_order(keys, Driver.objects.with_person())
    codes = {column.code for column in columns}
    seen = seen_rows(reach, columns, keys)
    plates = _plates(keys) if "plates" in codes else {}
    credentials = _credentials(keys) if codes & {"expires", "credential"} else {}
    rows = []
    for driver in drivers:
        cells = [
            _cell(driver, column, plates, credentials, today)
            if driver.pk in seen[column.needs]
            else {"column": column, "text": ""}
            for column in columns
            if column.code != "name"
        ]
        rows.append({"pk": driver.pk, "name": driver.person.name, "cells": cells})
    return rows


def _plates(keys: Sequence[int]) -> dict[int, list]:
    found: dict[int, list] = {}
    links = DriverVehicle.objects.running().filter(driver_id__in=keys).select_related("vehicle").order_by("pk")
    for link in links:
        found.setdefault(link.driver_id, []).append(link.vehicle)
    return found


def _credentials(keys: Sequence[int]) -> dict[int, list[Credential]]:
    found: dict[int, list[Credential]] = {}
    for credential in Credential.objects.filter(driver_id__in=keys).order_by("expires_date"):
        found.setdefault(credential.driver_id, []).append(credential)
    return found


def _cell(driver: Driver, column: Column, plates, credentials, today: date) -> dict:
    cell: dict = {"column": column, "text": ""}
    if column.code == "plates":
        cell["plates"] = plates.get(driver.pk, [])
    elif column.code == "expires":
        days = [one.expires_date for one in credentials.get(driver.pk, ()) if one.expires_date]
        if days:
            cell |= due_words(min(days), today)
    elif column.code == "credential":
        cell["text"] = "、".join(COLUMNS["credential"].masked(one.number) for one in credentials.get(driver.pk, ()))
    elif column.code == "last_verified_date":
        cell["text"] = short_day(driver.last_verified_date, today)
        stale = driver.last_verified_date is None or driver.last_verified_date < today - timedelta(days=STALE_DAYS)
        cell["css"] = "warn" if stale else "dim"
    elif column.code == "declared_political_status":
        cell["text"] = driver.get_declared_political_status_display()
        declared = {PoliticalStatus.MEMBER, PoliticalStatus.PROBATIONARY}
        cell["tone"] = "warn" if driver.declared_political_status in declared else ""
    else:
        values = [_value(driver, path) for path in column.paths]
        text = column.text(*values)
        cell["text"] = column.masked(text) if column.masked and text else text
        if column.masked:
            cell["css"] = "mono dim"
    return cell


def _value(driver: Driver, path: str):
    value = driver
    for name in path.split("__"):
        value = getattr(value, name) if value is not None else None
    return value


def due_words(day: date, today: date) -> dict:
    """Return a due day as a cell: text, and `due` "bad" once past, "warn" within 30 days."""
    if day < today:
        return {"text": f"{short_day(day, today)} 已过期", "due": "bad"}
    if day <= today + timedelta(days=30):
        return {"text": f"{short_day(day, today)} 快到期", "due": "warn"}
    return {"text": short_day(day, today), "due": ""}


def short_day(day: date | None, today: date) -> str:
    """Return 11-20 within this year, else 2027-11-20; "" for none."""
    if day is None:
        return ""
    return day.strftime("%m-%d" if day.year == today.year else "%Y-%m-%d")


# --- around the table -------------------------------------------------------------------------------------------------
def list_context(request, asked: DriverList, cursor, *, post: bool = False) -> dict:
    """Return what the list template needs. With `post` the pages are turned by forms, not by addresses."""
    source = request.POST if post else request.GET
    reach, size, today = request.reach, size_of(source), asked.today
    saved = list(SavedFilter.objects.filter(user=request.user, list_name=LIST))
    columns = _columns(source, saved, reach)
    page = asked.page(cursor, size)
    count = asked.shown_count(page, size)
    conditions = conditions_of(asked)
    extra = {"size": size} if size != 50 else {}
    applied = [
        {"label": label, "url": address({k: v for k, v in conditions.items() if k != code})}
        for code, label in asked.in_force()
    ]
    may = {
        "add": reach.has(Capability.DRIVER_ADD),
        "export": reach.has(Capability.DRIVER_EXPORT),
        "change": reach.has(Capability.DRIVER_CHANGE),
        "merge": reach.has(Capability.DRIVER_MERGE),
    }
    sorts = [
        {"code": code, "label": label, "current": asked.order == code, "url": address(conditions, order=code)}
        for code, label in ORDERS.items()
        if code != "expires" or "expires_before" in asked.values
    ]
    return {
        "rows": rows_of(page.keys, columns, reach, today),
        "columns": [column for column in columns if column.code != "name"],
        "all_columns": [(column, column in columns) for column in readable(reach).values() if column.code != "name"],
        "count": count,
        "count_words": f"共 {count} 人",
        "applied": applied,
        "clear_url": address({}),
        "conditions": conditions,
        "tabs": _tabs(asked, saved, count, conditions, may["merge"]),
        "saved": [one for one in saved if one.name],
        "sorts": sorts,
        "page": page,
        "previous_url": address(conditions, at=page.previous, **extra) if page.previous and not post else "",
        "next_url": address(conditions, at=page.next, **extra) if page.next and not post else "",
        "sizes": [
            {"size": one, "url": address(conditions, size=one), "current": one == size} for one in SIZES if not post
        ],
        "may": may,
        "query": asked.query,
        "query_token": seal_query(asked.query) if asked.query else "",
        "offers": offers(asked),
    }


def _columns(source, saved: list[SavedFilter], reach: Reach) -> list[Column]:
    asked_for = source.get("cols", "")
    if asked_for:
        return chosen(asked_for.split(","), reach)
    kept = next((one.columns for one in saved if one.name == DEFAULTS_NAME), [])
    return chosen(kept, reach)


def _tabs(asked: DriverList, saved: list[SavedFilter], count, conditions: dict, may_merge: bool) -> list[dict]:
    built_in = [("全部", {})]
    if asked.reach.has(Capability.CREDENTIAL_VIEW):
        built_in.append(("资格 30 天内到期", {"expires_before": "soon", "order": "expires"}))
    if asked.reach.has(Capability.PARTY_MEMBER_VIEW):
        built_in.append(("自述党员未编入", {"unplaced": "1"}))
    built_in.append(("超半年未核实", {"verified_before": "stale"}))
    tabs: list[dict[str, Any]] = [
        {"label": label, "wanted": wanted, "url": address(wanted)} for label, wanted in built_in
    ]
    tabs += [
        {"label": one.name, "wanted": one.query, "url": address(one.query, cols=",".join(one.columns))}
        for one in saved
        if one.name
    ]
    for tab in tabs:
        tab["current"] = asked.query is None and tab["wanted"] == conditions
        tab["count"] = count.number if tab["current"] and count.exact else None
    if may_merge:
        tabs.append({"label": "可能重复", "url": reverse("members:driver_duplicates"), "current": False, "count": None})
    return tabs


def offers(asked: DriverList) -> list[dict]:
    """Return the conditions a reader may set, with choices and present values. One query for who sees everything."""
    offered = []
    for code, condition in CONDITIONS.items():
        if code in {"batch", "declares", "placed", "unplaced"} or not asked.reach.has(condition.needs):
            continue
        offer: dict[str, Any] = {
            "code": code,
            "label": condition.label,
            "value": asked.values.get(code, ""),
            "kind": "choice",
        }
        if code == "committee":
            region = asked.reach.region(Capability.DRIVER_VIEW)
            if len(region.committee_ids) < 2 and not region.everything:
                continue
            named = asked.reach.names(region.committee_ids)
            if region.everything:
                named = Organization.objects.values_list("pk", "short_name")
            offer["choices"] = [(str(pk), name) for pk, name in named]
        elif code == "enterprise":
            offer["kind"] = "text"
        elif code in {"verified_before", "verified_since", "expires_before"}:
            offer["kind"] = "date"
        else:
            offer["choices"] = condition.choices
        offered.append(offer)
    return offered
