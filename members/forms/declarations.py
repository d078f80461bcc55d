"""Input about calls and declarations, of clerks and of who comes forward. What is allowed is checked by the verbs."""

from __future__ import annotations

from django import forms
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import COMMITTEES, Kind
from branches.forms import DayField, VerbForm
from branches.models import Organization
from branches.scope import Reach
from members.forms.fields import OrganizationChoice
from members.rules.declarations import HOME_MAX, JOINED_MAX
from members.workflow.declarations import Declared


class CallForm(VerbForm):
    """A call: title, words, who calls, until when."""

    organization = OrganizationChoice(label="发起的党委", queryset=None, empty_label=None)
    title = forms.CharField(label="标题", max_length=60, help_text="如 致在东区跑车的党员同志")
    text = forms.CharField(label="正文", max_length=1000, widget=forms.Textarea(attrs={"rows": 6}))
    from_date = DayField(label="开始日期")
    until_date = DayField(label="结束日期", help_text="这一天还收")

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees for which the reader decides."""
        kwargs.setdefault("initial", {"from_date": timezone.localdate()})
        super().__init__(*args, **kwargs)
        mine = Organization.objects.manageable_by(reach, Capability.DECLARATION_DECIDE)
        self.fields["organization"].queryset = mine.running().filter(kind__in=sorted(COMMITTEES))

    def values(self) -> dict:
        """Return what the verb takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "organization"}


class TurnForm(VerbForm):
    """Which committee checks it."""

    committee = OrganizationChoice(label="由哪个党委核查", queryset=None, empty_label=None)

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees of the reader."""
        super().__init__(*args, **kwargs)
        mine = Organization.objects.manageable_by(reach, Capability.VERIFICATION_RECORD_CHECK)
        self.fields["committee"].queryset = mine.running().filter(kind__in=sorted(COMMITTEES))


class AnswerForm(VerbForm):
    """Words for the declarant."""

    words = forms.CharField(
        label="给本人的答复",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="他凭回执码能看到。不要写别人的情况",
    )


class DeclareForm(VerbForm):
    """What somebody declares of himself. Few fields; only name and phone must be there."""

    name = forms.CharField(label="姓名", max_length=50, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = forms.CharField(
        label="手机号",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text="我们打这个电话跟您核实",
    )
    home_told = forms.CharField(
        label="组织关系在哪里", max_length=HOME_MAX, required=False, help_text="党支部名称；记不清就写哪个省哪个县"
    )
    joined_told = forms.CharField(label="哪年入党", max_length=JOINED_MAX, required=False, help_text="如 2012 年")
    organization = forms.ModelChoiceField(
        label="现在在哪里跑车", queryset=None, required=False, empty_label="说不清，不选"
    )
    consents = forms.BooleanField(label="我同意", required=False)
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))
    token = forms.CharField(widget=forms.HiddenInput, max_length=32)

    def __init__(self, *args, campaign=None, **kwargs):
        """Offer the committees of counties and cities by name, which is public; a call says itself who receives it."""
        super().__init__(*args, **kwargs)
        if campaign is not None:
            del self.fields["organization"]
            return
        field = self.fields["organization"]
        field.queryset = (
            Organization.objects.running()
            .filter(kind=Kind.INDUSTRY_COMMITTEE)
            .only("pk", "short_name")
            .order_by("path")
        )
        field.label_from_instance = lambda one: one.short_name

    def declared(self) -> Declared:
        """Return what is declared."""
        data = self.cleaned_data
        return Declared(name=data["name"], phone=data["phone"], home=data["home_told"], joined=data["joined_told"])


class ReceiptForm(VerbForm):
    """The receipt of a declaration."""

    receipt = forms.CharField(
        label="回执码",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text="提交时给您的 12 位，如 K7QM-42XD-9ABC",
    )
