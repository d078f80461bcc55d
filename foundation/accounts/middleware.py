"""What stands between signing in and working: limits in time, a new password, a second factor."""

import time

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from foundation.accounts import lockout, rules, workflow
from foundation.accounts.adapters import SIGNED_IN_AT
from foundation.accounts.models import User
from foundation.audit.trail import origin_of

SEEN_AT = "seen_at"  # session key: Unix time of the last renewal
SECOND_FACTOR = "second_factor_enrolled"  # session key: the authenticator was seen; removing it ends the session
RENEW_SECONDS = 60  # a session is renewed once a minute at most: a write per request would queue behind an import

ALWAYS = {"account_logout", "account_large_text"}
FOR_PASSWORD = ALWAYS | {"account_change_password"}
FOR_SECOND_FACTOR = ALWAYS | {
    "account_change_password",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
}


class SignInDuties:
    """Ends sign-ins that are too old; sends whoever owes a password or a second factor there and nowhere else.

    It stands before every view, so the admin, the pages and what answers JSON are behind the same door.
    """

    def __init__(self, get_response):
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End or renew the sign-in. Nothing for who is not signed in; three small writes once a minute for others."""
        if request.user.is_authenticated:
            self._end_or_renew(request)
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        """Hold up who owes something."""
        if not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name
        if owes_password(request.user):
            if name not in FOR_PASSWORD:
                return _send(request, "account_change_password", "请先修改密码，改好以后接着做。")
        elif owes_second_factor(request) and name not in FOR_SECOND_FACTOR:
            return _send(request, "mfa_activate_totp", "您的职务要求使用动态验证码，请先绑定手机。")
        return None

    def _end_or_renew(self, request) -> None:
        session, now = request.session, int(time.time())
        signed_in_at = session.setdefault(SIGNED_IN_AT, now)
        if now - signed_in_at >= settings.SESSION_LONGEST_HOURS * 3600:
            workflow.note_sign_out(request.user, origin=origin_of(request))
            logout(request)
            messages.info(request, f"已连续登录 {settings.SESSION_LONGEST_HOURS} 小时，为了安全请重新登录。")
            return
        if now - session.get(SEEN_AT, 0) >= RENEW_SECONDS:
            session[SEEN_AT] = now  # marks the session as changed: saving it moves its end 30 minutes on
            at = timezone.now()
            UserSession.objects.filter(session_key=session.session_key).update(
                last_seen_at=at, ip=lockout.address_of(request)
            )
            User.objects.filter(pk=request.user.pk).update(last_seen_at=at)


def owes_password(user) -> bool:
    """Return whether the password must be changed before anything else. No query."""
    return user.must_change_password or rules.is_password_expired(user, timezone.now(), settings.PASSWORD_MAX_AGE_DAYS)


def owes_second_factor(request) -> bool:
    """Return whether the role asks for a second factor and there is none. One query until it is there, then none."""
    if not request.user.second_factor_required or request.session.get(SECOND_FACTOR):
        return False
    if Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists():
        request.session[SECOND_FACTOR] = True
        return False
    return True


def _send(request, name: str, sentence: str) -> HttpResponse:
    address = reverse(name)
    accepts = request.headers.get("Accept", "")
    if "application/json" in accepts and "text/html" not in accepts:
        return JsonResponse({"code": "sign_in_duty", "detail": sentence, "address": address}, status=403)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address})
    # The page itself says why (templates): a message per blocked request would pile up.
    if request.method == "GET" and request.path != "/":
        address += "?" + urlencode({"next": request.get_full_path()})
    return redirect(address)
