"""Input about the way to membership: one form that asks for what the step wants. What is allowed the verbs check."""

from __future__ import annotations

from django import forms

from branches.capabilities import Capability
from branches.choices import BRANCHES, Kind
from branches.forms import DayField, VerbForm
from branches.models import Organization
from branches.scope import Reach
from members.choices import STEPS, DevelopmentEnd, StepNumber, StepResult
from members.forms.fields import OrganizationChoice
from members.models import PartyMember
from members.querysets import PartyMemberQuerySet
from members.rules.development import GATE_LABELS, OVERRIDE_REASON_LEAST

_N = StepNumber
_DAY: dict[int, str] = {
    _N.TALK: "哪一天谈的话",
    _N.ACTIVIST: "哪一天研究决定的",
    _N.ADMISSION_MEETING: "哪一天开的支部大会",
    _N.CONFIRMATION_ASKED: "哪一天递交转正申请",
    _N.CONFIRMATION_MEETING: "哪一天开的支部大会",
    _N.ADMISSION_APPROVED: "哪一天审批的",
    _N.CONFIRMATION_APPROVED: "哪一天审批的",
    _N.OATH: "哪一天宣誓",
}
_OPINION = {
    _N.TALK: ("谁谈的、谈了什么", "党组织负责人、组织委员或组织员谈"),
    _N.ACTIVIST: ("怎么产生的，支部的意见", "党员推荐、群团推优；支委会（没有支委会的由支部大会）研究决定"),
    _N.CULTIVATED: ("培养教育考察的结论", "听取党小组、培养联系人、党员和群众的意见"),
    _N.TARGET: ("支委会讨论的意见", ""),
    _N.POLITICAL_REVIEW: ("怎么审查的，结论性材料", "同本人谈话、查阅材料、函调或走访"),
    _N.BRANCH_REVIEW: ("支委会审查的意见", ""),
    _N.COMMITTEE_TALK: ("谁谈的、谈了什么", "党委委员或组织员谈，并把意见写进志愿书"),
    _N.ASSIGNED: ("编入哪个支部、哪个小组", ""),
    _N.OBSERVED: ("继续教育考察的情况", ""),
}
_PAPER: dict[int, tuple[str, str]] = {
    _N.TRAINING: ("结业证书编号", ""),
    _N.FORM: ("志愿书编号", ""),
    _N.ARCHIVED: ("存在哪里、档案编号", "志愿书、申请书、政审材料、转正申请书和培养教育考察材料"),
}
_VOTES = (
    ("entitled", "应到会有表决权的正式党员", ""),
    ("present", "实到会有表决权的", "要超过应到的半数"),
    ("votes_for", "赞成", "要超过应到的半数；正好一半不算通过"),
    ("votes_against", "反对", ""),
    ("votes_abstained", "弃权", ""),
    ("written_opinions", "其中书面意见", "因故不能到会、会前正式提出的，已经算在上面的票数里"),
)


class MembersChoice(forms.ModelMultipleChoiceField):
    """Full members of the branch, by name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, member) -> str:
        """Return the name."""
        return member.person.name


def _version() -> forms.IntegerField:
    return forms.IntegerField(widget=forms.HiddenInput)


class OpenForm(VerbForm):
    """Who applies, where, when."""

    organization = OrganizationChoice(label="向哪个支部申请", queryset=None, empty_label=None)
    name = forms.CharField(label="姓名", max_length=60)
    id_number = forms.CharField(
        label="身份证号", max_length=24, help_text="照申请书填；年龄从号码里算，页面上只显示打码的"
    )
    phone = forms.CharField(label="手机号", max_length=20, required=False)
    applied_date = DayField(label="哪一天递交申请书")

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the branches this reader records for."""
        super().__init__(*args, **kwargs)
        units = Organization.objects.manageable_by(reach, Capability.DEVELOPMENT_RECORD_STEP).running()
        self.fields["organization"].queryset = units.filter(kind__in=sorted(BRANCHES - {Kind.CLOUD_BRANCH}))


class StepForm(VerbForm):
    """What one of the 25 steps wants written down (`STEPS[number].fields`)."""

    def __init__(self, *args, number: int, candidates: PartyMemberQuerySet | None = None, **kwargs):
        """Ask for the day and what this step has besides."""
        super().__init__(*args, **kwargs)
        wanted = STEPS[number].fields
        self.fields["done_date"] = DayField(label=_DAY.get(number, "哪一天"))
        if "outcome" in wanted:
            self._results("支部大会的决定", StepResult.CONFIRM, StepResult.EXTEND, StepResult.CANCEL)
            self.fields["months"] = forms.IntegerField(
                label="延长几个月",
                required=False,
                min_value=1,
                max_value=99,
                help_text="延长的才填，6 到 12 个月，只能一次",
            )
        if "votes" in wanted:
            for name, label, about in _VOTES:
                self.fields[name] = forms.IntegerField(
                    label=f"{label}（人）",
                    min_value=0,
                    max_value=9999,
                    help_text=about,
                    required=name != "written_opinions",
                )
        if "qualified" in wanted:
            self._results("政治审查的结论", StepResult.QUALIFIED, StepResult.UNQUALIFIED)
        if {"cultivators", "introducers"}.intersection(wanted):
            label = "培养联系人（一至两名）" if "cultivators" in wanted else "入党介绍人（两名）"
            self.fields["members"] = MembersChoice(label=label, queryset=candidates)
        if "training" in wanted:
            self.fields["training_days"] = forms.DecimalField(
                label="培训天数", required=False, min_value=0, max_value=99, decimal_places=1, help_text="不少于三天"
            )
            self.fields["training_hours"] = forms.IntegerField(
                label="培训学时",
                required=False,
                min_value=0,
                max_value=999,
                help_text="或者不少于二十四学时，填一栏就行",
            )
        if "notice" in wanted:
            self.fields["notice_from_date"] = DayField(label="公示开始", required=False)
            self.fields["notice_until_date"] = DayField(label="公示结束", required=False, help_text="公示的最后一天")
        if "opinion" in wanted:
            label, about = _OPINION[StepNumber(number)]
            self.fields["opinion"] = forms.CharField(
                label=label, max_length=500, help_text=about, widget=forms.Textarea(attrs={"rows": 3})
            )
        if "document" in wanted:
            label, about = _PAPER.get(number, ("文号", ""))
            self.fields["document"] = forms.CharField(label=label, max_length=80, help_text=about)
        if "late" in wanted:
            self.fields["late_reason"] = forms.CharField(
                label="超过三个月的，写明特殊情况", max_length=200, required=False, help_text="最长不超过六个月"
            )
        self.fields["version"] = _version()

    def _results(self, label: str, *results: StepResult) -> None:
        choices = [(one.value, one.label) for one in results]
        self.fields["result"] = forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect)

    def values(self) -> dict:
        """Return the columns for the verb."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("done_date", "version")}
        if "members" in data:
            data["members"] = list(data["members"])
        return data


class RefuseForm(VerbForm):
    """When and why it was not approved."""

    done_date = DayField(label="哪一天")
    reason = forms.CharField(label="没有批准的原因", max_length=200)
    version = _version()


class TakeBackForm(VerbForm):
    """Why a step is done again."""

    reason = forms.CharField(label="原因", max_length=200, help_text="如 日期写错了；预审已经过期")
    version = _version()


class ReviewForm(VerbForm):
    """One half-yearly review."""

    on_date = DayField(label="哪一天考察的")
    opinion = forms.CharField(label="考察意见", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    version = _version()


class SponsorsForm(VerbForm):
    """Who it is from now on."""

    members = MembersChoice(label="现在由谁", queryset=PartyMember.objects.none())
    on_date = DayField(label="从哪一天起")
    reason = forms.CharField(label="为什么更换", max_length=200, help_text="如 原联系人组织关系转出")
    version = _version()

    def __init__(self, *args, candidates: PartyMemberQuerySet, **kwargs):
        """Offer the full members of the branch."""
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = candidates


class OverrideForm(VerbForm):
    """Which gate, and why."""

    gate = forms.ChoiceField(label="放行哪一条", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="为什么放行",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"至少 {OVERRIDE_REASON_LEAST} 个字。谁、几时、为什么放行，一直留在这份档案上，也记入审计",
    )
    version = _version()

    def __init__(self, *args, codes, **kwargs):
        """Offer the gates of the step."""
        super().__init__(*args, **kwargs)
        self.fields["gate"].choices = [(code, GATE_LABELS[code]) for code in codes]


class DevelopmentEndForm(VerbForm):
    """How and why a file ends before admission."""

    kind = forms.ChoiceField(
        label="怎样终止",
        choices=[(one.value, one.label) for one in (DevelopmentEnd.WITHDRAWN, DevelopmentEnd.DROPPED)],
        widget=forms.RadioSelect,
    )
    on_date = DayField(label="哪一天")
    reason = forms.CharField(label="原因", max_length=200)
    version = _version()
