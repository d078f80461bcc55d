"""Input of branch life. What is allowed is checked by the verbs; forms read and word it."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django import forms
from django.db.models import Q
from django.utils import timezone

from activities.choices import (
    AT_THE_MEETING,
    PENDING,
    ActionItemStatus,
    ActivityKind,
    FollowUpOwner,
    FollowUpStatus,
    Mode,
    VisitForm,
    VisitSubject,
)
from activities.models import ConferenceDepartment, ConferenceMeeting, JointConference
from activities.rules.conferences import departments_of, in_text
from activities.rules.visits import outcomes
from activities.workflow.visits import Problem
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


# --- visits of instructors ------------------------------------------------------------------------------------------
PROBLEMS_OFFERED = 3


class VisitRecordForm(VerbForm):
    """A visit: what was looked at is all one has to say; problems are folded away until there are some."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    form = forms.ChoiceField(label="怎么走访的", choices=VisitForm.choices, widget=forms.RadioSelect)
    subjects = forms.MultipleChoiceField(
        label="看了什么",
        choices=VisitSubject.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="点一个就能保存；一个都不合适，就在下面写几句。",
    )
    visited_date = DayField(label="哪一天")
    content = forms.CharField(
        label="记几句",
        max_length=2000,
        required=False,
        widget=_area(3),
        help_text="看到什么，教了什么。可以用手机语音输入。",
    )

    def __init__(self, *args, **kwargs):
        """Offer room for a few problems; give a form that is shown for the first time a key of its own."""
        super().__init__(*args, **kwargs)
        for number in range(1, PROBLEMS_OFFERED + 1):
            self.fields[f"problem_{number}"] = forms.CharField(
                label=f"问题 {number}：要做什么", max_length=300, required=False
            )
            self.fields[f"owner_{number}"] = forms.ChoiceField(
                label="谁来办", choices=FollowUpOwner.choices, widget=forms.RadioSelect, required=False
            )
            self.fields[f"due_{number}"] = DayField(label="什么时候前办完", required=False)
        if not self.is_bound:
            self.initial.setdefault("key", uuid4())

    @property
    def problem_fields(self) -> list[list]:
        """Return the fields of each problem as a page shows them."""
        return [
            [self[f"{name}_{number}"] for name in ("problem", "owner", "due")]
            for number in range(1, PROBLEMS_OFFERED + 1)
        ]

    @property
    def names_problems(self) -> bool:
        """Return whether something is written at a problem, or refused there."""
        return any(self[f"problem_{number}"].value() for number in range(1, PROBLEMS_OFFERED + 1)) or any(
            name.startswith(("problem_", "owner_", "due_")) for name in self.errors
        )

    def clean(self):
        """See to it that what stands at a problem is a whole problem: the verb counts those that are there."""
        cleaned = super().clean()
        for number in range(1, PROBLEMS_OFFERED + 1):
            text, due = cleaned.get(f"problem_{number}"), cleaned.get(f"due_{number}")
            if text and not due and f"due_{number}" not in self.errors:
                self.add_error(f"due_{number}", "请写什么时候前办完。")
        return cleaned

    def values(self) -> dict:
        """Return the fields of the visit for the verb."""
        return {name: self.cleaned_data[name] for name in ("visited_date", "form", "subjects", "content")}

    def problems(self) -> list[Problem]:
        """Return the problems that were written down. Those without words are no problems."""
        cleaned = self.cleaned_data
        return [
            Problem(
                cleaned[f"problem_{number}"],
                cleaned[f"owner_{number}"] or FollowUpOwner.BRANCH,
                cleaned[f"due_{number}"],
            )
            for number in range(1, PROBLEMS_OFFERED + 1)
            if cleaned.get(f"problem_{number}")
        ]


class AnswerForm(VerbForm):
    """What was done about a problem."""

    answer = forms.CharField(label="怎么办的", max_length=1000, widget=_area(4), help_text="做了什么，现在怎样。")


class CloseForm(VerbForm):
    """What an instructor says of a problem: done, not yet, or no more."""

    outcome = forms.ChoiceField(label="结果", widget=forms.RadioSelect)
    note = forms.CharField(
        label="说几句", max_length=300, required=False, widget=_area(2), help_text="退回和不再办的要写为什么。"
    )
    WORDS = {FollowUpStatus.DONE: "解决了", FollowUpStatus.OPEN: "还没解决，退回再办", FollowUpStatus.DROPPED: "不再办"}

    def __init__(self, *args, status: str, **kwargs):
        """Offer what the life of a problem allows now."""
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [(one, self.WORDS[FollowUpStatus(one)]) for one in outcomes(status)]


# --- joint conferences ----------------------------------------------------------------------------------------------
class ConferenceForm(VerbForm):
    """A joint conference and its member departments, one a line."""

    name = forms.CharField(label="名称", max_length=80)
    document = forms.CharField(label="成立文件", max_length=80, required=False)
    from_date = DayField(label="成立日期")
    until_date = DayField(label="停止日期", required=False, help_text="还在开的空着。")
    departments = forms.CharField(
        label="成员单位",
        max_length=2000,
        widget=_area(8),
        help_text="一行一个，逗号后面写联系处室，如“市公安局，交警支队秩序科”。",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: self.cleaned_data[name] for name in ("name", "document", "from_date", "until_date")}

    def members(self) -> list:
        """Return the departments."""
        return departments_of(self.cleaned_data["departments"])

    @staticmethod
    def of(conference: JointConference) -> dict:
        """Return what a form shows of a conference that is there. One query."""
        there = conference.departments.filter(has_left=False)
        names = ("name", "document", "from_date", "until_date", "version")
        return {name: getattr(conference, name) for name in names} | {"departments": in_text(there)}


class MeetingForm(VerbForm):
    """A meeting of a joint conference."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    held_date = DayField(label="召开日期")
    place = forms.CharField(label="地点", max_length=120, required=False)
    chair = forms.CharField(label="主持", max_length=60, help_text="姓名和职务")
    present = forms.CharField(label="到会单位", max_length=600, required=False, widget=_area(2))
    minutes = forms.CharField(label="记录", max_length=8000, required=False, widget=_area(6))
    decisions = forms.CharField(
        label="决定", max_length=4000, required=False, widget=_area(3), help_text="要跟踪的事，保存以后一项一项登记。"
    )

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("key", "version")}

    @staticmethod
    def of(meeting: ConferenceMeeting) -> dict:
        """Return what a form shows of a meeting that is there."""
        names = ("held_date", "place", "chair", "present", "minutes", "decisions", "version")
        return {name: getattr(meeting, name) for name in names}


class ItemForm(VerbForm):
    """Something a meeting decided."""

    text = forms.CharField(label="要做什么", max_length=300, widget=_area(2))
    department = forms.ModelChoiceField(ConferenceDepartment.objects.none(), label="牵头单位", empty_label="请选择")
    contact_office = forms.CharField(
        label="具体处室", max_length=60, required=False, help_text="不填就是这个单位的联系处室。"
    )
    due_date = DayField(label="什么时候前办完")

    def __init__(self, *args, meeting: ConferenceMeeting, **kwargs):
        """Offer the departments that are members now."""
        super().__init__(*args, **kwargs)
        members = ConferenceDepartment.objects.filter(conference=meeting.conference_id, has_left=False)
        self.fields["department"].queryset = members


class ProgressForm(VerbForm):
    """How an item goes on."""

    status = forms.ChoiceField(label="办到哪一步", widget=forms.RadioSelect)
    text = forms.CharField(
        label="进展或结果",
        max_length=500,
        widget=_area(3),
        help_text="写进去的不能再改；办结和不再办的，这里写的就是结果。",
    )

    def __init__(self, *args, status: str, **kwargs):
        """Offer to stay or to go on."""
        super().__init__(*args, **kwargs)
        stay = ActionItemStatus(status)
        onward = [one for one in ActionItemStatus if one not in PENDING or one == ActionItemStatus.IN_HAND]
        choices = [(stay.value, f"{stay.label}（不变）")] if stay != ActionItemStatus.IN_HAND else []
        self.fields["status"].choices = choices + [(one.value, one.label) for one in onward]
