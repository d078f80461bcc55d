"""What people choose about notifications."""

from django import forms

from foundation.notifications.choices import ChannelKind, EventGroup

_ID = r"^[A-Za-z0-9_.@-]*\Z"  # WeCom's own rule for its user ids


class PreferencesForm(forms.Form):
    """Addresses, the digest, and one box per group of events and outside channel that is configured."""

    email = forms.EmailField(
        label="邮箱",
        required=False,
        max_length=100,
        help_text="不填就不发邮件。",
        error_messages={"invalid": "邮箱的写法不对，例如 clerk@example.com。"},
    )
    wecom_id = forms.RegexField(
        _ID,
        label="企业微信账号",
        required=False,
        max_length=64,
        help_text="企业微信里的账号（成员 UserID），不填就不发企业微信。",
        error_messages={"invalid": "企业微信账号只有英文字母、数字和 _ . @ -。"},
    )
    digest = forms.BooleanField(
        label="不急的每天 8:00 汇总成一条",
        required=False,
        help_text="紧急的仍然马上发。站内通知不受影响。",
    )

    def __init__(self, *args, channels: tuple[ChannelKind, ...], on: dict[tuple[str, str], bool], **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.channels = channels
        if ChannelKind.EMAIL not in channels:
            del self.fields["email"]
        if ChannelKind.WECOM not in channels:
            del self.fields["wecom_id"]
        if not channels:
            del self.fields["digest"]
        self.pairs = {f"{group}-{kind}": (group.value, kind.value) for group in EventGroup for kind in channels}
        for name, pair in self.pairs.items():
            label = f"{EventGroup(pair[0]).label}：{ChannelKind(pair[1]).label}"
            self.fields[name] = forms.BooleanField(label=label, required=False, initial=on[pair])

    def table(self):
        """Yield (label of a group, its boxes in the order of the channels)."""
        for group in EventGroup:
            yield group.label, [self[f"{group}-{kind}"] for kind in self.channels]

    def addresses(self):
        """Return the fields above the table."""
        return [self[name] for name in ("email", "wecom_id", "digest") if name in self.fields]

    @property
    def chosen(self) -> dict[tuple[str, str], bool]:
        """The boxes of a valid form: {(group, channel): on}."""
        return {pair: self.cleaned_data[name] for name, pair in self.pairs.items()}
