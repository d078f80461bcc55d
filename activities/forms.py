"""Input of branch life. What is allowed is checked by the verbs; forms read and word it."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django import forms
from django.db.models import Q
from django.utils import timezone

from activities.choices import AT_THE_MEETING, ActivityKind, Mode
from branches.choices import BRANCHES, OrganizationStatus
from branches.forms import DayField, VerbForm
from branches.models import Organization
from branches.scope import subtree
from service_stations.models import Station

MOST_OTHERS = 60  # organisations offered to hold something together with


def _time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ActivityForm(VerbForm):
    """What every form of an activity asks: when, how, about what. All of it is filled in already."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    day = DayField(label="日期")
    time = forms.TimeField(label="时间", widget=_time_input(), error_messages={"invalid": "写成 14:30 这样。"})
    mode = forms.ChoiceField(label="怎么开的", choices=Mode.choices, widget=forms.RadioSelect)
    topic = forms.CharField(label="主题", max_length=120, required=False)

    def __init__(self, *args, **kwargs):
        """Give a form that is shown for the first time a key of its own."""
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("key", uuid4())

    def values(self) -> dict:
        """Return the fields for the verb."""
        cleaned = self.cleaned_data
        names = ("mode", "topic", "agenda", "minutes", "decisions", "guests")
        found = {name: cleaned[name] for name in names if name in cleaned and cleaned[name] is not None}
        found["starts_at"] = timezone.make_aware(datetime.combine(cleaned["day"], cleaned["time"]))
        return found

    def add_refusal(self, error) -> None:
        """Show what is said of the instant at the day, and what has no field here at the top."""
        if hasattr(error, "error_dict") and "starts_at" in error.error_dict:
            error.error_dict["day"] = error.error_dict.pop("starts_at")
        super().add_refusal(error)


class RecordForm(ActivityForm):
    """A meeting that was held, with its roll; the words may be added later."""

    minutes = forms.CharField(
        label="记几句", max_length=8000, required=False, widget=_area(4), help_text="议了什么。可以用手机语音输入。"
    )
    decisions = forms.CharField(
        label="定了什么", max_length=4000, required=False, widget=_area(2), help_text="谁办，什么时候办完。"
    )
    guests = forms.IntegerField(
        label="名册以外参加的（人次）",
        min_value=0,
        max_value=100_000,
        required=False,
        help_text="如来听宣讲的司机。只计人次，不计人数。",
    )


def statuses_of(posted, prefix: str = "roll-") -> dict[str, str]:
    """Return what a posted roll says: {key: status}; what is no status is left out, so the roll is incomplete."""
    known = set(AT_THE_MEETING)
    return {
        name.removeprefix(prefix): value for name, value in posted.items() if name.startswith(prefix) and value in known
    }


class PlanForm(ActivityForm):
    """A meeting to come."""

    kind = forms.ChoiceField(label="开什么会", choices=ActivityKind.choices)
    agenda = forms.CharField(label="议程", max_length=2000, required=False, widget=_area(3))
    stations = forms.ModelMultipleChoiceField(
        Station.objects.none(),
        label="会场：服务站",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    places = forms.CharField(
        label="会场：其他地点",
        max_length=600,
        required=False,
        widget=_area(2),
        help_text="一行一个；视频连线的也写上。",
    )
    with_others = forms.ModelMultipleChoiceField(
        Organization.objects.none(),
        label="和谁一起办",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="各记各的名册，都算做过。",
    )
    field_order = ["kind", "day", "time", "mode", "topic", "agenda", "places", "stations", "with_others", "key"]

    def __init__(self, *args, organization: Organization, **kwargs):
        """Offer the stations near the organisation and those it may hold something together with."""
        super().__init__(*args, **kwargs)
        self.fields["mode"].label = "怎么开"
        near = Q(branch=organization) | Q(organization=organization)
        parent = Organization.objects.get_parent(organization)
        if parent is not None:
            near |= Q(organization=parent)
        self.fields["stations"].queryset = Station.objects.filter(near).order_by("name")
        self.fields["with_others"].queryset = others_for(organization, parent)
        for name in ("stations", "with_others"):
            if not self.fields[name].queryset.exists():
                del self.fields[name]

    def venues(self) -> list:
        """Return the stations and the places in words."""
        places = self.cleaned_data.get("places", "").splitlines()
        return [*self.cleaned_data.get("stations", ()), *(place[:120] for place in places)]

    def others(self) -> list[Organization]:
        """Return the organisations it is held together with."""
        return list(self.cleaned_data.get("with_others", ()))


def others_for(organization: Organization, parent: Organization | None):
    """Return with whom an organisation may hold something: branches beside it; of a committee, those just below."""
    top = parent if organization.kind in BRANCHES else organization
    if top is None:
        return Organization.objects.none()
    beside = Organization.objects.filter(subtree(top.path), depth=top.depth + 1, kind__in=BRANCHES)
    beside = beside.exclude(pk=organization.pk).exclude(
        status__in=[OrganizationStatus.DISSOLVED, OrganizationStatus.PREPARING]
    )
    return Organization.objects.filter(pk__in=list(beside.order_by("path").values_list("pk", flat=True)[:MOST_OTHERS]))


class AmendForm(RecordForm):
    """A correction: of a plan, or of a record with its reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    agenda = forms.CharField(label="议程", max_length=2000, required=False, widget=_area(3))
    reason = forms.CharField(label="为什么更正", max_length=200)
    field_order = ["day", "time", "mode", "topic", "agenda", "minutes", "decisions", "guests", "reason"]

    def __init__(self, *args, is_done: bool, **kwargs):
        """Ask for words and a reason only where something was recorded."""
        super().__init__(*args, **kwargs)
        if not is_done:
            for name in ("minutes", "decisions", "guests", "reason"):
                del self.fields[name]


class CancelForm(VerbForm):
    """Why something does not take place, or why a record does not count."""

    reason = forms.CharField(label="原因", max_length=200)


class NoQuestions(VerbForm):
    """A step that asks nothing but to be confirmed."""


class MakeUpForm(VerbForm):
    """Who made up for what he missed, and when."""

    lines = forms.MultipleChoiceField(label="谁补学了", widget=forms.CheckboxSelectMultiple)
    made_up_date = DayField(label="补学日期")
    note = forms.CharField(label="怎么补的", max_length=120, required=False)

    def __init__(self, *args, lines, **kwargs):
        """Offer who was excused or absent."""
        super().__init__(*args, **kwargs)
        self.fields["lines"].choices = lines
