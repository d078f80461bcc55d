"""Input of the pages that belong to no app below."""

from django import forms

from branches.forms import DayField, VerbForm
from dashboard.notices import ACTIONS


class FeedbackForm(forms.Form):
    """意见建议: what is wrong with the portal, or what would make it better."""

    title = forms.CharField(
        label="一句话说明",
        max_length=80,
        help_text="例如：导入名册时看不懂“校验码不符”",
        error_messages={"required": "请写一句话，说说是哪里的问题。", "max_length": "太长了，最多 80 个字。"},
    )
    description = forms.CharField(
        label="具体情况",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="您在做什么，看到了什么，希望怎样。不要写别人的身份证号和电话。",
        error_messages={"max_length": "太长了，最多 2000 个字。"},
    )
    contact = forms.CharField(
        label="联系方式",
        max_length=60,
        required=False,
        help_text="想收到答复就留电话或邮箱，加密保存，只给答复您的人看。",
        error_messages={"max_length": "太长了，最多 60 个字。"},
    )


class FreezeForm(VerbForm):
    """For which year the file of a branch is frozen."""

    year = forms.TypedChoiceField(label="年度", coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args, years, **kwargs):
        """Offer the years that may be frozen."""
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, f"{year} 年") for year in years]


class SearchForm(forms.Form):
    """The search box of the top bar. It is posted: names, phones and identity numbers never stand in an address."""

    q = forms.CharField(label="查什么", max_length=60, error_messages={"required": "请输入要找的内容。"})


class AuditFilterForm(forms.Form):
    """Conditions on the audit trail; none of them is personal data."""

    actor = forms.CharField(label="操作人用户名", required=False, max_length=32)
    action = forms.ChoiceField(
        label="操作", required=False, choices=[("", "全部"), *sorted(ACTIONS.items(), key=lambda item: item[0])]
    )
    person = forms.IntegerField(label="人员编号", required=False, min_value=1)
    object_type = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    object_id = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    from_date = DayField(label="从", required=False)
    until_date = DayField(label="到", required=False)

    def clean(self):
        """Refuse a period that ends before it begins."""
        cleaned = super().clean()
        start, end = cleaned.get("from_date"), cleaned.get("until_date")
        if start and end and end < start:
            self.add_error("until_date", "结束日期早于开始日期，请改其中一个。")
        return cleaned
