"""Input about verifications. What is allowed is checked by the verbs."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import COMMITTEES
from branches.forms import DayField, VerbForm
from branches.models import Organization
from branches.scope import Reach
from members.choices import BY_ORGANISATION, CheckKind, CheckResult, MemberStatus
from members.choices import VerificationOrigin as Origin
from members.forms.fields import OrganizationChoice
from members.forms.membership import UnitField
from members.rules.verification import DUE_DAYS
from members.workflow.leads import BY_HAND, Told
from members.workflow.membership import Outside


def places_to_report_from(reach: Reach):
    """Return the committees and branches for which this reader may write down a lead. One query when read."""
    return Organization.objects.manageable_by(reach, Capability.VERIFICATION_RECORD_CHECK).running()


class LeadForm(VerbForm):
    """A candidate: who, and what is known of him. A clerk says where the lead is from; a branch reports its own."""

    organization = OrganizationChoice(label="由哪里登记", queryset=None, empty_label=None)
    origin = forms.ChoiceField(
        label="从哪里来", choices=[(one.value, one.label) for one in BY_HAND], widget=forms.RadioSelect
    )
    name = forms.CharField(label="姓名", max_length=50)
    phone = forms.CharField(label="手机号", max_length=20, required=False)
    home = forms.CharField(label="听说组织关系在哪里", max_length=60, required=False, help_text="如 老家村党支部")
    joined = forms.CharField(label="听说哪年入党", max_length=20, required=False)
    note = forms.CharField(label="来源说明", max_length=120, required=False, help_text="如 某平台 11 月名单")
    due_date = DayField(label="核查期限", required=False)

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the reader's committees; who reports for a branch is asked for neither origin nor day."""
        super().__init__(*args, **kwargs)
        places = places_to_report_from(reach)
        committees = places.filter(kind__in=sorted(COMMITTEES))
        self.is_committee = reach.has(Capability.VERIFICATION_CONFIRM)
        field = self.fields["organization"]
        field.queryset = committees if self.is_committee else places
        if self.is_committee:
            self.fields["due_date"].initial = timezone.localdate() + timedelta(days=DUE_DAYS)
        else:
            del self.fields["origin"], self.fields["due_date"]
            field.label = "哪个支部上报"

    def told(self) -> Told:
        """Return what is told of the candidate."""
        data = self.cleaned_data
        return Told(**{name: data[name] for name in ("name", "phone", "home", "joined", "note")})

    def more(self) -> dict:
        """Return what the verb takes beside."""
        data = self.cleaned_data
        return {"origin": data.get("origin") or Origin.BRANCH, "due_date": data.get("due_date")}


class AssignForm(VerbForm):
    """To whom, and until when."""

    unit = OrganizationChoice(
        label="交给哪个支部", queryset=None, required=False, empty_label="党委自己核", help_text="支部书记打电话、上门"
    )
    due_date = DayField(label="核查期限")

    def __init__(self, *args, units, **kwargs):
        """Offer the branches of the committee."""
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units


class CheckForm(VerbForm):
    """One of the six."""

    kind = forms.ChoiceField(label="查核方式", widget=forms.RadioSelect)
    result = forms.ChoiceField(label="结果", choices=CheckResult.choices, widget=forms.RadioSelect)
    on_date = DayField(label="哪一天")
    evidence = forms.CharField(
        label="依据", max_length=120, required=False, help_text="函件文号、查询编号；组织答复的必填"
    )
    note = forms.CharField(label="经过", max_length=200, required=False, help_text="不符的写明哪里不符")

    def __init__(self, *args, kinds, **kwargs):
        """Offer the kinds this reader may record, in the order of the board."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(one.value, one.label) for one in CheckKind if one in kinds]
        if not set(kinds) & set(BY_ORGANISATION):
            del self.fields["evidence"]


class LinkForm(VerbForm):
    """The identity number of who it is."""

    id_number = forms.CharField(
        label="身份证号", max_length=24, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"})
    )
    register = forms.BooleanField(
        label="登记里没有他：用线索上的姓名、电话登记为司机", required=False, help_text="登记在核查的党委"
    )


class ConfirmForm(VerbForm):
    """What a membership needs: standing, days, and the one place of the formal relation."""

    status = forms.ChoiceField(
        label="党籍",
        choices=[(one.value, one.label) for one in (MemberStatus.FULL, MemberStatus.PROBATIONARY)],
        widget=forms.RadioSelect,
        initial=MemberStatus.FULL,
    )
    joined_date = DayField(label="入党日期", required=False, help_text="支部大会通过的那一天")
    full_date = DayField(label="转正日期", required=False, help_text="预备党员留空")
    formal_organization = UnitField(
        label="组织关系在本系统的支部", max_length=120, required=False, help_text="填全称、简称或代码；不在本系统的留空"
    )
    external_organization = forms.CharField(
        label="组织关系在系统外（流出地）", max_length=120, required=False, help_text="填全称，上一栏留空"
    )
    external_contact = forms.CharField(label="流出地联系人", max_length=50, required=False)
    external_phone = forms.CharField(label="流出地党组织电话", max_length=30, required=False, help_text="办公电话")

    def clean(self):
        """Ask for one of the two homes."""
        data = super().clean()
        if not self.errors and bool(data.get("formal_organization")) == bool(
            data.get("external_organization", "").strip()
        ):
            raise ValidationError("组织关系只能有一个：系统内、系统外两栏填一栏。")
        return data

    def values(self) -> dict:
        """Return what the verb takes."""
        data = self.cleaned_data
        home = data["formal_organization"] or Outside(
            data["external_organization"], data["external_contact"], data["external_phone"]
        )
        return {"home": home, **{name: data[name] for name in ("status", "joined_date", "full_date")}}
