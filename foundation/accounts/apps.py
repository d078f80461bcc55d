"""The app of users and sign-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, passwords, second factor, own sign-ins. Knows no branch and no role."""

    name = "foundation.accounts"
    label = "accounts"
    verbose_name = "账号"
    default_auto_field = "django.db.models.BigAutoField"
