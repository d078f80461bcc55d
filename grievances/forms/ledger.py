"""Input of the ledger's pages: samples and files of work orders."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError

from branches.capabilities import Capability
from branches.choices import COMMITTEES
from branches.forms import VerbForm
from branches.models import Organization
from branches.scope import Reach
from grievances.choices import HOTLINES, Channel
from grievances.workflow.samples import MOST
from grievances.workflow.work_orders import MOST_BYTES
from members.forms.fields import OrganizationChoice


class MonthField(forms.CharField):
    """A month as browsers send it, 2026-11; where a browser has no field for it, one types the same."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-11", "inputmode": "numeric"})

    def clean(self, value):
        """Return the first day of the month."""
        text = super().clean(value)
        try:
            year, month = text.strip().split("-")
            return date(int(year), int(month), 1)
        except ValueError as error:
            raise ValidationError("月份写成 2026-11 这样。") from error


class SampleForm(VerbForm):
    """Which month, how many, and by which seed."""

    month = MonthField(label="哪个月办结的")
    number = forms.IntegerField(label="抽多少件", min_value=1, max_value=MOST, initial=20)
    seed = forms.CharField(
        label="种子", max_length=40, help_text="随便写几个字。同一个种子、同一个月，谁来抽都是同样的诉求"
    )


def committees_of(reach: Reach):
    """Return the committees at which a reader may lodge work orders, in tree order. One query when read."""
    region = reach.region(Capability.GRIEVANCE_LODGE_FOR_DRIVER)
    rows = Organization.objects.running().filter(kind__in=COMMITTEES)
    if not region.everything:
        rows = rows.filter(pk__in=region.committee_ids)
    return rows.order_by("path")


class WorkOrdersForm(VerbForm):
    """Which hotline, for which committee, and the file."""

    channel = forms.ChoiceField(
        label="哪条热线",
        choices=[(one.value, one.label) for one in Channel if one in HOTLINES],
        widget=forms.RadioSelect(attrs={"data-style": "seg"}),
        initial=Channel.HOTLINE_12328,
    )
    organization = OrganizationChoice(
        label="登记到哪个委员会",
        queryset=None,
        empty_label=None,
        help_text="表里写了下级区县的，登记到那个区县的委员会",
    )
    file = forms.FileField(
        label="工单文件",
        error_messages={"required": "请选一个文件。", "empty": "文件是空的。", "invalid": "文件没有传上来，请重新选。"},
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.et,.csv,.txt"}),
    )
    is_dry_run = forms.BooleanField(label="只试一遍，先不登记", required=False)

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees of this reader."""
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = committees_of(reach)

    def clean_file(self):
        """Refuse what is too big before it is copied."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(f"文件太大，最多 {MOST_BYTES // 1024**2} MB。")
        return file
