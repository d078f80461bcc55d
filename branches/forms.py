"""Input of the organisation pages. What is allowed is checked by the verbs; forms read and word it."""

from __future__ import annotations

from datetime import date, datetime, time

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from branches import rules
from branches.choices import (
    MAY_STAND_UNDER,
    ROLE_AT,
    AppointmentSource,
    Duty,
    ElectionMethod,
    GuidanceLine,
    Level,
    Role,
)
from branches.models import Appointment, Division, Organization
from branches.models.terms import YEARS
from branches.workflow.organizations import CHANGEABLE


class VerbForm(forms.Form):
    """A form whose input goes to a verb; `add_refusal` puts what the verb refuses at the right field."""

    def add_refusal(self, error: ValidationError) -> None:
        """Add the errors of a verb: at their field where the form has it, else at the top."""
        by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for name, errors in by_field.items():
            self.add_error(name if name in self.fields else None, errors)


def date_input() -> forms.DateInput:
    """Return the browser's own date picker."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day with the browser's own picker, within what clocks, calendars and databases all reckon with.

    The first and last days of the calendar have no instant in Universal Time and no day before or after.
    """

    FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)

    def __init__(self, **kwargs):
        """Word the refusals."""
        kwargs.setdefault("widget", date_input())
        kwargs.setdefault("error_messages", {"invalid": "这不是日期，写成 2026-11-24 这样。"})
        super().__init__(**kwargs)
        self.validators += [
            MinValueValidator(self.FIRST, f"年份不对：最早 {self.FIRST.year} 年。"),
            MaxValueValidator(self.LAST, f"年份不对：最晚 {self.LAST.year} 年。"),
        ]


class DivisionField(forms.CharField):
    """A division by its code or its name; suggestions come from a <datalist>, 3,000 options are no select box."""

    def clean(self, value):
        """Return the Division or None. Raises ValidationError when it is unknown or ambiguous."""
        text = super().clean(value)
        if not text:
            return None
        word, code = text.strip(), text.strip().split()[0]
        found = list(Division.objects.filter(pk=code)[:1]) or list(Division.objects.filter(name=word)[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError(f"有不止一个“{word}”，请填六位代码，例如 510411。")
        raise ValidationError(f"没有找到“{word}”。请填区划全称或六位代码，例如 510411。")

    def prepare_value(self, value):
        """Show code and name."""
        if isinstance(value, Division):
            return f"{value.pk} {value.name}"
        return value


class AliasesField(forms.CharField):
    """Other spellings, separated by commas; a list to the verb."""

    def clean(self, value):
        """Return the list without empty parts and repetitions."""
        text = super().clean(value) or ""
        parts = (part.strip() for part in text.replace("，", ",").replace("、", ",").split(","))
        return list(dict.fromkeys(part for part in parts if part))

    def prepare_value(self, value):
        """Show the list with 、 between."""
        return "、".join(value) if isinstance(value, list) else value


class OrganizationForm(VerbForm, forms.ModelForm):
    """Facts of an organisation. Never saved: `values()` goes to add_organization or change_organization."""

    division = DivisionField(label="行政区划", required=False, help_text="全称或六位代码；云上党支部留空。")
    aliases = AliasesField(label="别名", required=False, help_text="名册里见过的其他写法，用顿号分开。")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Organization
        fields = [
            "name",
            "short_name",
            "code",
            "kind",
            "level",
            "division",
            "aliases",
            "serial_number",
            "host_unit",
            "host_platform",
            "grid_area",
            "founded_date",
            "founding_document",
            "contact_name",
            "contact_phone",
            "may_develop_members",
            "is_pilot",
        ]
        widgets = {"founded_date": date_input()}

    def __init__(self, *args, parent: Organization | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        allowed = [kind for kind, above in MAY_STAND_UNDER.items() if parent is None or parent.kind in above]
        self.fields["kind"].choices = [("", "请选择"), *((kind.value, kind.label) for kind in allowed)]
        self.fields["level"].choices = [("", "请选择"), *Level.choices]
        self.fields["division"].widget.attrs["list"] = "divisions"
        self.divisions = local_divisions(parent)
        if self.instance.pk:
            self.initial |= {"division": self.instance.division, "version": self.instance.version}
        elif parent is not None:
            self.initial.setdefault("level", _usual_level(parent))

    def _post_clean(self):
        """Leave the instance alone: the verb checks, and a conflict must show what is stored."""

    def values(self) -> dict:
        """Return the fields for the verb."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in CHANGEABLE}


def local_divisions(organization: Organization | None) -> list[Division]:
    """Return the division of an organisation and those directly below it, for suggestions. One query at most."""
    if organization is None or organization.division_id is None:
        return []
    from django.db.models import Q

    near = Division.objects.filter(Q(pk=organization.division_id) | Q(parent_id=organization.division_id))
    return [division for division in near if division.name not in rules.COLLECTIVE_DIVISIONS]


def _usual_level(parent: Organization) -> str:
    return {"province": "city", "city": "county"}.get(parent.level, "base")


class OrganizationChoice(forms.ModelChoiceField):
    """An organisation among those one may choose, shown with its place in the tree."""

    def label_from_instance(self, organization) -> str:
        """Return the short name, indented by depth, with the kind."""
        return f"{'　' * (organization.depth - 1)}{organization.short_name}（{organization.get_kind_display()}）"


class MoveForm(VerbForm):
    """Where to, and why."""

    parent = OrganizationChoice(Organization.objects.none(), label="移到哪个组织下面", empty_label="请选择")
    reason = forms.CharField(label="为什么调整", max_length=200)

    def __init__(self, *args, targets, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = targets


class DissolveForm(VerbForm):
    """The papers of a dissolution."""

    document = forms.CharField(label="撤销批文号", max_length=80, help_text="例如 攀仁交党〔2026〕14号")
    dissolved_date = DayField(label="撤销日期")
    successor = OrganizationChoice(
        Organization.objects.none(),
        label="由哪个组织承接",
        required=False,
        empty_label="没有需要承接的",
        help_text="还有司机、党员或任职时必须选。",
    )
    reason = forms.CharField(label="原因", max_length=200, required=False)

    def __init__(self, *args, successors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = successors


class StartForm(VerbForm):
    """The papers of a founding."""

    founded_date = DayField(label="成立日期")
    document = forms.CharField(label="成立批文号", max_length=80, required=False)


class ReasonForm(VerbForm):
    """Why."""

    reason = forms.CharField(label="原因", max_length=200)


class GuidanceForm(VerbForm):
    """Who guides, on which line, since when."""

    guiding_organization = OrganizationChoice(Organization.objects.none(), label="指导单位", empty_label="请选择")
    line = forms.ChoiceField(label="指导线", choices=GuidanceLine.choices, widget=forms.RadioSelect)
    from_date = DayField(label="开始日期")
    document = forms.CharField(label="依据文件", max_length=80, required=False)

    def __init__(self, *args, guiding, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["guiding_organization"].queryset = guiding


class GuidanceEndForm(VerbForm):
    """The first day without guidance, and why."""

    until_date = DayField(label="从哪一天起不再指导")
    reason = forms.CharField(label="原因", max_length=200, required=False)


class PostFields(VerbForm):
    """The fields of a post, shared by appointing and by opening an account."""

    role = forms.ChoiceField(label="角色")
    title = forms.CharField(
        label="职务", max_length=40, required=False, help_text="对外的称呼，如 第一书记、组织委员、副书记。"
    )
    source = forms.ChoiceField(label="产生方式", choices=AppointmentSource.choices, widget=forms.RadioSelect)
    from_date = DayField(label="任职开始", required=False, help_text="不填从现在起。")
    document = forms.CharField(label="任免文件号", max_length=80, required=False)
    seconded_from = forms.CharField(
        label="派出单位", max_length=80, required=False, help_text="派驻的第一书记填，如 市委组织部。"
    )

    def __init__(self, *args, reach, organization: Organization, **kwargs):
        super().__init__(*args, **kwargs)
        if organization.kind not in ROLE_AT[Role.LEADER]:
            del self.fields["seconded_from"]  # first secretaries go to committees
        self.fields["role"].choices = [
            ("", "请选择"),
            *(
                (role.value, role.label)
                for role in Role
                if organization.kind in ROLE_AT[role] and rules.may_appoint(reach, role, organization)
            ),
        ]

    def post(self) -> dict:
        """Return the arguments of the verb. Today means from now on, another day from its midnight."""
        cleaned = self.cleaned_data
        return {
            "role": cleaned["role"],
            "title": cleaned["title"],
            "source": cleaned["source"],
            "document": cleaned["document"],
            "seconded_from": cleaned.get("seconded_from", ""),
            "from_at": _instant(cleaned["from_date"]),
        }


def _instant(day) -> datetime | None:
    if day is None or day == timezone.localdate():
        return None
    return timezone.make_aware(datetime.combine(day, time.min))


class UserChoice(forms.ModelChoiceField):
    """A user among those one may see."""

    def label_from_instance(self, user) -> str:
        """Return name and user name."""
        return f"{user.name}（{user.username}）"


class AppointForm(PostFields):
    """Who gets a post."""

    user = UserChoice(queryset=None, label="人员", empty_label="请选择", help_text="这里没有的人，先为他开通账号。")
    until_date = DayField(label="任期到", required=False, help_text="不填为长期。")
    field_order = ["user", "role", "title", "source", "seconded_from", "from_date", "until_date", "document"]

    def __init__(self, *args, users, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = users

    def post(self) -> dict:
        """Return the arguments of the verb."""
        until = self.cleaned_data["until_date"]
        return super().post() | {"until_at": timezone.make_aware(datetime.combine(until, time.min)) if until else None}


class EndForm(VerbForm):
    """Why a post ends, by which paper."""

    reason = forms.CharField(label="免职原因", max_length=200, help_text="例如 换届、调离、辞职。")
    document = forms.CharField(label="任免文件号", max_length=80, required=False)


class UserForm(PostFields):
    """A new account with its first post."""

    name = forms.CharField(label="姓名", max_length=50)
    username = forms.CharField(
        label="用户名", max_length=32, help_text="登录用：英文字母、数字和 . _ -，例如 姓名全拼。不分大小写。"
    )
    phone = forms.CharField(label="手机号", max_length=20, required=False)
    field_order = ["name", "username", "phone", "role", "title", "source", "seconded_from", "from_date", "document"]


class OfficeForm(VerbForm):
    """A duty and who holds it."""

    duty = forms.ChoiceField(label="职责", choices=Duty.choices)
    holder = forms.ModelChoiceField(Appointment.objects.none(), label="任职人", required=False, empty_label="先空着")

    def __init__(self, *args, appointments, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["holder"].queryset = appointments
        self.fields["holder"].label_from_instance = _holder_label


class ArrangeForm(VerbForm):
    """Deputy and absence of an office."""

    deputy = forms.ModelChoiceField(
        Appointment.objects.none(), label="代理人", required=False, empty_label="没有代理人"
    )
    absent_from_date = DayField(label="缺岗从", required=False)
    absent_until_date = DayField(label="缺岗到", required=False, help_text="这一天起回到岗位；不填为另行通知。")

    def __init__(self, *args, appointments, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = appointments
        self.fields["deputy"].label_from_instance = _holder_label

    def clean(self):
        """Refuse an absence without a beginning, or one that ends before it."""
        cleaned = super().clean()
        begin, end = cleaned.get("absent_from_date"), cleaned.get("absent_until_date")
        if end and not begin:
            self.add_error("absent_from_date", "请填缺岗从哪一天开始。")
        if begin and end and end <= begin:
            self.add_error("absent_until_date", "缺岗结束必须晚于开始。")
        return cleaned

    def absence(self) -> tuple[datetime | None, datetime | None]:
        """Return the instants of the absence."""
        days = (self.cleaned_data["absent_from_date"], self.cleaned_data["absent_until_date"])
        first, last = (timezone.make_aware(datetime.combine(day, time.min)) if day else None for day in days)
        return first, last


def _holder_label(appointment) -> str:
    return f"{appointment.user.name} · {appointment.title or appointment.get_role_display()}"


class TermForm(VerbForm):
    """An election."""

    elected_date = DayField(label="选举日期")
    number = forms.IntegerField(label="第几届", min_value=1, max_value=99, required=False)
    years = forms.TypedChoiceField(label="任期", choices=YEARS, coerce=int, widget=forms.RadioSelect)
    method = forms.ChoiceField(label="选举方式", choices=ElectionMethod.choices)
    entitled = forms.IntegerField(label="应到（人）", min_value=1, max_value=100_000, help_text="有选举权的党员")
    present = forms.IntegerField(label="实到（人）", min_value=1, max_value=100_000)
    document = forms.CharField(label="批复文号", max_length=80, required=False)


class TermEndForm(VerbForm):
    """The approved end of a term."""

    changed_end_date = DayField(label="批准到哪一天")
    change_document = forms.CharField(label="批准文号", max_length=80)


class HandOverForm(VerbForm):
    """What the outgoing holder wants his successor to know."""

    note = forms.CharField(
        label="给接任者的话",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="正在等谁、约好了什么、要当心什么。不要写证件号和手机号。",
    )
