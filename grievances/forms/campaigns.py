"""Input of campaigns."""

from __future__ import annotations

from django import forms

from branches.capabilities import Capability
from branches.forms import VerbForm, date_input
from branches.models import Organization
from branches.scope import Reach
from grievances.models import Grievance


class CampaignForm(VerbForm):
    """A new campaign."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label="牵头单位", empty_label=None)
    name = forms.CharField(label="名称", max_length=80, help_text="如 整治套路购车")
    departments = forms.CharField(label="参加部门", max_length=400, required=False, help_text="用顿号隔开")
    from_date = forms.DateField(label="开始日期", widget=date_input())
    until_date = forms.DateField(label="计划到哪天", widget=date_input(), required=False)
    goal = forms.CharField(label="目标", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees of which this reader is the clerk."""
        super().__init__(*args, **kwargs)
        units = reach.region(Capability.GRIEVANCE_ASSIGN).organization_ids
        self.fields["organization"].queryset = Organization.objects.visible_to(reach).filter(pk__in=units)

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name != "organization"}


class CaseNumberForm(VerbForm):
    """Which case goes into the campaign."""

    number = forms.CharField(label="诉求编号", max_length=24, help_text="SQ 开头")

    def __init__(self, *args, reach: Reach, **kwargs):
        """Keep whose scope counts."""
        super().__init__(*args, **kwargs)
        self.reach = reach

    def clean_number(self) -> Grievance:
        """Return the case; one outside the reader's scope is no case."""
        number = self.cleaned_data["number"].strip().upper()
        found = Grievance.objects.visible_to(self.reach).filter(number=number).first()
        if found is None:
            raise forms.ValidationError("没有这个编号的诉求，或者不在您的辖区。")
        return found


class CampaignEndForm(VerbForm):
    """What a campaign has brought, and until when it ran."""

    until_date = forms.DateField(label="结束日期", widget=date_input())
    results = forms.CharField(
        label="成效",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="办成了什么，还有什么没办成。",
    )
