"""The one lock-out (django-axes), told apart by account and address, and the brake on guesses from everywhere.

docs/decisions/0004-accounts.md says why: five failures per user name and address, then 30 minutes; and 20 failures
against one user name from wherever, then only browsers that have signed in to that account before.
"""

import ipaddress
import math
import unicodedata
from datetime import datetime

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from foundation.accounts import workflow
from foundation.audit.trail import origin_of

SIEGE_LIMIT = 20  # failures against one user name within the cool-off time, whatever the address
RESET_PREFIX = "reset:"  # attempts on one-time codes are counted apart; ":" is in no user name
KNOWN_BROWSER_AGE = 180 * 24 * 3600  # seconds
_BROWSER_SALT = "foundation.accounts.known_browser"
_REMEMBERED_ACCOUNTS = 8  # colleagues who share one browser


class SignInGuard(AxesDatabaseHandler):
    """Axes' database handler with the second brake and our audit entries."""

    def is_locked(self, request, credentials=None):
        """Return whether this attempt is refused before the password is looked at. Two queries."""
        if super().is_locked(request, credentials):
            return True
        request.sign_in_besieged = self.is_besieged(request, credentials)
        return request.sign_in_besieged

    def is_besieged(self, request, credentials=None) -> bool:
        """Return whether somebody is guessing this account from many places and this browser is a stranger to it."""
        username = get_client_username(request, credentials)
        if not username or username.startswith(RESET_PREFIX) or is_known_browser(request, username):
            return False
        recent = AccessAttempt.objects.filter(username=username, attempt_time__gte=get_cool_off_threshold(request))
        return (recent.aggregate(total=Sum("failures_since_start"))["total"] or 0) >= SIEGE_LIMIT

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        """Count the failure and trace it; an attempt during a lock-out is neither counted nor traced again."""
        already_out = request is not None and request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is None or already_out:
            return
        username = get_client_username(request, credentials) or ""
        workflow.note_failure(
            username.removeprefix(RESET_PREFIX),
            origin=origin_of(request),
            locked=bool(request.axes_locked_out),
            by="reset_code" if username.startswith(RESET_PREFIX) else "password",
        )


def username_of(request: HttpRequest, credentials: dict | None) -> str:
    """Return the user name as it is counted: trimmed, folded, lower case; so "ZhouXW " does not start anew."""
    given = (credentials or {}).get("username") or request.POST.get("login") or ""
    return unicodedata.normalize("NFKC", str(given)).strip().lower().replace("\0", "")[:255]


def address_of(request: HttpRequest) -> str:
    """Return the address a request came from; behind a proxy the last one the proxy wrote."""
    try:
        return str(ipaddress.ip_address(origin_of(request).address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - a socket without address, or a proxy that writes nonsense


def counted_address(request: HttpRequest) -> str:
    """Return the address as failures are counted by: of IPv6 the /64, since one household or attacker owns it all."""
    address = ipaddress.ip_address(address_of(request))
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def failures_left(request: HttpRequest) -> int | None:
    """Return how many more failures this name has at this address, None before any was counted."""
    counted = getattr(request, "axes_failures_since_start", None)
    return None if counted is None else max(settings.AXES_FAILURE_LIMIT - counted, 0)


def locked_until(request: HttpRequest, username: str) -> datetime:
    """Return when this name may try again: at this address, or, under siege, when the oldest guesses fall out."""
    attempts = AccessAttempt.objects.filter(username=username)
    if not getattr(request, "sign_in_besieged", False):
        attempts = attempts.filter(ip_address=counted_address(request))
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    return last + settings.AXES_COOLOFF_TIME


def locked_out(request, original_response=None, credentials=None) -> HttpResponse:
    """Answer 429 in words: how long, who else is touched (nobody), and the way out."""
    username = username_of(request, credentials)
    until = locked_until(request, username)
    seconds = max(1, math.ceil((until - timezone.now()).total_seconds()))
    minutes = max(1, math.ceil(seconds / 60))
    besieged = getattr(request, "sign_in_besieged", False)
    context = {
        "until": until,
        "minutes": minutes,
        "besieged": besieged,
        "for_code": username.startswith(RESET_PREFIX),
        "username": username.removeprefix(RESET_PREFIX),
        "limit": settings.AXES_FAILURE_LIMIT,
    }
    if "application/json" in request.headers.get("Accept", ""):
        body = {"code": "locked_out", "detail": f"错误次数太多，请在 {minutes} 分钟后再试。", "retry_after": seconds}
        response: HttpResponse = JsonResponse(body, status=429)
    else:
        response = render(request, "account/locked_out.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


# --- browsers that have signed in before ------------------------------------------------------------------------------
def cookie_name() -> str:
    """Return the name of the cookie that remembers which accounts signed in from this browser."""
    return "__Host-known_browser" if settings.SESSION_COOKIE_SECURE else "known_browser"


def is_known_browser(request: HttpRequest, username: str) -> bool:
    """Return whether this account has signed in from this browser in the last 180 days. No query."""
    mark = _mark(username)
    return any(constant_time_compare(mark, known) for known in _marks(request))


def remember_browser(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Add the account to the browser's signed list; it opens nothing, it only passes the brake."""
    mark = _mark(username)
    marks = [mark, *(known for known in _marks(request) if known != mark)][:_REMEMBERED_ACCOUNTS]
    response.set_cookie(
        cookie_name(),
        signing.dumps(marks, salt=_BROWSER_SALT),
        max_age=KNOWN_BROWSER_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> list[str]:
    try:
        marks = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_BROWSER_SALT, max_age=KNOWN_BROWSER_AGE)
    except signing.BadSignature:
        return []
    return [mark for mark in marks if isinstance(mark, str)]


def _mark(username: str) -> str:
    return salted_hmac(_BROWSER_SALT, username.lower(), algorithm="sha256").hexdigest()[:32]
