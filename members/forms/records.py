"""Input about dues, appraisals, cards, contact pairs and tags. What is allowed is checked by the verbs."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from branches.forms import DayField, VerbForm
from members.choices import AppraisalGrade, DuesCategory, DuesMethod
from members.forms.fields import YesNoField
from members.rules.dues import BANDS

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def read_month(text: str) -> date | None:
    """Return the first day of a month written 2026-11; None for anything else."""
    found = _MONTH.fullmatch(text or "")
    if not found or not 1 <= int(found[2]) <= 12 or not 1950 <= int(found[1]) <= 2100:
        return None
    return date(int(found[1]), int(found[2]), 1)


class MonthField(forms.CharField):
    """A month with the browser's own picker; its first day to the verb."""

    def __init__(self, **kwargs):
        """Offer the picker."""
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "month"}))
        super().__init__(**kwargs)

    def clean(self, value):
        """Return the first day of the month, None for nothing. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        month = read_month(text)
        if month is None:
            raise ValidationError("月份写成 2026-11 这样。")
        return month

    def prepare_value(self, value):
        """Show a day as its month."""
        return f"{value:%Y-%m}" if isinstance(value, date) else value


class MoneyField(forms.DecimalField):
    """An amount in yuan, to 分; people write 12，12.5, ¥12.50 or 1,200."""

    def __init__(self, **kwargs):
        """Keep to what a row can hold."""
        kwargs |= {"max_digits": 8, "decimal_places": 2, "min_value": Decimal(0)}
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        kwargs.setdefault("error_messages", {"invalid": "金额写成 12 或者 12.50 这样。"})
        super().__init__(**kwargs)

    def to_python(self, value):
        """Read what people write around a number."""
        return super().to_python(re.sub(r"[¥￥,，\s]|元$", "", value) if isinstance(value, str) else value)


class RateForm(VerbForm):
    """By what the monthly due is reckoned."""

    category = forms.ChoiceField(label="按什么算", choices=DuesCategory.choices, widget=forms.RadioSelect)
    income = MoneyField(
        label="每月税后收入（元）",
        required=False,
        help_text="有工资、经营收入或离退休的填。按季度有收入的，填上季度的月平均。只用来算，不保存。",
    )
    monthly_due = MoneyField(
        label="每月应交（元）", required=False, help_text="农民填 0.20 到 1.00；困难少交填批准的数，免交填 0"
    )
    from_month = MonthField(label="自哪个月起")
    reason = forms.CharField(label="有什么困难", max_length=200, required=False, help_text="困难少交、免交的填")
    document = forms.CharField(label="上级党委批准文号", max_length=80, required=False, help_text="困难少交、免交的填")

    def clean(self):
        """Pass on what the category asks for only."""
        data = super().clean()
        if data.get("category") in BANDS:
            data["monthly_due"] = None
        elif "category" in data:
            data["income"] = None
        return data


class PaymentsForm(VerbForm):
    """When and how the ticked members paid; who and how much stands beside, line by line."""

    paid_date = DayField(label="哪天交的")
    method = forms.ChoiceField(
        label="怎么交的",
        choices=[(one.value, one.label) for one in DuesMethod if one != DuesMethod.EXEMPT],
        widget=forms.RadioSelect,
        initial=DuesMethod.PHONE,
    )
    until_month = MonthField(label="交到哪个月（含）", help_text="改了以后点“重新算”，金额跟着变")


class TakeBackForm(VerbForm):
    """Why an entry is countered."""

    reason = forms.CharField(label="为什么冲正", max_length=200, help_text="如 记错了人、金额不对")


class AppraisalsForm(VerbForm):
    """When the appraisal was held; the grades stand beside, line by line."""

    held_date = DayField(label="评议日期")


class AppraisalCorrectForm(VerbForm):
    """A correction of one appraisal."""

    grade = forms.ChoiceField(label="等次", choices=AppraisalGrade.choices, widget=forms.RadioSelect)
    held_date = DayField(label="评议日期")
    reason = forms.CharField(label="为什么更正", max_length=200)


class ConsentForm(VerbForm):
    """How the holder agreed."""

    note = forms.CharField(label="本人怎么同意的", max_length=120, help_text="如 当面同意、书面同意")


class PairForm(VerbForm):
    """The driver, by the name and phone he gave."""

    name = forms.CharField(label="司机姓名", max_length=50)
    phone = forms.CharField(
        label="司机手机号", max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
    )


class TagForm(VerbForm):
    """Why somebody is named a backbone, or is none any more."""

    reason = forms.CharField(label="凭什么", max_length=200, help_text="如 带头参加志愿服务队，帮带新司机")


class VeteranForm(VerbForm):
    """Whether somebody is a veteran, and by what one knows it."""

    is_veteran = YesNoField(label="退役军人")
    reason = forms.CharField(label="凭什么", max_length=200, help_text="如 看过退伍证")
