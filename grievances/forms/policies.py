"""Input of limits and categories."""

from __future__ import annotations

from datetime import time

from django import forms

from branches.forms import VerbForm, date_input
from branches.models import Organization
from grievances.choices import ClockKind, Level, Measure, Unit, Urgency
from grievances.models import Category

EVERY = [("", "全部")]
CLOCKS = [(kind.value, kind.label) for kind in ClockKind if kind != ClockKind.PROMISE]  # promised is the answer's limit


class CategoryChoice(forms.ModelChoiceField):
    """A category; kinds stand indented under their main one."""

    def label_from_instance(self, category) -> str:
        """Return the name."""
        return f"　{category.name}" if category.parent_id else category.name


class PolicyForm(VerbForm):
    """A new limit."""

    clock = forms.ChoiceField(label="哪个时限", choices=CLOCKS, help_text="对诉求人的承诺就是答复的时限，不另设")
    category = CategoryChoice(Category.objects.none(), label="类别", required=False, empty_label="全部")
    level = forms.ChoiceField(label="级别", choices=EVERY + Level.choices, required=False)
    urgency = forms.ChoiceField(label="紧急程度", choices=EVERY + Urgency.choices, required=False)
    organization = forms.CharField(
        label="适用辖区", required=False, max_length=40, help_text="委员会的代码，如 510400；空着就是全国通用"
    )
    amount = forms.IntegerField(label="时限", min_value=1, max_value=999)
    unit = forms.ChoiceField(label="单位", choices=Unit.choices, initial=Unit.WORKING_DAYS)
    closes_at = forms.TimeField(
        label="截止钟点", initial=time(18, 0), help_text="按工作日算的时限截至几点；00:00 表示当天 24:00"
    )
    from_date = forms.DateField(label="施行日期", widget=date_input(), help_text="同样范围的旧规定到这一天停止")
    remind_hours = forms.IntegerField(label="提前几小时提醒", min_value=0, max_value=240, initial=0)
    extension_days = forms.IntegerField(label="可延长（工作日）", min_value=0, max_value=60, initial=0)
    escalates = forms.BooleanField(label="逾期自动升到上一级", required=False)
    rule = forms.CharField(label="规则原文", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    source = forms.CharField(label="出处", max_length=200, help_text="文件名、文号、日期")
    is_verified = forms.BooleanField(label="我核对过原文", required=False)

    def __init__(self, *args, **kwargs):
        """Offer the categories in use."""
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = Category.objects.offered()

    def clean_organization(self) -> Organization | None:
        """Return the committee of a code."""
        code = self.cleaned_data["organization"].strip()
        if not code:
            return None
        found = Organization.objects.filter(code=code).first()
        if found is None:
            raise forms.ValidationError("没有这个代码的组织。")
        return found


class PolicyEndForm(VerbForm):
    """From which day a limit applies to nothing new."""

    until_date = forms.DateField(label="从哪一天起停止", widget=date_input())


class CategoryForm(VerbForm):
    """What people may choose."""

    code = forms.SlugField(label="代码", max_length=40, help_text="小写英文和下划线，定了不改")
    name = forms.CharField(label="名称", max_length=30)
    parent = CategoryChoice(Category.objects.none(), label="归到哪个大类", required=False, empty_label="自己是大类")
    is_money = forms.BooleanField(label="涉及金额：答复时要写追回多少钱", required=False)
    measure = forms.ChoiceField(label="办成后计为", choices=Measure.choices)
    position = forms.IntegerField(label="次序", min_value=0, max_value=32000, initial=0)
    is_active = forms.BooleanField(
        label="在用", required=False, initial=True, help_text="停用以后不能再选，已有的诉求不变"
    )

    def __init__(self, *args, category: Category | None = None, **kwargs):
        """Show a category as it is; its code stays."""
        if category is not None:
            kwargs["initial"] = {name: getattr(category, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        mains = Category.objects.filter(parent__isnull=True)
        self.fields["parent"].queryset = mains.exclude(pk=category.pk) if category is not None else mains
        if category is not None:
            del self.fields["code"]
