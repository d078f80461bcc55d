"""import-export of the small tables: calamine reads, every cell is harmless, verbs write."""

from __future__ import annotations

import io
import zipfile
from math import inf
from types import SimpleNamespace
from typing import ClassVar

import tablib
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import transaction
from import_export import fields, resources
from import_export.formats import base_formats
from import_export.widgets import ForeignKeyWidget
from python_calamine import CalamineError, CalamineWorkbook

from branches import workflow
from branches.capabilities import Capability
from branches.choices import Kind, Level
from branches.models import Division, Organization, Workday
from branches.rules import may
from foundation.accounts.models import User
from foundation.audit import trail
from foundation.protection.spreadsheets import FORMULA_STARTS, harmless

MAX_BYTES = 5 * 1024 * 1024  # of a file, and twenty times as much of what a workbook unpacks to
MAX_ROWS = 5_000  # beyond, use the command: import-export holds everything in memory, twice


class Workbook(base_formats.XLSX):
    """xlsx read by calamine: no formula is evaluated, no archive is unpacked by Python."""

    def create_dataset(self, in_stream, **kwargs):
        """Return the first sheet as a dataset; whole numbers as such, blank rows left out. Raises ValueError."""
        if not _unpacks_to(in_stream) <= 20 * MAX_BYTES:
            raise ValueError("读不了这个工作簿，或者它太大")
        try:
            sheet = CalamineWorkbook.from_filelike(io.BytesIO(in_stream)).get_sheet_by_index(0)
            rows = sheet.to_python(skip_empty_area=False)
        except (CalamineError, IndexError) as error:
            raise ValueError("读不了这个工作簿") from error
        rows = [row for row in rows if any(cell not in ("", None) for cell in row)]
        if not rows or len(rows) > MAX_ROWS:
            raise ValueError(f"工作表是空的，或者超过 {MAX_ROWS} 行")
        dataset = tablib.Dataset()
        dataset.headers = [str(cell).strip() for cell in rows[0]]
        for row in rows[1:]:
            dataset.append([_plain(cell) for cell in row])
        return dataset


class Csv(base_formats.CSV):
    """CSV of at most as many rows as a workbook."""

    def create_dataset(self, in_stream, **kwargs):
        """Return the rows as a dataset. Raises ValueError."""
        dataset = super().create_dataset(in_stream, **kwargs)
        if len(dataset) > MAX_ROWS:
            raise ValueError(f"超过 {MAX_ROWS} 行")
        return dataset


FORMATS = (Workbook, Csv)


def _unpacks_to(content: bytes) -> float:
    """Return how many bytes an archive says it unpacks to, infinitely many for what is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return inf


def _plain(cell):
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


class WordsDiff(resources.Diff):
    """What the preview shows of a row: choices by their labels."""

    def __init__(self, resource, instance, new):
        super().__init__(resource, instance, new)
        self.left = _labels(resource, self.left)

    def compare_with(self, resource, instance):
        """Take the row as it will be."""
        super().compare_with(resource, instance)
        self.right = _labels(resource, self.right)


def _labels(resource, values: list) -> list:
    columns = [resource._model_field(field.column_name) for field in resource.get_import_fields()]
    words = [{str(value): label for value, label in getattr(one, "flatchoices", None) or ()} for one in columns]
    return [labels.get(str(value), value) for labels, value in zip(words, values, strict=True)]


class SafeResource(resources.ModelResource):
    """A resource whose exports carry no formula and whose imports know who asks."""

    HEADINGS: ClassVar[dict[str, str]] = {}  # of columns that are no field of the model

    def __init__(self, actor=None, reach=None, **kwargs):
        super().__init__(**kwargs)
        self.actor, self.reach = actor, reach

    def _model_field(self, name: str):
        try:
            return self._meta.model._meta.get_field(name)
        except FieldDoesNotExist:
            return None

    def get_diff_class(self):
        """Return the kind of preview."""
        return WordsDiff

    def words(self) -> dict[str, str]:
        """Return field name → the heading people see."""
        found = {field.column_name: self._model_field(field.column_name) for field in self.fields.values()}
        return {
            name: str(field.verbose_name) if field else self.HEADINGS.get(name, name) for name, field in found.items()
        }

    def get_export_headers(self, selected_fields=None):
        """Return the headings in Chinese."""
        words = self.words()
        return [words[name] for name in super().get_export_headers(selected_fields=selected_fields)]

    def get_user_visible_fields(self):
        """Return what the page lists: the headings in Chinese."""
        words = self.words()
        return [SimpleNamespace(column_name=words[field.column_name]) for field in super().get_user_visible_fields()]

    def import_data(self, dataset, *args, **kwargs):
        """Take headings in Chinese or by field name; answer in Chinese."""
        words = self.words()
        names = {word: name for name, word in words.items()}
        if dataset.headers:
            dataset.headers = [names.get(heading, heading) for heading in dataset.headers]
        result = super().import_data(dataset, *args, **kwargs)
        result.diff_headers = [words.get(name, name) for name in result.diff_headers]
        for row in result.invalid_rows:
            if hasattr(row.error, "error_dict"):
                row.error.error_dict = {words.get(name, name): said for name, said in row.error.error_dict.items()}
        return result

    def export_field(self, field, instance, **kwargs):
        """Return a cell without formula, a choice by its label; nothing is an empty cell."""
        value = super().export_field(field, instance, **kwargs)
        choices = dict(getattr(self._model_field(field.column_name), "flatchoices", ()))
        return "" if value is None else harmless(choices.get(value, value))

    def before_import_row(self, row, **kwargs):
        """Take a choice by label or value, and away the ' that our own export put before dangerous text."""
        for name, value in row.items():
            for stored, label in getattr(self._model_field(name), "flatchoices", ()):
                if value == label:
                    row[name] = stored
        for name, value in row.items():
            if isinstance(value, str) and value.startswith("'") and value[1:].startswith(FORMULA_STARTS):
                row[name] = value[1:]
            elif isinstance(value, str):
                row[name] = value.strip()

    class Meta:
        use_transactions = True
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = False


class OrganizationResource(SafeResource):
    """Organisations: created and changed by the verbs, so that scope, kinds and levels hold row by row."""

    HEADINGS: ClassVar = {"parent": "上级代码"}

    code = fields.Field("code", "code")
    name = fields.Field("name", "name")
    short_name = fields.Field("short_name", "short_name")
    kind = fields.Field("kind", "kind")
    level = fields.Field("level", "level")
    division = fields.Field("division", "division", ForeignKeyWidget(Division, "code"))
    parent = fields.Field("parent", column_name="parent", readonly=True)
    status = fields.Field("status", "status", readonly=True)
    IMPORTED: ClassVar = ("code", "name", "short_name", "kind", "level", "division", "host_unit", "grid_area")

    class Meta(SafeResource.Meta):
        model = Organization
        import_id_fields = ("code",)
        fields = (
            "code",
            "name",
            "short_name",
            "kind",
            "level",
            "division",
            "parent",
            "status",
            "host_unit",
            "host_platform",
            "grid_area",
            "founded_date",
            "founding_document",
            "contact_name",
            "contact_phone",
        )
        export_order = fields

    def get_queryset(self):
        """Return the rows an import may find: those in the scope of who imports."""
        return Organization.objects.manageable_by(self.reach, Capability.ORGANIZATION_CHANGE)

    def before_export(self, queryset, **kwargs):
        """Read the codes of all parents at once."""
        self._codes = dict(Organization.objects.order_by().values_list("path", "code"))

    def dehydrate_parent(self, organization):
        """Return the code of the parent."""
        return self._codes.get(organization.path[: -Organization.steplen], "") if organization.path else ""

    def before_import(self, dataset, **kwargs):
        """Refuse a file without its columns. Raises ValidationError."""
        missing = [self.words()[name] for name in ("code", "name") if name not in (dataset.headers or [])]
        if missing:
            raise ValidationError(f"缺少列：{'、'.join(missing)}。")
        self._codes = {}

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """Take a cell; an empty one clears nothing."""
        if row.get(field.column_name) in ("", None):
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def save_instance(self, instance, is_create, row, **kwargs):
        """Write by the verb. Raises ValidationError, which the preview shows at the row."""
        values = {name: getattr(instance, name) for name in self.IMPORTED if row.get(name) not in ("", None)}
        values |= {"kind": _value(values.get("kind"), Kind), "level": _value(values.get("level"), Level)}
        values = {name: value for name, value in values.items() if value is not None}
        try:
            if is_create:
                parent = self._parent(row)
                values.setdefault("kind", Kind.MOBILE_BRANCH)
                values.setdefault("level", Level.BASE)
                values.setdefault("short_name", str(values.get("name", ""))[:60])
                made = workflow.add_organization(parent, values, actor=self.actor)
                instance.pk = made.pk
            else:
                workflow.change_organization(instance, values, version=None, actor=self.actor)
        except PermissionDenied as error:
            raise ValidationError(str(error)) from error

    def _parent(self, row) -> Organization:
        places = Organization.objects.manageable_by(self.reach, Capability.ORGANIZATION_ADD)
        parent = places.filter(code=str(row.get("parent") or "")).first()
        if parent is None:
            raise ValidationError({"parent": "没有这个上级组织，或者不在您的辖区。"})
        return parent


def _value(text, choices):
    if text is None:
        return None
    return next((value for value, label in choices.choices if text in (value, label)), text)


class ReferenceResource(SafeResource):
    """Reference tables: one audit entry per import."""

    capability: Capability

    def before_import(self, dataset, **kwargs):
        """Ask for the capability here too. Raises PermissionDenied."""
        if self.reach is None or not may(self.reach, self.capability):
            raise PermissionDenied

    def after_import(self, dataset, result, **kwargs):
        """Trace the import; a dry run is rolled back with its entry."""
        with transaction.atomic():
            trail.record(
                f"{self._meta.model._meta.model_name}.imported",
                None,
                actor=self.actor,
                details={"new": result.totals["new"], "updated": result.totals["update"]},
            )

    class Meta(SafeResource.Meta):
        clean_model_instances = True


class DivisionResource(ReferenceResource):
    """Divisions by code."""

    capability = Capability.DIVISION_CHANGE

    class Meta(ReferenceResource.Meta):
        model = Division
        import_id_fields = ("code",)
        fields = ("code", "name", "level", "parent", "valid_from", "valid_until", "successor")
        export_order = fields


class WorkdayResource(ReferenceResource):
    """Working days by date."""

    capability = Capability.WORKDAY_CHANGE

    class Meta(ReferenceResource.Meta):
        model = Workday
        import_id_fields = ("date",)
        fields = ("date", "is_workday", "note", "source")
        export_order = fields


class UserResource(SafeResource):
    """Accounts, export only: no password, no phone, no code."""

    class Meta(SafeResource.Meta):
        model = User
        fields = ("username", "name", "is_active", "activated_at", "locked_at", "last_login", "second_factor_required")
        export_order = fields
