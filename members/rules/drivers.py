"""Rules of drivers, vehicles and firms: who may do what, and what is wrong with a value, in words. Pure."""

from __future__ import annotations

from datetime import date

from branches.capabilities import Capability
from branches.scope import Reach, Region
from foundation.protection.identifiers import id_number_error, phone_error, plate_error, uscc_error

STALE_DAYS = 183  # half a year: after that a row counts as not verified
EXPIRING_DAYS = 30  # a licence that ends within them is due

# Codes of the roster import (the same words for the same mistakes everywhere).
_ID_NUMBER_SENTENCES = {
    "id_missing": "身份证号没有填。请照身份证填 18 位。",
    "id_numeric_cell": "这是表格软件改过的数字，末几位已经丢了。请照身份证重新填 18 位。",
    "id_length": "身份证号应是 18 位，这里是 {length} 位。请照身份证核对。",
    "id_characters": "身份证号前 17 位只能是数字，最后一位是数字或 X。请核对有没有写成字母 O、l。",
    "id_birthdate": "第 7 到 14 位不是可能的出生日期（16 到 100 岁）。请照身份证核对。",
    "id_checksum": "校验码不对：前 17 位和最后一位对不上，多半有一位写错或两位写反。请照身份证逐位核对。",
}
PHONE_SENTENCE = "手机号应是 1 开头的 11 位数字。请核对有没有多一位或少一位。"
PLATE_SENTENCE = "车牌写法不对：省份简称、一个字母、5 位（新能源 6 位），字母没有 I 和 O。请照行驶证核对。"
USCC_SENTENCE = "统一社会信用代码不对：18 位，校验码要对得上，没有字母 I O S V Z。还没核对到就先留空。"
TAKEN_ELSEWHERE_SENTENCE = (
    "这个身份证号不能登记在这里。请先核对号码；号码没有错、他确实在本地开车，请到“登记转移”认领。"
)
# Numbers met that are registered elsewhere: a form must not become a way to try out identity numbers.
OUT_OF_SCOPE_PER_HOUR = 30
TOO_MANY_ELSEWHERE_SENTENCE = "一小时内有很多号码不能登记在这里。请过一小时再来；人数多，请联系上级委员会用名册办。"
# The same for plates: a tie to a vehicle that is registered elsewhere opens its page.
PLATES_ELSEWHERE_PER_HOUR = 30
TOO_MANY_PLATES_SENTENCE = "一小时内登记了很多别处的车。请过一小时再来；车多，请用名册办。"
# Entries of the trail said to those who may see full numbers only: who looked and why, who asked elsewhere.
GUARDED_ACTIONS = frozenset(
    {
        "driver.reveal",
        "driver.reveal_braked",
        "driver.claim_registration",
        "driver.out_of_scope",
        "driver.merge",
    }
)
IDENTITY_FIELDS = {"id_number": "身份证号", "phone": "电话", "address": "住址"}


def id_number_sentence(number: str, today: date) -> str:
    """Return what is wrong with a canonical identity number and what to do, "" when it is right. GB 11643."""
    code = id_number_error(number, today)
    return _ID_NUMBER_SENTENCES[code].format(length=len(number)) if code else ""


def phone_sentence(phone: str) -> str:
    """Return what is wrong with a canonical phone, "" when it is right or empty."""
    return PHONE_SENTENCE if phone_error(phone) else ""


def plate_sentence(plate: str) -> str:
    """Return what is wrong with a canonical plate, "" when it is right or empty. GA 36."""
    return PLATE_SENTENCE if plate_error(plate) else ""


def uscc_sentence(code: str) -> str:
    """Return what is wrong with a credit code, "" when it is right or empty. GB 32100-2015."""
    return USCC_SENTENCE if uscc_error(code) else ""


def may_register_at(reach: Reach, capability: Capability, committee, enterprise=None) -> bool:
    """Return whether a driver or vehicle may be registered with this committee. At most one query.

    A committee clerk: at home and below. A platform: its own drivers only, with whatever committee its firm is
    registered. Source: docs/permissions.md (subtree, own).
    """
    region = reach.region(capability)
    if region.everything or committee.pk in region.committee_ids:
        return True
    return (
        enterprise is not None
        and enterprise.organization_id in region.own_organization_ids
        and enterprise.committee_id == committee.pk
    )


def may_register_firm_at(reach: Reach, committee) -> bool:
    """Return whether a firm may be registered with this committee. At most one query."""
    region = reach.region(Capability.ENTERPRISE_ADD)
    return region.everything or committee.pk in region.committee_ids


def same_rows(one: Region, other: Region) -> bool:
    """Return whether two regions cover the same rows of the registry."""
    return one.everything == other.everything and (
        one.everything
        or (one.organization_ids, one.own_organization_ids) == (other.organization_ids, other.own_organization_ids)
    )
