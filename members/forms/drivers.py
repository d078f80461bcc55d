"""Input about drivers."""

from __future__ import annotations

from django import forms

from branches.capabilities import Capability
from branches.forms import DayField, DivisionField, VerbForm
from branches.scope import Reach
from members.choices import CREDENTIAL_OF_GROUP, CredentialKind, Employment, Group, PlateColour, PoliticalStatus, Sex
from members.choices import WorkStatus as Work
from members.forms.fields import (
    EnterpriseField,
    OrganizationChoice,
    YesNoField,
    branches_for,
    committees_for,
    with_current,
)
from members.models import Driver
from members.rules.drivers import IDENTITY_FIELDS
from members.workflow.drivers import PARTY_FIELDS, may_read_party_facts

EMPTY = [("", "—")]


class DriverForm(VerbForm):
    """A new driver, or what may be changed of one. Protected values are never shown: left empty they stay."""

    name = forms.CharField(label="姓名", max_length=60)
    id_number = forms.CharField(label="身份证号", max_length=24, help_text="18 位。性别和出生日期从号码里取。")
    phone = forms.CharField(label="电话", max_length=20, required=False)
    clear_phone = forms.BooleanField(label="删去现在的电话", required=False)
    committee = OrganizationChoice(label="登记委员会", queryset=None, empty_label=None)
    group = forms.ChoiceField(label="司机类别", choices=EMPTY + Group.choices, required=False)
    employment = forms.ChoiceField(label="从业方式", choices=EMPTY + Employment.choices, required=False)
    enterprise = EnterpriseField(
        label="所属企业（平台）", max_length=120, required=False, help_text="全称，或统一社会信用代码"
    )
    work_status = forms.ChoiceField(label="从业状态", choices=EMPTY + Work.choices, required=False)
    plate = forms.CharField(
        label="车牌", max_length=12, required=False, help_text="如 川D·9M113，没有登记过的会新登记一辆"
    )
    credential = forms.CharField(
        label="从业资格证号", max_length=40, required=False, help_text="4.5 吨及以下普通货运可以没有"
    )
    certified_from_date = DayField(label="持证起", required=False)
    certified_until_date = DayField(label="持证止", required=False, help_text="从这一天起证件失效")
    operating_from_date = DayField(label="实际营运起", required=False)
    operating_until_date = DayField(label="实际营运止", required=False, help_text="从这一天起不再营运")
    driving_class = forms.CharField(label="准驾车型", max_length=10, required=False)
    declared_political_status = forms.ChoiceField(
        label="政治面貌（自述）",
        choices=EMPTY + PoliticalStatus.choices,
        required=False,
        help_text="本人说的，不等于党籍；党籍要核对后在组织关系里登记",
    )
    declared_branch = OrganizationChoice(label="所在支部（自述）", queryset=None, required=False, empty_label="—")
    declared_joined = forms.RegexField(
        label="入党时间（自述）",
        regex=r"^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$",
        max_length=10,
        required=False,
        help_text="如 2012-01 或 2012-01-15",
        error_messages={"invalid": "写成 2012-01 或 2012-01-15 这样。"},
    )
    sex = forms.ChoiceField(label="性别", choices=EMPTY + Sex.choices, required=False)
    ethnicity = forms.CharField(label="民族", max_length=20, required=False)
    address = forms.CharField(label="住址", max_length=200, required=False)
    clear_address = forms.BooleanField(label="删去现在的住址", required=False)
    is_veteran = YesNoField(label="退役军人")
    union_member = YesNoField(label="工会会员")
    remarks = forms.CharField(label="备注", max_length=500, required=False)
    driver_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    person_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, reach: Reach, driver: Driver | None = None, **kwargs):
        """Offer what this reader may see and set; with a driver, hide what only a new one needs."""
        self.reach, self.driver = reach, driver
        if driver is not None:
            kwargs.setdefault("initial", self._initial(driver))
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].reach = reach
        self.fields["committee"].queryset = committees_for(reach, Capability.DRIVER_ADD)
        self.fields["declared_branch"].queryset = branches_for(reach)
        if not may_read_party_facts(reach, driver):
            for name in PARTY_FIELDS:
                del self.fields[name]
        if not reach.has(Capability.ENTERPRISE_VIEW):
            del self.fields["enterprise"]
        if driver is None:
            for name in ("clear_phone", "clear_address", "driver_version", "person_version", "sex"):
                del self.fields[name]
            return
        for name in ("committee", "plate", "credential"):
            del self.fields[name]
        if "enterprise" in self.fields:
            self.fields["enterprise"].current = driver.enterprise
        if branch := self.fields.get("declared_branch"):
            branch.queryset = with_current(branch.queryset, driver.declared_branch_id)
        for name, label in IDENTITY_FIELDS.items():
            value = getattr(driver.person, name)
            shown = driver.person._meta.get_field(name).mask(value)
            field = self.fields[name]
            field.required = False
            field.help_text = f"现在是 {shown}，不改就空着" if value else f"现在没有{label}"
        for name in ("phone", "address"):
            if not getattr(driver.person, name):
                del self.fields[f"clear_{name}"]

    @staticmethod
    def _initial(driver: Driver) -> dict:
        person = driver.person
        shown = {name: getattr(person, name) for name in ("name", "sex", "ethnicity", "is_veteran")}
        shown |= {
            name: getattr(driver, name)
            for name in DriverForm.base_fields
            if name not in shown and name not in IDENTITY_FIELDS and hasattr(driver, name)
        }
        return shown | {"driver_version": driver.version, "person_version": person.version}

    def values(self) -> dict:
        """Return the fields for the verb: empty protected fields of a known driver are left out, so they stay."""
        values = dict(self.cleaned_data)
        for name in ("committee", "plate", "credential", "driver_version", "person_version"):
            values.pop(name, None)
        for name in ("phone", "address"):
            if values.pop(f"clear_{name}", False):
                values[name] = ""
            elif self.driver is not None and not values.get(name):
                values.pop(name, None)
        if self.driver is not None and not values.get("id_number"):
            values.pop("id_number", None)
        return values

    def versions(self) -> tuple[int, int]:
        """Return the versions the page was made from."""
        return self.cleaned_data.get("driver_version") or 0, self.cleaned_data.get("person_version") or 0


class VerifyForm(VerbForm):
    """How a driver was checked."""

    note = forms.CharField(label="怎样核对的", max_length=200, help_text="如 电话核对、上门、运政系统比对")


class VehicleLinkForm(VerbForm):
    """A vehicle for a driver."""

    plate = forms.CharField(label="车牌", max_length=12)
    colour = forms.ChoiceField(label="车牌颜色", choices=EMPTY + PlateColour.choices, required=False)
    from_date = DayField(label="从哪一天起", required=False)


class VehicleEndForm(VerbForm):
    """The day from which a driver no longer drives a vehicle."""

    until_date = DayField(label="从哪一天起不再驾驶")


class CredentialForm(VerbForm):
    """A licence to work."""

    kind = forms.ChoiceField(label="证件", choices=CredentialKind.choices)
    number = forms.CharField(label="证号", max_length=40, required=False, help_text="已经有的，不改就空着")
    issuer = DivisionField(label="发证地", max_length=60, required=False, help_text="全称或六位代码")
    issued_date = DayField(label="发证日期", required=False)
    expires_date = DayField(label="有效期至", required=False, help_text="最后有效的一天")

    def __init__(self, *args, driver: Driver, **kwargs):
        """Begin with the licence that goes with the driver's group."""
        kwargs.setdefault("initial", {"kind": CREDENTIAL_OF_GROUP.get(driver.group, CredentialKind.FREIGHT)})
        super().__init__(*args, **kwargs)


class RevealForm(VerbForm):
    """Why a protected value has to be looked at."""

    field = forms.ChoiceField(choices=list(IDENTITY_FIELDS.items()))
    reason = forms.CharField(max_length=200)


class MergeForm(VerbForm):
    """Which of two drivers stays, and why they are one human being."""

    keep = forms.ChoiceField(label="保留哪一条", widget=forms.RadioSelect)
    from_loser = forms.MultipleChoiceField(
        label="这几项改用另一条的",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="保留的一条空着的项会自动补上",
    )
    reason = forms.CharField(label="凭什么认定是同一个人", max_length=200, help_text="如 看过身份证原件")
    first_version = forms.IntegerField(widget=forms.HiddenInput)
    second_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, pair: tuple[Driver, Driver], fields: list[tuple[str, str]], **kwargs):
        """Offer the two rows and the fields in which they differ."""
        kwargs.setdefault(
            "initial", {"first_version": pair[0].version, "second_version": pair[1].version, "keep": str(pair[0].pk)}
        )
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = [
            (str(one.pk), f"{word}：{one.person.name}，{one.registering_committee.short_name}登记")
            for word, one in zip(("第一条", "第二条"), pair, strict=True)
        ]
        self.fields["from_loser"].choices = fields


class SaveFilterForm(VerbForm):
    """A name for the conditions in force."""

    name = forms.CharField(label="名称", max_length=40)
