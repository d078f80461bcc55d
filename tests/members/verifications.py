"""Cases of verification for the tests: one of the county about a driver, and what a clerk posts."""

from django.urls import reverse
from django.utils import timezone

from members.models import Verification
from members.workflow.leads import Told, open_lead

SECRET_NAME, SECRET_PHONE = "测试独孤", "19077777720"


def county_case(driver, clerk) -> Verification:
    """Return a case of a driver's committee about him: he was found in the transport register."""
    told = Told(person=driver.person, note="11 月名单")
    return open_lead(told, driver.registering_committee, origin="transport_register", actor=clerk)


def door(name: str, case: Verification) -> str:
    """Return the address of a case, or of an act on it."""
    return reverse(f"members:verification_{name}", args=[case.pk])


def check(client, case, kind, result="agrees", *, to="check", **more):
    """Post one of the six, today."""
    values = {"kind": kind, "result": result, "on_date": timezone.localdate().isoformat(), **more}
    return client.post(door(to, case), values)


def status_of(case) -> str:
    """Return the state as it is stored."""
    return Verification.objects.get(pk=case.pk).status


MEMBERSHIP = {
    "status": "full",
    "joined_date": "2010-07-01",
    "full_date": "2011-07-01",
    "external_organization": "外省某县某村党支部",
}
