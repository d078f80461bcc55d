"""The app of users and sign-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, passwords, second factor, own sign-ins. Knows no branch and no role."""

    name = "foundation.accounts"
    label = "accounts"
    verbose_name = "账号"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        """Listen to allauth; keep its tables (secrets, session keys) and axes' out of the admin."""
        from allauth.account.models import EmailAddress, EmailConfirmation
        from allauth.mfa.models import Authenticator
        from allauth.usersessions.models import UserSession
        from django.contrib import admin

        from foundation.accounts import receivers  # noqa: F401 - registers itself
        from foundation.protection.rotation import also_seals

        also_seals("mfa.Authenticator", "data", "mfa_authenticator.data")  # sealed by accounts.adapters

        for model in (EmailAddress, EmailConfirmation, Authenticator, UserSession):
            if admin.site.is_registered(model):
                admin.site.unregister(model)
