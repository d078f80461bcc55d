"""Addresses of accounts, one by one: what allauth offers beyond them (sign-up, mail, passkeys) does not exist here.

No app_name: allauth reverses its own names without one, and the templates use the same style for ours.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path

from foundation.accounts import views

urlpatterns = [
    path("login/", views.SignInView.as_view(), name="account_login"),
    path("login/second-factor/", views.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("logout/", account.logout, name="account_logout"),
    path("reset/", views.RedeemView.as_view(), name="account_redeem"),
    path("profile/", views.ProfileView.as_view(), name="account_profile"),
    path("large-text/", views.large_text, name="account_large_text"),
    path("sessions/", views.SessionsView.as_view(), name="usersessions_list"),
    path("password/", views.ChangePasswordView.as_view(), name="account_change_password"),
    path("confirm/", views.ConfirmPasswordView.as_view(), name="account_reauthenticate"),
    path("confirm/second-factor/", views.ConfirmSecondFactorView.as_view(), name="mfa_reauthenticate"),
    path("second-factor/", mfa.index, name="mfa_index"),
    path("second-factor/enrol/", totp.activate_totp, name="mfa_activate_totp"),
    path("second-factor/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
]
