"""What a secretary, a station manager or a clerk types for a driver."""

from __future__ import annotations

from django import forms

from branches.choices import Role
from branches.models import Organization
from grievances.choices import HOTLINES, Channel
from grievances.forms.public import ANONYMOUS, CONFIDENTIAL, NAMED, ComplaintForm
from grievances.notices import sends_texts
from members.models import Driver

# How it came in, by the role of who notes it; the first one is taken unless another is chosen.
CHANNELS: dict[str, tuple[Channel, ...]] = {
    Role.SECRETARY: (Channel.BRANCH, Channel.VISIT),
    Role.STATION_MANAGER: (Channel.STATION, Channel.VISIT),
    Role.CLERK: (Channel.DIRECT_LINE, Channel.HOTLINE_12328, Channel.HOTLINE_12345, Channel.VISIT),
    Role.PARTNER: (Channel.PLATFORM,),
}


class LodgeForm(ComplaintForm):
    """A complaint for a driver: where and how it came in, and who he is."""

    unit = forms.ChoiceField(label="在哪里收到的")
    channel = forms.ChoiceField(label="怎么来的", widget=forms.RadioSelect)
    external_number = forms.CharField(
        label="热线工单号", max_length=60, required=False, help_text="12328、12345 转来的才有"
    )
    driver_q = forms.CharField(
        label="查司机",
        max_length=60,
        required=False,
        help_text="姓名、车牌、手机号或后四位。查得到的，姓名电话不用再填。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    driver = forms.ChoiceField(label="是哪一位", required=False, widget=forms.RadioSelect)

    field_order = ("token", "unit", "channel", "external_number", "driver_q", "driver")

    def __init__(self, *args, units: list[Organization], roles, found: list[Driver], **kwargs):
        """Offer one's own units, the channels of one's roles, and the drivers that were found."""
        super().__init__(*args, **kwargs)
        self.units = {str(one.pk): one for one in units}
        self.found = {str(one.pk): one for one in found}
        self.fields["unit"].choices = [(key, one.short_name) for key, one in self.units.items()]
        channels = list(dict.fromkeys(channel for role in CHANNELS if role in roles for channel in CHANNELS[role]))
        self.channels = frozenset(channels)
        self.fields["channel"].choices = [(one.value, one.label) for one in channels]
        self.initial.setdefault("unit", next(iter(self.units), ""))
        self.initial.setdefault("channel", channels[0].value if channels else "")
        self.fields["driver"].choices = [("", "都不是"), *((key, one.person.name) for key, one in self.found.items())]
        self.fields["phone"].help_text = (
            "司机的手机号，发短信告诉他进度；不留也行，把查询码和口令交给他。"
            if sends_texts()
            else "司机的手机号，办的人好联系他。本站没有开通短信，请把查询码和口令交给他。"
        )
        self.fields["name"].label = "司机怎么称呼"
        self.fields["identity"].label = "谁能知道是这位司机说的"
        self.fields["identity"].choices = [
            (NAMED, "办这件事的单位都能知道"),
            (CONFIDENTIAL, "只告诉一个单位：本地委员会里承办的那一个，别的单位和上级看不到他是谁"),
            (ANONYMOUS, "谁也不告诉（匿名）：不存他的姓名和电话，凭查询码看进度"),
        ]
        self.fields["description"].help_text = "什么时候、在哪里、对方是谁、多少钱。按司机说的记。"

    def knows_driver(self) -> bool:
        """Return whether a driver of the registry was chosen."""
        return bool(self.cleaned_data.get("driver"))

    def clean(self) -> dict:
        """Ask for the number of a hotline's order."""
        cleaned = super().clean()
        if cleaned.get("channel") in HOTLINES and not cleaned.get("external_number"):
            self.add_error("external_number", "热线转来的，请填热线的工单号。")
        cleaned["at"] = self.units.get(cleaned.get("unit", ""))
        return cleaned

    def told(self) -> dict:
        """Return what goes into a Complaint: with the driver's own name and phone when he is known."""
        told = super().told() | {
            "channel": self.cleaned_data["channel"],
            "external_number": self.cleaned_data["external_number"],
        }
        driver = self.found.get(self.cleaned_data.get("driver", ""))
        if driver is not None and not told["is_anonymous"]:
            person = driver.person
            told |= {"person": person, "name": told["name"] or person.name, "phone": told["phone"] or person.phone}
        return told
