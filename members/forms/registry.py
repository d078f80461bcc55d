"""Input about firms, vehicles, registration transfers and exports."""

from __future__ import annotations

from django import forms

from branches.capabilities import Capability
from branches.forms import DayField, DivisionField, VerbForm
from branches.models import Organization
from branches.scope import Reach
from members.choices import Coverage, EnterpriseKind, Ownership, PlateColour, VehicleKind, VehicleStatus
from members.forms.fields import EnterpriseField, OrganizationChoice, committees_for, with_current
from members.models import Enterprise, Vehicle

EMPTY = [("", "—")]


class EnterpriseForm(VerbForm):
    """A firm."""

    name = forms.CharField(label="名称", max_length=120)
    uscc = forms.CharField(
        label="统一社会信用代码", max_length=24, required=False, help_text="18 位，照营业执照；还没核对到就留空"
    )
    committee = OrganizationChoice(label="登记委员会", queryset=None, empty_label=None)
    kind = forms.ChoiceField(label="类型", choices=EnterpriseKind.choices)
    ownership = forms.ChoiceField(label="所有制", choices=EMPTY + Ownership.choices, required=False)
    division = DivisionField(label="所在地", max_length=60, required=False, help_text="全称或六位代码，如 510411")
    employee_count = forms.IntegerField(label="从业人数", min_value=0, max_value=10_000_000, required=False)
    coverage = forms.ChoiceField(label="组织覆盖", choices=Coverage.choices)
    coverage_organization = OrganizationChoice(
        label="覆盖它的党组织", queryset=None, required=False, empty_label="—", help_text="独立建、联合建要写明"
    )
    organization = OrganizationChoice(
        label="企业自己的党组织",
        queryset=None,
        required=False,
        empty_label="—",
        help_text="平台服务账号在这个组织任职，就能看到本企业的司机",
    )
    last_verified_date = DayField(label="最近核实", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, reach: Reach, enterprise: Enterprise | None = None, **kwargs):
        """Offer the organisations of this reader."""
        if enterprise is not None:
            kwargs.setdefault(
                "initial", {name: getattr(enterprise, name) for name in self.base_fields if hasattr(enterprise, name)}
            )
        super().__init__(*args, **kwargs)
        region = reach.region(Capability.ENTERPRISE_VIEW)
        rows = Organization.objects.running()
        seen = rows if region.everything else rows.filter(pk__in=region.organization_ids)
        for name in ("organization", "coverage_organization"):
            self.fields[name].queryset = with_current(seen, getattr(enterprise, f"{name}_id", None))
        self.fields["committee"].queryset = committees_for(reach, Capability.ENTERPRISE_ADD)
        if enterprise is not None:
            del self.fields["committee"]

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name not in {"committee", "version"}}


class VehicleForm(VerbForm):
    """A vehicle."""

    plate = forms.CharField(label="车牌号", max_length=12, help_text="照行驶证，如 川D·9M113；字母没有 I 和 O")
    colour = forms.ChoiceField(label="车牌颜色", choices=EMPTY + PlateColour.choices, required=False)
    committee = OrganizationChoice(label="登记委员会", queryset=None, empty_label=None)
    kind = forms.ChoiceField(label="车型", choices=EMPTY + VehicleKind.choices, required=False)
    gross_mass_kg = forms.IntegerField(label="总质量（千克）", min_value=1, max_value=200_000, required=False)
    transport_certificate = forms.CharField(label="道路运输证号", max_length=40, required=False)
    enterprise = EnterpriseField(label="所属企业", max_length=120, required=False, help_text="全称，或统一社会信用代码")
    status = forms.ChoiceField(label="状态", choices=VehicleStatus.choices)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, reach: Reach, vehicle: Vehicle | None = None, **kwargs):
        """Offer the committees of this reader."""
        if vehicle is not None:
            kwargs.setdefault(
                "initial", {name: getattr(vehicle, name) for name in self.base_fields if hasattr(vehicle, name)}
            )
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].reach = reach
        self.fields["enterprise"].current = vehicle.enterprise if vehicle is not None else None
        self.fields["committee"].queryset = committees_for(reach, Capability.VEHICLE_ADD)
        if vehicle is not None:
            del self.fields["committee"]
        if not reach.has(Capability.ENTERPRISE_VIEW):
            del self.fields["enterprise"]

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name not in {"committee", "version"}}


class ClaimForm(VerbForm):
    """Whose registration is claimed, for which committee, and why."""

    committee = OrganizationChoice(label="为哪个委员会认领", queryset=None, empty_label=None)
    id_number = forms.CharField(label="身份证号", max_length=24, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reason = forms.CharField(label="认领理由", max_length=200, help_text="如 已在本区常住并营运半年")

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees for which this reader may claim."""
        super().__init__(*args, **kwargs)
        self.fields["committee"].queryset = committees_for(reach, Capability.DRIVER_CLAIM_REGISTRATION)


class WithdrawForm(VerbForm):
    """Whose claim is taken back."""

    committee = OrganizationChoice(label="哪个委员会的认领", queryset=None, empty_label=None)
    id_number = forms.CharField(label="身份证号", max_length=24, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees for which this reader may claim."""
        super().__init__(*args, **kwargs)
        self.fields["committee"].queryset = committees_for(reach, Capability.DRIVER_CLAIM_REGISTRATION)


class ReasonForm(VerbForm):
    """Why."""

    reason = forms.CharField(label="理由", max_length=200)


class ReleaseForm(VerbForm):
    """A word to the other committee."""

    note = forms.CharField(label="附言", max_length=200, required=False)


class DecideForm(VerbForm):
    """A decision and why."""

    moved = forms.ChoiceField(
        label="裁定", choices=[("1", "改登记到认领的委员会"), ("0", "不变，仍登记在原委员会")], widget=forms.RadioSelect
    )
    reason = forms.CharField(label="理由", max_length=200)


class ExportForm(VerbForm):
    """What goes into the file, what it is for."""

    format = forms.ChoiceField(
        label="格式",
        choices=[("xlsx", "Excel（.xlsx）"), ("csv", "CSV")],
        widget=forms.RadioSelect(attrs={"data-style": "seg"}),
        initial="xlsx",
    )
    columns = forms.MultipleChoiceField(label="列", widget=forms.CheckboxSelectMultiple(attrs={"data-style": "chips"}))
    reason = forms.CharField(
        label="用途", max_length=200, min_length=4, help_text="写进文件和审计记录，如 年度体检通知"
    )
    unmask = forms.BooleanField(
        label="要完整的身份证号、电话、住址", required=False, help_text="不勾就打码。勾了行数上限低得多，审计会标出来"
    )

    def __init__(self, *args, columns, may_unmask: bool, **kwargs):
        """Offer the readable columns."""
        super().__init__(*args, **kwargs)
        self.fields["columns"].choices = [(column.code, column.label) for column in columns]
        if not may_unmask:
            del self.fields["unmask"]
