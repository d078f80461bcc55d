"""What people fill in about their account."""

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as SecondFactorReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth import password_validation
from django.core.cache import cache

from foundation.accounts import lockout
from foundation.accounts.models import User
from foundation.protection import canonical, identifiers

CODE_MEMORY = 120  # seconds a used code is remembered: longer than it is valid with one step of tolerance
LOCK_WARNING_FROM = 3  # failures left from which the page counts down


def _plain(field, **attrs) -> None:
    # allauth puts the label into the placeholder; a placeholder vanishes while typing and is no label
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attrs)
    field.help_text = ""


class SignInForm(LoginForm):
    """User name and password."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["login"].error_messages |= {
            "required": "请输入用户名。",
            "max_length": "用户名没有这么长，请核对。",
        }
        self.fields["password"].error_messages["required"] = "请输入密码。"
        self.fields["login"].label, self.fields["password"].label = "用户名", "密码"
        _plain(self.fields["login"], autocapitalize="none", spellcheck="false")
        _plain(self.fields["password"])

    def clean(self):
        """Check the password; say how many tries are left once it gets serious."""
        try:
            return super().clean()
        except forms.ValidationError as error:
            raise forms.ValidationError(self._with_warning(error), code="sign_in_failed") from None

    def _with_warning(self, error) -> str:
        left = lockout.failures_left(self.request)
        text = "".join(error.messages)
        if left is None or left > LOCK_WARNING_FROM:
            return text
        return f"{text}再错 {left} 次，这个用户名在您这里将暂停登录 30 分钟，别的同事不受影响。"


class PasswordChangeForm(ChangePasswordForm):
    """Old password, new password twice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        labels = {"oldpassword": "现在的密码", "password1": "新密码", "password2": "再输一次新密码"}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = f"请输入{label.removeprefix('再输一次')}。"
            _plain(self.fields[name])
        self.fields["password1"].help_text = password_rules()


class ReauthenticationForm(ReauthenticateForm):
    """The password again, before something weighty."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["password"].label = "密码"
        self.fields["password"].error_messages["required"] = "请输入密码。"
        _plain(self.fields["password"])


class _OnceOnly:
    """Refuses a code used a moment ago: with a step of tolerance it would still be valid, and could be read off."""

    def clean_code(self):
        """Check the code; remember that it is used up."""
        code = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            digits = "".join(letter for letter in code if letter.isdigit())
            if not cache.add(f"accounts:totp:{self.user.pk}:{digits}", 1, CODE_MEMORY):
                raise forms.ValidationError("这个验证码刚刚用过，请等手机上出现下一个。", code="code_reused")
        return code


def _dress_code(form) -> None:
    form.label_suffix = ""
    form.fields["code"].label = "验证码"
    form.fields["code"].error_messages["required"] = "请输入验证码。"
    _plain(form.fields["code"], inputmode="numeric", maxlength="20", autofocus=True)


class SecondFactorForm(_OnceOnly, AuthenticateForm):
    """The six digits, or a recovery code, during sign-in."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _dress_code(self)


class SecondFactorAgainForm(_OnceOnly, SecondFactorReauthenticateForm):
    """The six digits again, before something weighty."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _dress_code(self)


class EnrolForm(ActivateTOTPForm):
    """The first six digits, which prove that the phone has the secret."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _dress_code(self)


class RedeemForm(forms.Form):
    """User name, one-time code, new password. The code is checked by workflow.redeem, under the lock-out."""

    username = forms.CharField(
        label="用户名",
        max_length=User._meta.get_field("username").max_length,
        error_messages={"required": "请输入用户名。", "max_length": "用户名没有这么长，请核对。"},
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    code = forms.CharField(
        label="一次性验证码",
        max_length=40,
        help_text="10 位字母和数字，大小写和中间的横线都不要紧。",
        error_messages={"required": "请输入一次性验证码。", "max_length": "验证码没有这么长，请核对。"},
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    password1 = forms.CharField(
        label="新密码",
        strip=False,
        max_length=128,
        error_messages={"required": "请输入新密码。", "max_length": "密码最多 128 位。"},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label="再输一次新密码",
        strip=False,
        error_messages={"required": "请再输一次新密码。"},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["password1"].help_text = password_rules()

    def clean_password1(self):
        """Apply the rules that need not know the person; the others follow once the code has proved right."""
        password_validation.validate_password(self.cleaned_data["password1"])
        return self.cleaned_data["password1"]

    def clean(self):
        """Compare the two."""
        cleaned = super().clean()
        if cleaned.get("password1") and cleaned.get("password2") and cleaned["password1"] != cleaned["password2"]:
            self.add_error("password2", "两次输入的新密码不一样，请重新输入。")
        return cleaned


class PhoneForm(forms.Form):
    """One's own phone number."""

    phone = forms.CharField(
        label="新电话",
        required=False,
        max_length=30,
        help_text="11 位手机号。留空再保存就是删去。",
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean_phone(self):
        """Return the canonical number."""
        phone = canonical.canonical_phone(self.cleaned_data["phone"]) if self.cleaned_data["phone"].strip() else ""
        if phone and identifiers.phone_error(phone):
            raise forms.ValidationError("电话应是 11 位手机号，例如 19000000000。请核对后再保存。")
        return phone


def password_rules() -> str:
    """Return the rules for a new password in one sentence."""
    return "；".join(password_validation.password_validators_help_texts()) + "。"
