"""What AUTH_PASSWORD_VALIDATORS asks of a new password, with sentences that say what to do."""

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator as DjangoCommonPasswordValidator
from django.contrib.auth.password_validation import MinimumLengthValidator as DjangoMinimumLengthValidator
from django.core.exceptions import ValidationError

from foundation.accounts import rules


class MinimumLengthValidator(DjangoMinimumLengthValidator):
    """At least so many characters."""

    def get_error_message(self):
        """Say how many are needed."""
        return f"密码太短，至少要 {self.min_length} 位。"

    def get_help_text(self):
        """Say the rule beforehand."""
        return f"至少 {self.min_length} 位"


class CommonPasswordValidator(DjangoCommonPasswordValidator):
    """Not among the passwords everybody tries first."""

    def get_error_message(self):
        """Say why."""
        return "这个密码太常见，别人一试就中。换一个，例如把两三个不相干的词连起来。"

    def get_help_text(self):
        """Say the rule beforehand."""
        return "不用常见的密码"


class CharacterClassesValidator:
    """Three of the four classes: lower case, upper case, digits, anything else."""

    def validate(self, password, user=None):
        """Raise ValidationError when there are too few classes."""
        if rules.character_classes(password) < rules.LEAST_CLASSES:
            raise ValidationError(
                "密码要用到小写字母、大写字母、数字、符号（或汉字）里的至少三种。", code="password_too_plain"
            )

    def get_help_text(self):
        """Say the rule beforehand."""
        return "小写字母、大写字母、数字、符号里至少三种"


class PersonalDataValidator:
    """Nothing that colleagues know about the person."""

    def validate(self, password, user=None):
        """Raise ValidationError when user name, name, its pinyin or the phone is part of the password."""
        if user is None:
            return
        found = rules.personal_data_in(password, username=user.username, name=user.name, phone=user.phone or "")
        if found:
            raise ValidationError(f"密码里有您的{found}，容易被人猜到。换一个不含它的密码。", code="password_personal")

    def get_help_text(self):
        """Say the rule beforehand."""
        return "不含用户名、姓名、姓名拼音、电话"


class ReuseValidator:
    """None of the last passwords again. Also keeps the record of them, whatever way a password is set."""

    def validate(self, password, user=None):
        """Raise ValidationError when the password is one of the last three. One query, three hashes at most."""
        if user is None or user.pk is None:
            return
        last = user.password_records.order_by("-set_at", "-pk").values_list("password", flat=True)
        if any(check_password(password, old) for old in last[: rules.REMEMBERED_PASSWORDS]):
            raise ValidationError(
                f"这是您最近 {rules.REMEMBERED_PASSWORDS} 次用过的密码，请换一个没用过的。", code="password_reused"
            )

    def password_changed(self, password, user=None):
        """Remember the new password's hash and forget all but the last three. Django calls this after saving."""
        user.password_records.create(password=user.password, set_at=user.password_changed_at)
        kept = user.password_records.order_by("-set_at", "-pk").values_list("pk", flat=True)
        user.password_records.exclude(pk__in=list(kept[: rules.REMEMBERED_PASSWORDS])).delete()

    def get_help_text(self):
        """Say the rule beforehand."""
        return f"不是最近 {rules.REMEMBERED_PASSWORDS} 次用过的"
