"""Running roster files through the whole pipeline in a test, with the organisations that tests/rosters names."""

from collections import Counter
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from branches.models import Organization
from members.models import Credential, Driver, DriverVehicle, Enterprise, RosterImport, RosterRow, Vehicle
from members.roster.columns.headers import KNOWN, folded_header
from members.workflow.import_run import run_to_end
from members.workflow.imports import upload
from tests.members.rosters import FOLDER


def load_units() -> None:
    """Load the committees and branches the roster files name."""
    for name in ("committees.csv", "branches.csv"):
        call_command("load_organizations", str(FOLDER / name), stdout=StringIO())


def staged(path: Path, code: str, *, actor=None, name: str = "") -> RosterImport:
    """Upload a file and have it read; return the batch, which waits for a person or has failed."""
    with path.open("rb") as content:
        batch = upload(actor, Organization.objects.get(code=code), content, name or path.name, wake_worker=False)
    return run_to_end(batch.pk)


def written(path: Path, code: str, *, accept=()) -> RosterImport:
    """Import a file to the end, as the command does."""
    with path.open("rb") as content:
        batch = upload(
            None,
            Organization.objects.get(code=code),
            content,
            path.name,
            apply_at_once=True,
            accepted_fields=accept,
            wake_worker=False,
        )
    return run_to_end(batch.pk)


def field_at(label: str) -> str:
    """Return the field a header of the files means; the label itself where it is no known one."""
    return KNOWN.get(folded_header(label), (label, 0))[0]


def errors_of(batch: RosterImport) -> Counter:
    """Return (sheet, field, code) of the errors of a batch, each as often as it came."""
    rows = RosterRow.objects.filter(roster_import=batch).values_list("sheet", "errors")
    return Counter((sheet, field_at(column), code) for sheet, errors in rows for column, code, _ in errors)


def places_of(batch: RosterImport, kind: str = "errors") -> list[tuple]:
    """Return (sheet, row, column, code) as the keys of the roster files name them, sorted."""
    rows = RosterRow.objects.filter(roster_import=batch).values_list("sheet", "row", kind)
    return sorted((sheet, row, column, code) for sheet, row, remarks in rows for column, code, _ in remarks)


def registry() -> dict[str, list]:
    """Return everything a roster can write, by plain values and without keys: equal imports give equal registries."""
    drivers = Driver.objects.select_related(
        "person", "registering_committee", "enterprise", "declared_branch"
    ).order_by("pk")
    return {
        "drivers": sorted(
            repr(
                (
                    driver.person.id_number,
                    driver.person.name,
                    driver.person.name_key,
                    driver.person.initials,
                    driver.person.phone,
                    driver.person.sex,
                    driver.person.birth_date,
                    driver.person.ethnicity,
                    driver.person.is_veteran,
                    driver.registering_committee.code,
                    driver.group,
                    driver.enterprise and (driver.enterprise.name, driver.enterprise.uscc),
                    driver.work_status,
                    driver.driving_class,
                    driver.declared_political_status,
                    driver.declared_branch and driver.declared_branch.code,
                    driver.declared_joined,
                    driver.union_member,
                    driver.remarks,
                )
            )
            for driver in drivers
        ),
        "vehicles": sorted(Vehicle.objects.values_list("plate", "colour", "registering_committee__code")),
        "links": sorted(
            repr(link) for link in DriverVehicle.objects.values_list("driver__person__name_key", "vehicle__plate")
        ),
        "credentials": sorted(repr((row.kind, row.number, row.driver.person.name_key)) for row in _credentials()),
        "enterprises": sorted(repr(row) for row in Enterprise.objects.values_list("name", "uscc", "committee__code")),
    }


def _credentials():
    return Credential.objects.select_related("driver__person")
