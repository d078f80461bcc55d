"""What a complainant types: a new case, code and passphrase, and what he says on his case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cached_property

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from branches.choices import DivisionLevel
from branches.forms import VerbForm
from branches.models import Division
from foundation.protection.canonical import canonical_phone
from foundation.protection.identifiers import phone_error
from foundation.protection.masks import scrub
from grievances.choices import Result, Satisfaction, Urgency
from grievances.models import Category
from grievances.notices import sends_texts
from grievances.workflow.evidence import MOST, Checked, checked_file

ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf"
TEXTED = "留电话我们会发短信；不留也行，凭查询码看。"
NOT_TEXTED = "办的人好联系您；不留也行。本站还没有开通短信，请凭查询码看进度。"
NAMED, CONFIDENTIAL, ANONYMOUS = "named", "confidential", "anonymous"
TITLE_LENGTH = 30
_SENTENCE_ENDS = re.compile(r"[。！？!?；;\n]")
ICONS = {
    "freight": "cash-coin",
    "wages": "people",
    "loan": "credit-card",
    "insurance": "shield-check",
    "accident": "exclamation-triangle",
    "labour": "journal-text",
    "platform": "phone",
    "schooling": "book",
    "parking": "p-square",
    "passage": "cone-striped",
    "enforcement": "clipboard-check",
    "service": "signpost-2",
    "hardship": "life-preserver",
}


def title_from(text: str) -> str:
    """Return the first sentence of a text as a title of at most 30 characters; numbers of people in it are masked."""
    first = next((part.strip() for part in _SENTENCE_ENDS.split(text) if part.strip()), "")
    first = " ".join(scrub(first).split())
    return first if len(first) <= TITLE_LENGTH else f"{first[: TITLE_LENGTH - 1]}…"


class FilesInput(forms.ClearableFileInput):
    """An input that takes several files."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Several photos or PDFs, each checked and drawn anew; clean() gives a list of Checked."""

    widget = FilesInput

    def __init__(self, **kwargs):
        """Offer pictures and PDFs only."""
        kwargs.setdefault("widget", FilesInput(attrs={"accept": ACCEPTED, "multiple": True}))
        super().__init__(required=False, **kwargs)

    def clean(self, data, initial=None) -> list[Checked]:
        """Return what may be stored. Raises ValidationError, one sentence for each file that may not."""
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if len(files) > MOST:
            raise ValidationError(f"一次最多 {MOST} 个文件，请少选几个。")
        kept, errors = [], []
        for number, file in enumerate(files, start=1):
            try:
                kept.append(checked_file(file))
            except ValidationError as error:
                words = error.messages[0]
                errors.append(f"第 {number} 个：{words}" if len(files) > 1 else words)
        if errors:
            raise ValidationError(errors)
        return kept


class AmountField(forms.DecimalField):
    """Yuan, typed as people type them: 18,600、18600元、¥18600."""

    def __init__(self, **kwargs):
        """Word the refusals."""
        words = "请填数字，例如 18600 或 18600.50。"
        kwargs["error_messages"] = {
            "invalid": words,
            "min_value": "金额不能小于 0。",
            "max_digits": "这个数太大了，请核对。",
            "max_whole_digits": "这个数太大了，请核对。",
            "max_decimal_places": "最多写到分，也就是两位小数。",
        }
        super().__init__(max_digits=12, decimal_places=2, min_value=Decimal(0), required=False, **kwargs)
        self.widget = forms.TextInput(attrs={"inputmode": "decimal", "maxlength": 20, "autocomplete": "off"})

    def to_python(self, value):
        """Drop what people write around a number."""
        return super().to_python(re.sub(r"[\s,，¥￥元]", "", value) if isinstance(value, str) else value)


def provinces() -> list[tuple[str, str]]:
    """Return code and name of every province. One query."""
    return list(_in_force().filter(level=DivisionLevel.PROVINCE).values_list("code", "name"))


def divisions_of(province: str) -> list:
    """Return the choices within a province: the whole of it, then cities as groups of counties. One query."""
    rows = list(_in_force().filter(code__startswith=province[:2]).values_list("code", "name", "parent_id"))
    names = {code: name for code, name, _ in rows}
    groups: dict[str, list] = {code: [] for code, _, parent in rows if parent == province}
    for code, name, parent in rows:
        if parent in groups:
            groups[parent].append((code, name))
    whole = names.get(province, "")
    choices: list = [("", "不选，说不清"), (province, f"{whole}（不在下面，或者说不清哪个市）")] if whole else []
    for city, counties in groups.items():
        name = whole if names[city] in {"市辖区", "县"} else names[city]
        choices.append((name, [(city, f"{name}（说不清哪个区县）"), *counties]))
    return choices


def _in_force():
    today = date.today()
    return Division.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=today)).order_by("code")


class ComplaintForm(VerbForm):
    """What is told of a new case. Two things must be there: what it is about, and what happened."""

    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)
    category = forms.ChoiceField(
        label="是哪方面的事",
        widget=forms.RadioSelect,
        error_messages={"required": "请点一个，拿不准就点“其他”。", "invalid_choice": "没有这个类别，请重新点一个。"},
    )
    kind = forms.ChoiceField(label="再具体一点", required=False)
    description = forms.CharField(
        label="说说经过",
        max_length=4000,
        help_text="什么时候、在哪里、对方是谁、多少钱。想到什么写什么，可以用手机语音输入。",
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": 4000}),
        error_messages={"required": "请写几句经过，一句也行。", "max_length": "太长了，最多 4,000 个字。"},
    )
    title = forms.CharField(
        label="标题", max_length=80, required=False, help_text="空着就用经过的第一句。不要写姓名和电话。"
    )
    respondent = forms.CharField(label="对方是谁", max_length=80, required=False, help_text="单位或人，知道多少写多少")
    division = forms.CharField(
        label="在哪里发生的",
        required=False,
        max_length=6,
        widget=forms.Select,
        help_text="按这个地方转给能办的单位。不选就先转给上一级，不耽误办。",
    )
    place = forms.CharField(
        label="具体地点",
        max_length=120,
        required=False,
        help_text="例如：攀枝花南服务区停车场",
    )
    amount_involved = AmountField(label="涉及多少钱")
    name = forms.CharField(label="怎么称呼您", max_length=50, required=False, widget=forms.TextInput)
    phone = forms.CharField(
        label="手机号",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"max_length": "手机号应是 11 位数字，以 1 开头。"},
    )
    identity = forms.ChoiceField(
        label="谁能知道是您说的",
        required=False,
        initial=NAMED,
        widget=forms.RadioSelect,
        choices=[
            (NAMED, "办这件事的单位都能知道"),
            (CONFIDENTIAL, "只告诉一个单位：当地委员会里承办的那一个。别的单位和上级只看得到事情，看不到您是谁"),
            (ANONYMOUS, "谁也不告诉（匿名）：不存姓名和电话，凭查询码看进度"),
        ],
    )
    is_urgent = forms.BooleanField(label="很急：困在路上、遇上恶劣天气、突发急病", required=False)
    evidence = FilesField(
        label="照片或单据", help_text=f"照片或 PDF，最多 {MOST} 个，每个不超过 10 MB。照片里的拍摄地点会去掉。"
    )

    def __init__(self, *args, province: str, **kwargs):
        """Offer the categories and the places of one province. Two queries."""
        super().__init__(*args, **kwargs)
        self.province = province
        self.fields["phone"].help_text = TEXTED if sends_texts() else NOT_TEXTED
        self.fields["category"].choices = [(str(one.pk), one.name) for one in self.main]
        kinds = [(main.name, [(str(one.pk), one.name) for one in self._kinds_of(main)]) for main in self.main]
        self.fields["kind"].choices = [("", "不选"), *((name, choices) for name, choices in kinds if choices)]
        self.fields["division"].widget.choices = divisions_of(province)

    @cached_property
    def categories(self) -> list[Category]:
        """Return what may be chosen: all but remarks about the portal itself."""
        return list(Category.objects.offered().filter(is_about_portal=False))

    @property
    def main(self) -> list[Category]:
        """Return the main categories."""
        return [one for one in self.categories if one.parent_id is None]

    def _kinds_of(self, main: Category) -> Iterable[Category]:
        return (one for one in self.categories if one.parent_id == main.pk)

    def category_chips(self) -> list[dict]:
        """Return {value, label, icon, checked} of every main category."""
        chosen = str(self["category"].value() or "")
        return [
            {
                "value": str(one.pk),
                "label": one.name,
                "icon": ICONS.get(one.code, "three-dots"),
                "checked": str(one.pk) == chosen,
            }
            for one in self.main
        ]

    def clean_phone(self) -> str:
        """Return the number as it was typed; one that is none is said with the other mistakes, not after them."""
        phone = self.cleaned_data["phone"]
        if phone_error(canonical_phone(phone)) is not None:
            raise ValidationError("手机号应是 11 位数字，以 1 开头。")
        return phone

    def clean_division(self) -> Division | None:
        """Return the place. One query."""
        code = self.cleaned_data["division"]
        if not code:
            return None
        found = _in_force().filter(pk=code).select_related("parent__parent").first()
        if found is None:
            raise ValidationError("没有这个地方，请重新选。")
        return found

    def clean(self) -> dict:
        """Join what belongs together: the kind with its category, the name of the case, who is told."""
        cleaned = super().clean()
        by_key = {str(one.pk): one for one in self.categories}
        main, kind = by_key.get(cleaned.get("category", "")), by_key.get(cleaned.get("kind", ""))
        if main is not None and kind is not None and kind.parent_id != main.pk:
            self.add_error("kind", f"“{kind.name}”不属于“{main.name}”，请改其中一个。")
        cleaned["about"] = kind or main
        if not cleaned.get("title") and cleaned.get("description"):
            cleaned["title"] = title_from(cleaned["description"])
        told = bool(cleaned.get("name") or cleaned.get("phone"))
        identity = cleaned.get("identity") or NAMED
        if identity == ANONYMOUS and told:
            words = "选了匿名就不存姓名和电话：请把它们删去；想让办的人联系您，就选“只告诉一个单位”。"
            self.add_error("identity", words)
        cleaned["is_anonymous"] = identity == ANONYMOUS or (identity == NAMED and not told and not self.knows_driver())
        cleaned["is_confidential"] = identity == CONFIDENTIAL
        cleaned["urgency"] = Urgency.URGENT if cleaned.get("is_urgent") else Urgency.NORMAL
        return cleaned

    def knows_driver(self) -> bool:
        """Return whether the complainant is somebody of the registry; never on the public page."""
        return False

    def told(self) -> dict:
        """Return what goes into a Complaint as it was typed."""
        data = self.cleaned_data
        kept = ("title", "description", "respondent", "division", "place", "amount_involved", "urgency", "is_anonymous")
        return {name: data[name] for name in kept} | {
            "category": data["about"],
            "name": data["name"],
            "phone": data["phone"],
        }


class TrackForm(VerbForm):
    """Code and passphrase."""

    code = forms.CharField(
        label="查询码",
        max_length=20,
        help_text="8 位字母和数字，例如 K7QM-42XD",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "请填查询码。", "max_length": "查询码是 8 位，请核对。"},
    )
    passphrase = forms.CharField(
        label="口令",
        max_length=20,
        help_text="和查询码一起给您的 6 位字母和数字",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "请填口令。", "max_length": "口令是 6 位，请核对。"},
    )


class ReplyForm(VerbForm):
    """An answer to a question, or something to add; words or files."""

    text = forms.CharField(
        label="补充什么",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 4000}),
        error_messages={"max_length": "太长了，最多 4,000 个字。"},
    )
    evidence = FilesField(label="照片或单据", help_text=f"照片或 PDF，一件诉求最多 {MOST} 个，每个不超过 10 MB。")

    def clean(self) -> dict:
        """Ask for one of the two; files alone are said in words."""
        cleaned = super().clean()
        files = cleaned.get("evidence")
        if "text" in cleaned and not cleaned["text"].strip():
            if not files and "evidence" not in self.errors:
                self.add_error("text", "请写要补充的内容，或者选照片。")
            cleaned["text"] = f"补充了 {len(files)} 个文件。" if files else ""
        return cleaned


class ConfirmForm(VerbForm):
    """Whether it is solved, and how the handling was."""

    solved = forms.ChoiceField(
        label="解决了吗",
        choices=Result.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选解决没有。", "invalid_choice": "请选解决没有。"},
    )
    satisfaction = forms.ChoiceField(
        label="办得怎么样",
        choices=Satisfaction.choices,
        initial=Satisfaction.UNRATED,
        required=False,
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label="想说的话",
        max_length=500,
        required=False,
        help_text="没解决的，写一句还差什么，上一级接着办。",
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        error_messages={"max_length": "太长了，最多 500 个字。"},
    )

    def clean_satisfaction(self) -> str:
        """Return the choice; nobody is made to rate."""
        return self.cleaned_data["satisfaction"] or Satisfaction.UNRATED


class WordsForm(VerbForm):
    """One sentence of why."""

    words = forms.CharField(
        label="写一句为什么",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        error_messages={"required": "请写一句为什么。", "max_length": "太长了，最多 500 个字。"},
    )


class WithdrawForm(VerbForm):
    """Why it is withdrawn; not asked for."""

    words = forms.CharField(
        label="不想办的原因",
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 500}),
        error_messages={"max_length": "太长了，最多 500 个字。"},
    )
