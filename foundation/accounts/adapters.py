"""What allauth asks of us: sentences, addresses, what else happens at sign-in, how secrets are stored."""

import time

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from foundation.accounts import lockout, rules, workflow
from foundation.audit.trail import origin_of
from foundation.protection.seal import open_sealed, seal

SIGNED_IN_AT = "signed_in_at"  # session key: Unix time of the sign-in, for the absolute limit
FRESH_SECONDS = 600  # a sign-in younger than this need not be confirmed before enrolling a second factor


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by user name only; nobody signs up, no mail is sent, axes is the only lock-out."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "用户名或密码不对。",
        "enter_current_password": "现在的密码不对，请重新输入。",
        "incorrect_password": "密码不对，请重新输入。",
        "incorrect_code": "验证码不对，或刚刚用过。请输入手机上最新的 6 位数字。",
        "too_many_login_attempts": "试的次数太多，请过 10 分钟再试。",
        "rate_limited": "试的次数太多，请过 10 分钟再试。",
    }

    def is_open_for_signup(self, request):
        """Nobody signs up: accounts are opened by the committee above."""
        return False

    def get_client_ip(self, request):
        """Return the address as the audit trail knows it."""
        return lockout.address_of(request)

    def pre_authenticate(self, request, **credentials):
        """Leave counting to axes; allauth's own counter would lock a name out from everywhere."""

    def login(self, request, user):
        """Sign in, note it, and say when the account was used last.

        The account may have been closed while the second factor was asked for: then back to the start.
        """
        if not rules.may_sign_in(user):
            raise ImmediateHttpResponse(redirect("account_login"))
        before, address = user.last_login, _last_address(user)
        super().login(request, user)
        request.session[SIGNED_IN_AT] = int(time.time())
        workflow.note_sign_in(user, origin=origin_of(request))
        messages.info(request, _last_sign_in(before, address))

    def post_login(self, request, user, **kwargs):
        """Remember the browser, so that strangers' guesses cannot hold this person up."""
        response = super().post_login(request, user, **kwargs)
        lockout.remember_browser(request, response, user.username)
        return response

    def logout(self, request):
        """Sign out and note it."""
        workflow.note_sign_out(request.user, origin=origin_of(request))
        super().logout(request)

    def set_password(self, user, password):
        """Change the password by our verb."""
        workflow.change_password(user, password, origin=origin_of(context.request))

    def get_password_change_redirect_url(self, request):
        """Go to the own account afterwards."""
        return reverse("account_profile")

    def respond_user_inactive(self, request, user):
        """Show the sign-in page: one for closed accounts would tell that the password was right."""
        return redirect("account_login")

    def send_notification_mail(self, *args, **kwargs):
        """Send nothing: accounts have no mail address."""

    def is_reauthentication_required(self, *, app, **kwargs):
        """Ask for the password again before changing the second factor, unless it was given in the last ten minutes."""
        signed_in_at = context.request.session.get(SIGNED_IN_AT, 0)
        if time.time() - signed_in_at < FRESH_SECONDS:
            return False
        return super().is_reauthentication_required(app=app, **kwargs)


class MFAAdapter(DefaultMFAAdapter):
    """Second factor: secrets sealed in the database, the code drawn by segno, not removable where required."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "验证码不对，或刚刚用过。请输入手机上最新的 6 位数字。",
        "cannot_delete_authenticator": "您的职务要求使用动态验证码，不能停用。换手机请先重新绑定，或请安全管理员移除。",
        "cannot_generate_recovery_codes": "还没有绑定动态验证码，不能生成备用码。",
    }

    def encrypt(self, text):
        """Seal a secret for its column."""
        return seal(text, "mfa_authenticator.data")

    def decrypt(self, encrypted_text):
        """Open a sealed secret."""
        return open_sealed(encrypted_text, "mfa_authenticator.data")

    def build_totp_svg(self, url):
        """Return the QR code as inline SVG; colours by attribute, so that no style attribute meets the CSP."""
        return segno.make(url, error="m").svg_inline(scale=5, border=4, light="#fff", svgclass="qr", lineclass=None)

    def can_delete_authenticator(self, authenticator):
        """Keep it where a role requires it."""
        return not authenticator.user.second_factor_required


def _last_address(user) -> str:
    last = UserSession.objects.filter(user_id=user.pk).order_by("-last_seen_at", "-pk").first()
    return last.ip if last is not None else ""


def _last_sign_in(before, address: str) -> str:
    if before is None:
        return "这是您第一次登录。"
    local = timezone.localtime(before)
    where = f"，地址 {address}" if address else ""
    return f"上次登录：{local.year}年{local.month}月{local.day}日 {local:%H:%M}{where}。不是您本人，请立即修改密码。"
