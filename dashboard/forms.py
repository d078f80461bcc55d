"""Input of the pages that belong to no app below."""

from django import forms


class FeedbackForm(forms.Form):
    """意见建议: what is wrong with the portal, or what would make it better."""

    title = forms.CharField(
        label="一句话说明",
        max_length=80,
        help_text="例如：导入名册时看不懂“校验位不符”",
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


class SearchForm(forms.Form):
    """The search box of the top bar. It is posted: names, phones and identity numbers never stand in an address."""

    q = forms.CharField(label="查什么", max_length=60, error_messages={"required": "请输入要找的内容。"})
