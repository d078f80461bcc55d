"""One form per act on a case. `seen` is the state somebody looked at when he decided."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError

from branches.forms import VerbForm
from branches.scope import Reach
from foundation.audit import trail
from grievances.choices import FollowUpMethod, Measure, Result, Satisfaction
from grievances.forms.public import AmountField
from grievances.models import AnswerDraft, Grievance
from grievances.notices import sends_texts
from grievances.rules import cases
from grievances.workflow.drafts import version_of
from grievances.workflow.steps import MOVED_ON

SEG = {"data-style": "seg"}
YES_NO = [("1", "联系上了"), ("0", "没联系上")]
# The handler answers what was done; the complainant says whether it is solved.
ANSWERED = [(Result.SOLVED, "办成了"), (Result.PARTLY, "办成一部分"), (Result.NOT_SOLVED, "没办成")]
KEPT = ("result", "amount_recovered", "text", "measure", "person_times")  # of an answer that is not finished
METHODS = [(method, method.label) for method in FollowUpMethod if method != FollowUpMethod.SELF]


def state_of(grievance: Grievance) -> str:
    """Return what a form carries of the case it was made for."""
    return f"{grievance.status}.{grievance.rung}.{grievance.handler_id or 0}"


def text_area(rows: int = 4) -> forms.Textarea:
    """Return a box for some sentences."""
    return forms.Textarea(attrs={"rows": rows})


class ActForm(VerbForm):
    """The base: the state that was seen. Without it (a form of another program) the state at the time of posting."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, grievance: Grievance, reach: Reach, **kwargs):
        """Carry the state of the case."""
        super().__init__(*args, **kwargs)
        self.grievance, self.reach = grievance, reach
        self.fields["seen"].initial = state_of(grievance)

    def require_unmoved(self) -> None:
        """Raise trail.Conflict when the case has moved on since the form was made."""
        seen = self.cleaned_data.get("seen")
        if seen and seen != state_of(self.grievance):
            raise trail.Conflict(MOVED_ON)

    def values(self) -> dict:
        """Return the arguments of the verb."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class AcceptForm(ActForm):
    """Nothing to say: the case is taken into the ledger."""


class RefuseForm(ActForm):
    """Why it is not accepted, and where to go instead."""

    reason = forms.CharField(
        label="为什么不受理，应该找谁",
        error_messages={"required": "请写为什么不受理、该找谁，诉求人会看到。"},
        max_length=1000,
        widget=text_area(),
        help_text="诉求人会原样看到。写清归谁管、怎么找；他不同意可以请上一级来定。",
    )


class UnitForm(ActForm):
    """A unit whose handling office takes something on; the view offers those that can."""

    unit = forms.ChoiceField(label="转给谁办", error_messages={"required": "请选一个单位。"}, choices=())

    def __init__(self, *args, units: Sequence, **kwargs):
        """Offer the units, each with who acts there."""
        super().__init__(*args, **kwargs)
        self.units = {str(one.organization.pk): one for one in units}
        self.fields["unit"].choices = [("", "请选择"), *((key, one.words) for key, one in self.units.items())]

    def chosen(self):
        """Return the chosen unit."""
        return self.units[self.cleaned_data["unit"]]


class AssignForm(UnitForm):
    """To whom, and a word the complainant reads."""

    words = forms.CharField(
        label="给诉求人的话",
        max_length=500,
        required=False,
        widget=text_area(2),
        help_text="不写就是“转给某某单位办理”。",
    )


class AssistForm(UnitForm):
    """Who helps."""

    def __init__(self, *args, **kwargs):
        """Ask for help instead."""
        super().__init__(*args, **kwargs)
        self.fields["unit"].label = "请谁协办"


class PublicTextForm(ActForm):
    """Some sentences the complainant reads."""

    text = forms.CharField(
        label="办到哪一步了",
        error_messages={"required": "请写一句办到哪一步了，诉求人会看到。"},
        max_length=2000,
        widget=text_area(),
        help_text="诉求人会原样看到。写做了什么、下一步是什么。",
    )


class AskForm(ActForm):
    """What is asked of the complainant."""

    text = forms.CharField(
        label="要诉求人补充什么",
        error_messages={"required": "请写要他补充什么。"},
        max_length=1000,
        widget=text_area(),
    )

    def __init__(self, *args, **kwargs):
        """Say whether he is told of it."""
        super().__init__(*args, **kwargs)
        told = "，也会收到短信" if sends_texts() and self.grievance.phone else "；他收不到短信，要凭查询码来看"
        self.fields["text"].help_text = f"诉求人会原样看到{told}。补充以前，时限停着不算。"


class NoteForm(ActForm):
    """Some sentences among colleagues."""

    text = forms.CharField(
        label="内部意见",
        error_messages={"required": "请写内容。"},
        max_length=2000,
        widget=text_area(),
        help_text="诉求人看不到，办这件的单位和上级看得到。",
    )


class AnswerForm(ActForm):
    """What came of it."""

    result = forms.ChoiceField(
        label="办成了吗",
        error_messages={"required": "请选办成了没有。"},
        choices=ANSWERED,
        widget=forms.RadioSelect(attrs=SEG),
    )
    amount_recovered = AmountField(label="追回多少钱（元）")
    text = forms.CharField(
        label="给诉求人的答复",
        error_messages={"required": "请写给诉求人的答复：结果、依据、不满意怎么办。"},
        max_length=4000,
        widget=text_area(5),
        help_text="诉求人会原样看到。说清结果、依据、不满意怎么办。",
    )
    measure = forms.ChoiceField(label="计为", choices=Measure.choices, required=False)
    person_times = forms.IntegerField(label="人次", min_value=1, max_value=9999, initial=1)
    draft = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, kept: AnswerDraft | None = None, **kwargs):
        """Go on with what was kept; ask for money where it is about money, and say what it was about."""
        if kept is not None:
            kwargs["initial"] = {name: getattr(kept, name) for name in KEPT if getattr(kept, name)}
        super().__init__(*args, **kwargs)
        self.kept = kept
        self.fields["draft"].initial = version_of(kept)
        self.fields["measure"].initial = self.grievance.category.measure
        if not cases.needs_amount(self.grievance):
            del self.fields["amount_recovered"]
            return
        about = self.grievance.amount_involved
        said = f"涉及 ¥{about:,.2f}；" if about else ""
        self.fields["amount_recovered"].help_text = f"{said}没有追回写 0。"
        self.fields["amount_recovered"].required = True
        self.fields["amount_recovered"].error_messages["required"] = "请写追回了多少钱，没有追回写 0。"

    def values(self) -> dict:
        """Return the arguments of the verb."""
        return {name: value for name, value in super().values().items() if name != "draft"}

    def written(self) -> dict[str, str]:
        """Return what was typed, judged by nobody: the arguments of keep_answer. The form shows no errors then."""
        self.errors.clear()
        typed = {name: self[name].value() or "" for name in KEPT if name in self.fields}
        return typed | {"seen": self["draft"].value() or ""}

    def go_on_from(self, kept: AnswerDraft | None) -> None:
        """Carry the version of a draft that came meanwhile: who keeps his words once more has been told of it."""
        self.data = {**self.data, "draft": version_of(kept)}


class ReasonForm(ActForm):
    """A reason; the view words the label."""

    reason = forms.CharField(
        label="理由", error_messages={"required": "请写理由。"}, max_length=1000, widget=text_area(3)
    )

    def __init__(self, *args, label: str, hint: str = "", **kwargs):
        """Word the question."""
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["reason"].help_text = label, hint


class ResumeForm(ActForm):
    """A word why it goes on."""

    text = forms.CharField(
        label="说明",
        max_length=500,
        required=False,
        widget=text_area(2),
        help_text="诉求人会看到。不写就是“恢复办理”。时限从现在接着算。",
    )


class DemandForm(ActForm):
    """What a superior orders."""

    demand = forms.CharField(
        label="督办要求",
        error_messages={"required": "请写要他们办到哪一步。"},
        max_length=480,
        widget=text_area(3),
        help_text="承办单位要回报；诉求人看不到。",
    )


class ReportBackForm(ActForm):
    """What is reported on an order."""

    report = forms.CharField(
        label="办到哪一步了",
        error_messages={"required": "请写办到哪一步了，督办单位会看到。"},
        max_length=1000,
        widget=text_area(3),
        help_text="督办单位看得到，诉求人看不到。",
    )


class ExtendForm(ActForm):
    """How many days more, and why."""

    days = forms.IntegerField(
        label="延长几个工作日", error_messages={"required": "请写延长几个工作日。"}, min_value=1, max_value=60
    )
    reason = forms.CharField(
        label="为什么要延期",
        error_messages={"required": "请写为什么要延期。"},
        max_length=500,
        widget=text_area(3),
        help_text="由上一级委员会批。",
    )

    def __init__(self, *args, most: int = 0, **kwargs):
        """Say how many at most."""
        super().__init__(*args, **kwargs)
        if most:
            self.fields["days"].help_text = f"最多 {most} 个工作日，只能延一次，要在到期以前申请。"


class DecideForm(ActForm):
    """Whether more time is granted."""

    approve = forms.ChoiceField(
        label="批不批",
        error_messages={"required": "请选批不批。"},
        choices=[("1", "批准"), ("0", "不批准")],
        widget=forms.RadioSelect(attrs=SEG),
    )
    note_text = forms.CharField(label="意见", max_length=200, required=False)


class MergeForm(ActForm):
    """The number of the case it goes into."""

    number = forms.CharField(
        label="并到哪一件",
        error_messages={"required": "请写那一件的编号。"},
        max_length=24,
        help_text="写那一件的编号，SQ 开头。并掉的这件不再单独计数，诉求人跟着那一件走。",
    )

    def clean_number(self) -> Grievance:
        """Return the case; one outside the reader's scope is no case."""
        number = self.cleaned_data["number"].strip().upper()
        found = Grievance.objects.visible_to(self.reach).filter(number=number).first()
        if found is None:
            raise ValidationError("没有这个编号的诉求，或者不在您的辖区。")
        return found


class FollowUpForm(ActForm):
    """How it was asked, and what the complainant said."""

    was_reached = forms.ChoiceField(
        label="联系上了吗",
        error_messages={"required": "请选联系上了没有。"},
        choices=YES_NO,
        widget=forms.RadioSelect(attrs=SEG),
    )
    method = forms.ChoiceField(
        label="怎么联系的", choices=METHODS, initial=FollowUpMethod.PHONE, widget=forms.RadioSelect(attrs=SEG)
    )
    solved = forms.ChoiceField(
        label="诉求人说解决了吗",
        choices=Result.choices,
        required=False,
        widget=forms.RadioSelect(attrs=SEG),
        help_text="照他说的记。没解决，或者不满意，转到上一级重办，不会退给原来的人。",
    )
    satisfaction = forms.ChoiceField(
        label="满意吗", choices=Satisfaction.choices, required=False, widget=forms.RadioSelect(attrs=SEG)
    )
    note_text = forms.CharField(
        label="记录",
        max_length=500,
        required=False,
        widget=text_area(2),
        help_text="没联系上必须写：什么时候、怎么联系的。三次没联系上才能按“未联系上”办结。",
    )

    def __init__(self, *args, **kwargs):
        """Say which of the fields is needed when."""
        super().__init__(*args, **kwargs)
        for name in ("solved", "satisfaction"):
            self.fields[name].needed_when = "联系上了要选"
        self.fields["note_text"].needed_when = "没联系上要写"

    def values(self) -> dict:
        """Return the arguments of the verb."""
        found = super().values()
        return found | {"was_reached": found["was_reached"] == "1"}


class WithdrawForm(ActForm):
    """What the driver said."""

    words = forms.CharField(
        label="诉求人怎么说的",
        error_messages={"required": "请写诉求人怎么说的。"},
        max_length=500,
        widget=text_area(2),
        help_text="诉求人会看到。撤回以后不再办，也不计数。",
    )


class RevealForm(VerbForm):
    """Why a protected value has to be looked at."""

    field = forms.ChoiceField(choices=[("phone", "电话"), ("complainant_name", "姓名")])
    reason = forms.CharField(max_length=200)
