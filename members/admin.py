"""The registry in the admin: firms and vehicles to keep, drivers, Party members and their papers to read.

The driver admin's 导入 opens the roster pipeline, its 导出 the export of the portal: one way in, one way out.
"""

from __future__ import annotations

from django import forms
from django.contrib import admin

from branches.admin import ScopedAdmin, ScopedImportExport
from branches.admin.scoped import RefusedForm, ScopedExport
from branches.capabilities import Capability
from members.models import Affiliation, Driver, Enterprise, LostContact, PartyMember, Transfer, Vehicle
from members.resources import (
    AffiliationResource,
    EnterpriseResource,
    LostContactResource,
    TransferResource,
    VehicleResource,
)
from members.rules.drivers import GUARDED_ACTIONS
from members.workflow.drivers import PARTY_FIELDS, may_read_party_facts
from members.workflow.enterprises import ENTERPRISE_FIELDS, add_enterprise, change_enterprise
from members.workflow.vehicles import VEHICLE_FIELDS, add_vehicle, change_vehicle


class VersionedForm(RefusedForm):
    """A form that carries the version it was read at."""

    read_version = forms.IntegerField(widget=forms.HiddenInput, required=False, label="")


class RegistryAdmin(ScopedImportExport, ScopedAdmin):
    """Rows registered with a committee; the committee is chosen once, changes go by versions."""

    form = VersionedForm
    committee_field = "committee"
    written: tuple[str, ...] = ()

    def get_fields(self, request, obj=None):
        """Return the fields of the verb; the committee only for a new row."""
        return [*self.written, "read_version"] if obj else [self.committee_field, *self.written]

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Carry the version."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "read_version" in form.base_fields:
            form.base_fields["read_version"].initial = obj.version if obj else None
        return form

    def write(self, request, obj, form, change):
        """Add or change by the verb."""
        values = {name: form.cleaned_data[name] for name in self.written if name in form.cleaned_data}
        if change:
            version = form.cleaned_data.get("read_version") or 0
            return self.change_row(obj, values, version=version, actor=request.user)
        return self.add_row(values, form.cleaned_data[self.committee_field], actor=request.user)


@admin.register(Enterprise)
class EnterpriseAdmin(RegistryAdmin):
    """Firms."""

    resource_classes = [EnterpriseResource]
    view_capability = Capability.ENTERPRISE_VIEW
    add_capability = import_capability = Capability.ENTERPRISE_ADD
    change_capability = Capability.ENTERPRISE_CHANGE
    export_capability = Capability.ENTERPRISE_EXPORT
    written = ENTERPRISE_FIELDS
    ordering = ["name_key", "pk"]
    list_display = ["name", "uscc", "kind", "coverage", "committee", "last_verified_date"]
    list_filter = ["kind", "coverage", "ownership"]
    list_select_related = ["committee"]
    autocomplete_fields = ["committee", "organization", "coverage_organization"]
    raw_id_fields = ["division"]
    search_fields = ["^name", "=uscc"]
    search_help_text = "名称开头的几个字，或完整的统一社会信用代码"
    add_row = staticmethod(add_enterprise)
    change_row = staticmethod(change_enterprise)


@admin.register(Vehicle)
class VehicleAdmin(RegistryAdmin):
    """Vehicles."""

    resource_classes = [VehicleResource]
    view_capability = Capability.VEHICLE_VIEW
    add_capability = import_capability = Capability.VEHICLE_ADD
    change_capability = Capability.VEHICLE_CHANGE
    export_capability = Capability.DRIVER_EXPORT  # the specification has no line of its own: who may export drivers
    written = VEHICLE_FIELDS
    committee_field = "registering_committee"
    ordering = ["pk"]
    list_display = ["plate", "colour", "kind", "firm", "registering_committee", "status"]
    list_filter = ["kind", "status"]
    list_select_related = ["enterprise", "registering_committee"]
    autocomplete_fields = ["registering_committee", "enterprise"]
    search_fields = ["^plate"]
    search_help_text = "车牌开头的几位，不写中间的点"
    add_row = staticmethod(add_vehicle)
    change_row = staticmethod(change_vehicle)
    FOREIGN = ("plate", "colour", "kind", "status")  # what is shown of a vehicle that is registered elsewhere

    def get_queryset(self, request):
        """Say of each row whether its particulars may be read."""
        return super().get_queryset(request).with_is_ours(request.reach)

    @admin.display(description="所属企业", ordering=None)
    def firm(self, vehicle):
        """Return the firm, where the vehicle is registered in one's own region."""
        return vehicle.enterprise if vehicle.is_ours else "别处登记"

    def get_fields(self, request, obj=None):
        """Leave out the particulars of a vehicle that is registered elsewhere."""
        return self.FOREIGN if obj is not None and not obj.is_ours else super().get_fields(request, obj)

    def entries_of(self, request, obj):
        """Return the history of one's own vehicle, nothing of another."""
        entries = super().entries_of(request, obj)
        return entries if obj.is_ours else entries.none()


@admin.register(Driver)
class DriverAdmin(ScopedAdmin):
    """Drivers, to read: name and place. Numbers, Party facts and every change have the portal's pages."""

    view_capability = Capability.DRIVER_VIEW
    ordering = ["-pk"]
    list_display = ["person", "group", "registering_committee", "work_status", "last_verified_date"]
    list_filter = ["group", "work_status"]
    list_select_related = ["person", "registering_committee"]
    fields = ["person", "registering_committee", "group", "employment", "work_status", "source", "last_verified_date"]

    def entries_of(self, request, obj):
        """Return what the driver's page says too: who looked and why, and Party facts, to those who may see them."""
        may_look = Driver.objects.manageable_by(request.reach, Capability.DRIVER_IDENTITY_REVEAL)
        guarded = may_look.filter(pk=obj.pk).exists()
        hidden = frozenset() if may_read_party_facts(request.reach, obj) else frozenset(PARTY_FIELDS)
        entries = super().entries_of(request, obj)
        if not guarded:
            entries = entries.exclude(action__in=GUARDED_ACTIONS)
        shown = list(entries[:100])
        for entry in shown:
            entry.fields = {name: pair for name, pair in entry.fields.items() if name not in hidden}
            entry.reason = entry.reason if guarded else ""
        return shown

    def changelist_view(self, request, extra_context=None):
        """Offer the ways in and out: the roster pipeline and the portal's export."""
        ways = {
            "may_import": request.reach.has(Capability.ROSTER_IMPORT_UPLOAD),
            "may_export": request.reach.has(Capability.DRIVER_EXPORT),
        }
        return super().changelist_view(request, ways | (extra_context or {}))


@admin.register(PartyMember)
class PartyMemberAdmin(ScopedAdmin):
    """Confirmed Party members, to read."""

    view_capability = Capability.PARTY_MEMBER_VIEW
    ordering = ["-pk"]
    list_display = ["person", "status", "formal_organization", "joined_date", "full_date"]
    list_filter = ["status"]
    list_select_related = ["person", "formal_organization"]
    fields = ["person", "status", "formal_organization", "external_organization", "joined_date", "full_date"]


class PaperAdmin(ScopedExport, ScopedAdmin):
    """Papers of membership, to read and take out: each step has its verb behind the portal's pages.

    The specification has no line of its own for taking them out: whoever may export members.
    """

    export_capability = Capability.PARTY_MEMBER_EXPORT
    ordering = ["-pk"]
    search_fields = ["^member__person__name"]
    search_help_text = "姓名的开头"


@admin.register(Affiliation)
class AffiliationAdmin(PaperAdmin):
    """Ties beside the formal one."""

    resource_classes = [AffiliationResource]
    view_capability = Capability.PARTY_MEMBER_VIEW
    list_display = ["member", "organization", "kind", "status", "from_date", "reported_in_date", "until_date"]
    list_filter = ["kind", "status"]
    list_select_related = ["member__person", "organization"]
    fields = ["member", "organization", "kind", "status", "from_date", "notified_at", "reported_in_date", "until_date"]


@admin.register(Transfer)
class TransferAdmin(PaperAdmin):
    """Letters of transfer."""

    resource_classes = [TransferResource]
    view_capability = Capability.TRANSFER_VIEW
    list_display = ["member", "source", "target", "status", "number", "issued_date", "expires_date"]
    list_filter = ["status"]
    list_select_related = ["member__person", "from_organization", "to_organization"]
    search_fields = ["^member__person__name", "=number"]
    search_help_text = "姓名的开头，或完整的介绍信编号"
    fields = [
        "member",
        "from_organization",
        "from_external",
        "to_organization",
        "to_external",
        "status",
        "number",
        "issued_date",
        "expires_date",
        "drafted_at",
        "approved_at",
        "answered_at",
    ]

    @admin.display(description="转出组织")
    def source(self, letter):
        """Return where the member comes from, inside the system or outside."""
        return letter.from_name

    @admin.display(description="转入组织")
    def target(self, letter):
        """Return where he goes."""
        return letter.to_name


@admin.register(LostContact)
class LostContactAdmin(PaperAdmin):
    """Searches for members who cannot be reached."""

    resource_classes = [LostContactResource]
    view_capability = Capability.LOST_CONTACT_VIEW
    list_display = ["member", "organization", "status", "since_date", "decided_date", "approved_date", "filed_date"]
    list_filter = ["status"]
    list_select_related = ["member__person", "organization"]
    fields = [
        "member",
        "organization",
        "status",
        "since_date",
        "decided_date",
        "approved_date",
        "approval_document",
        "filed_date",
        "filing_document",
        "ended_date",
    ]
