"""import-export of small tables: firms and vehicles in and out, papers of membership out; rosters have a pipeline."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from import_export import fields

from branches.capabilities import Capability
from branches.models import Organization
from branches.resources import SafeResource
from foundation.protection.canonical import canonical_id_number, canonical_plate, name_key
from members.choices import Coverage, EnterpriseKind, VehicleStatus
from members.models import Affiliation, Enterprise, LostContact, Transfer, Vehicle
from members.workflow.enterprises import add_enterprise, change_enterprise
from members.workflow.vehicles import add_vehicle, change_vehicle


class RegistryResource(SafeResource):
    """Rows registered with a committee, named by its code; written by verbs, so that scope holds row by row."""

    HEADINGS: ClassVar = {"committee": "登记委员会代码"}
    IMPORTED: ClassVar[tuple[str, ...]] = ()
    change_capability: Capability

    def words(self) -> dict[str, str]:
        """Return field name → heading; the committee's says that its code is meant."""
        return super().words() | self.HEADINGS

    def get_queryset(self):
        """Return the rows an import may find: those the importer may change."""
        return self._meta.model.objects.manageable_by(self.reach, self.change_capability)

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """Take a cell; an empty one clears nothing."""
        if row.get(field.column_name) not in ("", None):
            super().import_field(field, instance, row, is_m2m, **kwargs)

    def values_of(self, instance, row) -> dict:
        """Return what the row says, by field; empty cells say nothing."""
        return {name: getattr(instance, name) for name in self.IMPORTED if row.get(name) not in ("", None)}

    def save_instance(self, instance, is_create, row, **kwargs):
        """Write by the verb. Raises ValidationError, which the preview shows at the row."""
        try:
            if is_create:
                instance.pk = self.add(self.values_of(instance, row), self._committee(row)).pk
            else:
                self.change(instance, self.values_of(instance, row))
        except PermissionDenied as error:
            raise ValidationError(str(error)) from error

    def _committee(self, row) -> Organization:
        code = str(row.get("committee") or "").strip()
        region = self.reach.region(self.change_capability)
        found = Organization.objects.filter(code=code).first()
        if found is None or not (region.everything or found.pk in region.committee_ids):
            raise ValidationError({"committee": "没有这个委员会，或者不在您的辖区。"})
        return found


class EnterpriseResource(RegistryResource):
    """Firms, found again by credit code, else by name."""

    committee = fields.Field("committee__code", "committee", readonly=True)
    coverage_organization = fields.Field("coverage_organization__code", "coverage_organization", readonly=True)
    IMPORTED: ClassVar = ("name", "uscc", "kind", "ownership", "employee_count")
    change_capability = Capability.ENTERPRISE_CHANGE

    class Meta(SafeResource.Meta):
        model = Enterprise
        import_id_fields = ("name",)
        fields = (
            "name",
            "uscc",
            "kind",
            "ownership",
            "committee",
            "coverage",
            "coverage_organization",
            "employee_count",
            "last_verified_date",
        )
        export_order = fields

    def get_instance(self, instance_loader, row):
        """Return the firm a row speaks of, None for a new one."""
        code = canonical_id_number(str(row.get("uscc") or ""))
        rows = self.get_queryset()
        found = rows.filter(uscc=code).first() if code else None
        return found or rows.filter(name_key=name_key(str(row.get("name") or ""))).first()

    def add(self, values: dict, committee) -> Enterprise:
        """Register a firm."""
        values.setdefault("kind", EnterpriseKind.OTHER)
        values.setdefault("coverage", Coverage.NONE)
        return add_enterprise(values, committee, actor=self.actor)

    def change(self, instance, values: dict) -> None:
        """Change a firm."""
        stored = Enterprise.objects.only("version").get(pk=instance.pk)
        change_enterprise(instance, values, version=stored.version, actor=self.actor)


class VehicleResource(RegistryResource):
    """Vehicles in use, found again by plate and colour."""

    committee = fields.Field("registering_committee__code", "committee", readonly=True)
    enterprise = fields.Field("enterprise__name", "enterprise", readonly=True)
    IMPORTED: ClassVar = ("plate", "colour", "kind", "gross_mass_kg", "transport_certificate")
    PARTICULARS: ClassVar = ("gross_mass_kg", "transport_certificate", "enterprise__name")
    change_capability = Capability.VEHICLE_CHANGE

    class Meta(SafeResource.Meta):
        model = Vehicle
        import_id_fields = ("plate",)
        fields = (
            "plate",
            "colour",
            "kind",
            "gross_mass_kg",
            "transport_certificate",
            "enterprise",
            "committee",
            "status",
        )
        export_order = fields

    def export_field(self, field, instance, **kwargs):
        """Give a cell; of a vehicle that is registered elsewhere only what the page shows of it, too."""
        if field.attribute in self.PARTICULARS and not instance.is_ours:
            return ""
        return super().export_field(field, instance, **kwargs)

    def get_instance(self, instance_loader, row):
        """Return the vehicle a row speaks of, None for a new one."""
        plate = canonical_plate(str(row.get("plate") or ""))
        rows = self.get_queryset().filter(plate=plate, status=VehicleStatus.ACTIVE)
        colour = row.get("colour") or ""
        return (rows.filter(colour=colour) if colour else rows.order_by("pk")).first()

    def add(self, values: dict, committee) -> Vehicle:
        """Register a vehicle."""
        return add_vehicle(values, committee, actor=self.actor)

    def change(self, instance, values: dict) -> None:
        """Change a vehicle."""
        stored = Vehicle.objects.only("version").get(pk=instance.pk)
        change_vehicle(instance, values, version=stored.version, actor=self.actor)


# --- out only: every step of these is a verb behind the portal's pages ----------------------------------------------
class OfMemberResource(SafeResource):
    """Rows about a Party member; units by their short names."""

    HEADINGS: ClassVar = {"name": "党员"}
    name = fields.Field("name", "member__person__name", readonly=True)
    organization = fields.Field("organization", "organization__short_name", readonly=True)


class AffiliationResource(OfMemberResource):
    """Ties beside the formal one."""

    class Meta(SafeResource.Meta):
        model = Affiliation
        fields = (
            "name",
            "organization",
            "kind",
            "status",
            "from_date",
            "reported_in_date",
            "until_date",
            "end_reason",
        )
        export_order = fields


class TransferResource(SafeResource):
    """Letters of transfer."""

    HEADINGS: ClassVar = {"name": "党员"}
    name = fields.Field("name", "member__person__name", readonly=True)
    from_organization = fields.Field("from_organization", "from_organization__short_name", readonly=True)
    to_organization = fields.Field("to_organization", "to_organization__short_name", readonly=True)

    class Meta(SafeResource.Meta):
        model = Transfer
        fields = (
            "name",
            "from_organization",
            "from_external",
            "to_organization",
            "to_external",
            "status",
            "number",
            "issued_date",
            "expires_date",
            "reason",
        )
        export_order = fields


class LostContactResource(OfMemberResource):
    """Searches for members."""

    class Meta(SafeResource.Meta):
        model = LostContact
        fields = (
            "name",
            "organization",
            "status",
            "since_date",
            "decided_date",
            "approved_date",
            "approval_document",
            "filed_date",
            "filing_document",
            "ended_date",
        )
        export_order = fields
