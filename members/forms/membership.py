"""Input about memberships, ties, transfers and searches. What is allowed is checked by the verbs."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from branches.capabilities import Capability
from branches.choices import BRANCHES
from branches.forms import DayField, VerbForm
from branches.models import Organization
from branches.scope import Reach
from members.choices import AffiliationKind, ContactChannel, MemberStatus
from members.forms.fields import OrganizationChoice
from members.rules.membership import FORMAL_KINDS
from members.rules.transfers import VALID_DAYS_LEAST, VALID_DAYS_MOST, VALID_DAYS_USUAL


def branches_to_place_in(reach: Reach):
    """Return the running branches into which this reader may take members, in tree order. One query when read."""
    units = Organization.objects.manageable_by(reach, Capability.PARTY_MEMBER_PLACE)
    return units.running().filter(kind__in=sorted(BRANCHES))


class UnitField(forms.CharField):
    """A unit that may hold formal relations, anywhere in the system, by its code or its name. Names are public."""

    def clean(self, value):
        """Return the Organization or None. Raises ValidationError when it is unknown or ambiguous."""
        text = (super().clean(value) or "").strip()
        if not text:
            return None
        units = Organization.objects.running().filter(kind__in=sorted(FORMAL_KINDS))
        found = list(units.filter(Q(code=text) | Q(name=text) | Q(short_name=text))[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError("有不止一个党组织叫这个名称，请改填代码。")
        raise ValidationError("没有找到这个党组织。请填全称、简称或代码；不在本系统的，填到下一栏。")


class MemberForm(VerbForm):
    """Dates of a membership, and what is known of the home outside."""

    joined_date = DayField(label="入党日期", required=False, help_text="支部大会通过的那一天")
    full_date = DayField(label="转正日期", required=False, help_text="党龄从这一天算起；预备党员留空")
    external_organization = forms.CharField(label="流出地党组织", max_length=120, required=False)
    external_contact = forms.CharField(label="流出地联系人", max_length=50, required=False)
    external_phone = forms.CharField(label="流出地党组织电话", max_length=30, required=False, help_text="办公电话")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, member, **kwargs):
        """Show what stands there; the home outside only of those who have one."""
        kwargs.setdefault("initial", {name: getattr(member, name) for name in self.base_fields})
        super().__init__(*args, **kwargs)
        if member.formal_organization_id is not None:
            for name in ("external_organization", "external_contact", "external_phone"):
                del self.fields[name]

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class AbsenceForm(VerbForm):
    """Since when somebody is away and where; no date: he is back."""

    since = DayField(label="哪一天起外出", required=False, help_text="已经回来的，两栏都清空")
    to = forms.CharField(label="去了哪里", max_length=120, required=False, help_text="如 广东省佛山市，跑货拉拉")
    version = forms.IntegerField(widget=forms.HiddenInput)


class EndForm(VerbForm):
    """Why a membership ends."""

    to = forms.ChoiceField(
        label="结果",
        choices=[(one.value, one.label) for one in (MemberStatus.REMOVED, MemberStatus.DECEASED)],
        widget=forms.RadioSelect,
    )
    on_date = DayField(label="哪一天")
    document = forms.CharField(label="依据", max_length=120, help_text="批复文号，或死亡证明")
    reason = forms.CharField(label="原因", max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput)


class PlaceForm(VerbForm):
    """Into which branch, as what, from when."""

    organization = OrganizationChoice(label="编入哪个支部", queryset=None, empty_label=None)
    kind = forms.ChoiceField(label="性质", choices=AffiliationKind.choices, widget=forms.RadioSelect)
    from_date = DayField(label="从哪一天起")
    absent_since_date = DayField(label="什么时候离开原支部所在地", required=False, help_text="满六个月算流动党员")
    absent_to = forms.CharField(label="现在在哪里跑车", max_length=120, required=False)

    def __init__(self, *args, reach: Reach, member, **kwargs):
        """Offer the branches of this reader; who is noted as away already is not asked again."""
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = branches_to_place_in(reach)
        if member.absent_since_date is not None:
            del self.fields["absent_since_date"], self.fields["absent_to"]


class DayForm(VerbForm):
    """A day."""

    on_date = DayField(label="哪一天")


class WhyForm(VerbForm):
    """A reason."""

    reason = forms.CharField(label="原因", max_length=200)


class DayAndWhyForm(DayForm):
    """A day and a reason."""

    reason = forms.CharField(label="原因", max_length=200)


class NothingForm(VerbForm):
    """A step that asks for nothing more."""


class TransferForm(VerbForm):
    """Where to and why."""

    to_organization = UnitField(
        label="转到哪个党组织", max_length=120, required=False, help_text="本系统内的：填全称、简称或代码"
    )
    to_external = forms.CharField(
        label="不在本系统的党组织", max_length=120, required=False, help_text="转到系统外时填全称，上一栏留空"
    )
    reason = forms.CharField(label="转接原因", max_length=200, help_text="如 已在东区定居，长期在此跑车")
    dues_paid_until_date = DayField(
        label="党费交到", required=False, help_text="还没有交的第一个月的 1 日；交清 10 月就填 11 月 1 日"
    )

    def clean(self):
        """Ask for one of the two."""
        data = super().clean()
        if not self.errors and bool(data.get("to_organization")) == bool(data.get("to_external", "").strip()):
            raise ValidationError("两栏填一栏：系统内的党组织，或者系统外的。")
        return data


class IncomingForm(VerbForm):
    """The branch that receives somebody whose formal relation lies outside."""

    to_organization = OrganizationChoice(label="转入哪个支部", queryset=None, empty_label=None)
    reason = forms.CharField(label="转接原因", max_length=200)
    dues_paid_until_date = DayField(label="党费交到", required=False, help_text="照介绍信；还没有交的第一个月的 1 日")

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the units of this reader."""
        super().__init__(*args, **kwargs)
        units = Organization.objects.manageable_by(reach, Capability.TRANSFER_DRAFT)
        self.fields["to_organization"].queryset = units.running().filter(kind__in=sorted(FORMAL_KINDS))


class ApproveForm(VerbForm):
    """How long the letter is valid; for one from outside, its number and day."""

    valid_days = forms.IntegerField(
        label="有效期（天）",
        min_value=VALID_DAYS_LEAST,
        max_value=VALID_DAYS_MOST,
        initial=VALID_DAYS_USUAL,
        help_text=f"{VALID_DAYS_LEAST} 到 {VALID_DAYS_MOST} 天，从开具的第二天起算",
    )
    number = forms.CharField(label="外来介绍信的编号", max_length=60)
    issued_date = DayField(label="外来介绍信的开具日期")

    def __init__(self, *args, from_outside: bool, **kwargs):
        """Ask for the number only where it is not made here."""
        super().__init__(*args, **kwargs)
        if not from_outside:
            del self.fields["number"], self.fields["issued_date"]


class ReceiveForm(VerbForm):
    """The receipt; made here for a unit of ours, copied for one outside."""

    receipt_number = forms.CharField(label="收到的回执编号", max_length=60)

    def __init__(self, *args, to_outside: bool, **kwargs):
        """Ask for the number only where it is not made here."""
        super().__init__(*args, **kwargs)
        if not to_outside:
            del self.fields["receipt_number"]


class SearchForm(VerbForm):
    """Since when nobody has reached him."""

    since_date = DayField(label="最后一次联系上是哪一天")


class AttemptForm(VerbForm):
    """One try to reach somebody."""

    channel = forms.ChoiceField(label="方式", choices=ContactChannel.choices)
    on_date = DayField(label="哪一天")
    was_reached = forms.BooleanField(label="联系上了", required=False)
    note = forms.CharField(label="经过", max_length=200, help_text="找了谁、怎么说的")


class DecideForm(DayForm):
    """The decision of the branch meeting."""

    decision = forms.CharField(
        label="支部大会的决定", max_length=200, help_text="如 同意停止党籍，应到 8 人，赞成 7 人"
    )


class DocumentForm(DayForm):
    """A day and the number of a paper."""

    document = forms.CharField(label="文号", max_length=80)


class RestoreForm(DocumentForm):
    """A day, the number of a paper, and why."""

    reason = forms.CharField(label="说明", max_length=200)
