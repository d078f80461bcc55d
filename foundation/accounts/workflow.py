"""Verbs on accounts: may? → check → change → trace. Posts are unknown here (rules.register_decider)."""

import hmac
import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.contrib.auth import password_validation
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from foundation.accounts import rules
from foundation.accounts.models import ResetCode, User
from foundation.audit import trail
from foundation.audit.trail import Origin
from foundation.protection import canonical, identifiers
from foundation.protection.seal import blind

CODE_LETTERS = "ABCDEFGHJKMNPQRTUVWXY346789"  # nothing that looks like something else: no 0O, 1IL, 2Z, 5S
CODE_LENGTH = 10  # 27^10 is 47 bits
CODE_LIFETIME = timedelta(hours=24)
MAX_ATTEMPTS = 100  # on one code, from everywhere; one address gets five (lockout.py)
WRONG_CODE = (
    "用户名或验证码不对，或者验证码已经用过、过期（24 小时内有效）。请核对后再填；仍然不行，请您的专干重新发一个。"
)


# --- one-time codes --------------------------------------------------------------------------------------------------
def issue_reset_code(user: User, *, issued_by: User | None, at: datetime | None = None, reason: str = "") -> str:
    """Give out a one-time code for `user` and return it in the clear, "XXXXX-XXXXX": it can be shown only now.

    It holds for 24 hours, serves once, and ends every earlier one; the password in use stays valid until then.
    Also activates a new account. `issued_by` None is the system. Raises PermissionDenied (who may is registered by
    branches), ValidationError when the account is closed. Two statements and the audit entry.
    """
    at = at or timezone.now()
    if not rules.may(issued_by, rules.ISSUE_RESET_CODE, user):
        raise PermissionDenied("只有上级单位的专干和安全管理员能给这个账号发一次性验证码。")
    if not rules.may_sign_in(user):
        raise ValidationError("这个账号已停用或锁定，先由安全管理员恢复，再发验证码。", code="account_closed")
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    with transaction.atomic():
        _valid_codes(user.pk, at).update(expires_at=at)
        ResetCode.objects.create(
            user=user,
            code_hash=_code_hash(user.pk, code),
            issued_by=issued_by,
            issued_at=at,
            expires_at=at + CODE_LIFETIME,
        )
        trail.record("account.reset_code_issued", user, actor=issued_by, reason=reason, label=user.username)
    return f"{code[:5]}-{code[5:]}"


def redeem(
    username: str, code: str, new_password: str, *, at: datetime | None = None, origin: Origin | None = None
) -> User:
    """Set a password by a one-time code and return the account; ends all its other sign-ins.

    An unknown user name, a wrong, used or expired code and a closed account get the same sentence and the same work.
    Raises ValidationError: code "wrong_code" for those, else what is wrong with the password (the code stays good).
    """
    at = at or timezone.now()
    wrong = ValidationError(WRONG_CODE, code="wrong_code")
    user = User.objects.filter(username=username.strip()).first()
    user_id = user.pk if user is not None else 0
    held = _valid_codes(user_id, at).order_by("-issued_at", "-pk").first()
    guess = _code_hash(user_id, "".join(letter for letter in code.upper() if letter.isalnum()))
    fits = hmac.compare_digest(guess, held.code_hash if held is not None else "0" * 64)
    ResetCode.objects.filter(pk=held.pk if held is not None else 0).update(attempts=F("attempts") + 1)
    if user is None or held is None or not fits or not rules.may_sign_in(user):
        raise wrong
    password_validation.validate_password(new_password, user)
    with transaction.atomic():
        # The used code is the lock: of two that come at once, one changes the row.
        if _valid_codes(user.pk, at).filter(pk=held.pk).update(used_at=at) != 1:
            raise wrong
        first_time = user.activated_at is None
        user.activated_at = user.activated_at or at
        _set_password(user, new_password)
        end_sessions(user)
        trail.record(
            "account.reset_code_used",
            user,
            actor=user,
            label=user.username,
            details={"activated": first_time, "issued_by": held.issued_by_id},
            origin=origin,
        )
    return user


def _valid_codes(user_id: int, at: datetime):
    return ResetCode.objects.filter(user_id=user_id, used_at__isnull=True, expires_at__gt=at, attempts__lt=MAX_ATTEMPTS)


def _code_hash(user_id: int, code: str) -> str:
    return salted_hmac("foundation.accounts.reset_code", f"{user_id}:{code}", algorithm="sha256").hexdigest()


# --- own account -----------------------------------------------------------------------------------------------------
def change_password(user: User, new_password: str, *, origin: Origin | None = None) -> None:
    """Set the password its owner chose (already validated by the form); ends the duty to change it.

    The sign-ins elsewhere end by themselves: Django ties each to the password.
    """
    with transaction.atomic():
        _set_password(user, new_password)
        trail.record("account.password_changed", user, actor=user, label=user.username, origin=origin)


def change_phone(user: User, phone: str, *, origin: Origin | None = None) -> None:
    """Set one's own phone number; "" removes it. Raises ValidationError when it is no Chinese mobile number."""
    phone = canonical.canonical_phone(phone) if phone else ""
    if phone and identifiers.phone_error(phone):
        raise ValidationError("电话应是 11 位手机号，例如 19000000000。", code="phone_invalid")
    before = user.phone
    if phone == before:
        return
    user.phone, user.phone_index = phone, phone_index(phone)
    with transaction.atomic():
        user.save(update_fields=["phone", "phone_index"])
        trail.record(
            "account.phone_changed",
            user,
            actor=user,
            fields={"phone": (before, phone)},
            label=user.username,
            origin=origin,
        )


def phone_index(phone: str):
    """Return the blind index of a canonical phone number of an account, None for none."""
    return blind(phone, "account.phone") if phone else None


def end_other_sessions(user: User, *, but: str, origin: Origin | None = None) -> int:
    """End one's own sign-ins except the one with session key `but`; return how many ended."""
    with transaction.atomic():
        ended = end_sessions(user, but=but)
        trail.record(
            "account.sessions_ended", user, actor=user, label=user.username, details={"count": ended}, origin=origin
        )
    return ended


def set_large_text(user: User, on: bool) -> None:
    """Keep whether the account reads in large type. A taste, not an act: no audit entry."""
    user.large_text = on
    user.save(update_fields=["large_text"])


# --- somebody else's account -----------------------------------------------------------------------------------------
def lock(user: User, *, actor: User | None, reason: str, at: datetime | None = None, origin: Origin | None = None):
    """Close an account at once and end its sign-ins. Raises PermissionDenied, ValidationError without a reason."""
    if not rules.may(actor, rules.LOCK, user):
        raise PermissionDenied("只有安全管理员能锁定账号。")
    if not reason.strip():
        raise ValidationError("锁定账号要写理由。", code="reason_missing")
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, locked_at__isnull=True).update(
            locked_at=at or timezone.now(), lock_reason=reason.strip()[:200]
        )
        if not changed:
            raise ValidationError("这个账号已经锁定了。", code="already_locked")
        end_sessions(user)
        trail.record("account.locked", user, actor=actor, reason=reason, label=user.username, origin=origin)
    user.refresh_from_db(fields=["locked_at", "lock_reason"])


def unlock(user: User, *, actor: User | None, reason: str, origin: Origin | None = None):
    """Open a locked account again. Raises PermissionDenied, ValidationError when it is not locked."""
    if not rules.may(actor, rules.LOCK, user):
        raise PermissionDenied("只有安全管理员能解除锁定。")
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, locked_at__isnull=False).update(locked_at=None, lock_reason=""):
            raise ValidationError("这个账号没有锁定。", code="not_locked")
        trail.record("account.unlocked", user, actor=actor, reason=reason, label=user.username, origin=origin)
    user.refresh_from_db(fields=["locked_at", "lock_reason"])


def remove_second_factor(user: User, *, actor: User | None, reason: str, origin: Origin | None = None):
    """Take away a lost authenticator and the recovery codes, and end the sign-ins; the next one enrols again."""
    if not rules.may(actor, rules.LOCK, user):
        raise PermissionDenied("只有安全管理员能移除别人的动态验证码。")
    if not reason.strip():
        raise ValidationError("移除动态验证码要写理由。", code="reason_missing")
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user)
        trail.record(
            "account.second_factor_removed", user, actor=actor, reason=reason, label=user.username, origin=origin
        )


def end_sessions(user: User, *, but: str = "") -> int:
    """End the sign-ins of an account except the one with session key `but`; return how many."""
    ended = 0
    for held in UserSession.objects.filter(user_id=user.pk).exclude(session_key=but):
        held.end()
        ended += 1
    return ended


def purge_expired(at: datetime) -> int:
    """Delete what has served its time and return how many rows: ended sessions, codes a month past, old attempts.

    For the daily sweep; the audit trail keeps what happened. Four or more statements.
    """
    gone, _ = Session.objects.filter(expire_date__lt=at).delete()
    held = Session.objects.values("session_key")
    orphans, _ = UserSession.objects.exclude(session_key__in=held).delete()
    codes, _ = ResetCode.objects.filter(expires_at__lt=at - timedelta(days=30)).delete()
    attempts, _ = AccessAttempt.objects.filter(attempt_time__lt=at - timedelta(days=1)).delete()
    return gone + orphans + codes + attempts


# --- notes of what happened at the door -------------------------------------------------------------------------------
def note_sign_in(user: User, *, origin: Origin) -> None:
    """Trace a completed sign-in; the first one activates the account."""
    with transaction.atomic():
        if user.activated_at is None:
            user.activated_at = timezone.now()
            user.save(update_fields=["activated_at"])
        trail.record("account.sign_in", user, actor=user, label=user.username, origin=origin)


def note_sign_out(user: User, *, origin: Origin) -> None:
    """Trace a sign-out."""
    with transaction.atomic():
        trail.record("account.sign_out", user, actor=user, label=user.username, origin=origin)


def note_failure(username: str, *, origin: Origin, locked: bool, by: str = "password") -> None:
    """Trace a failed sign-in, and the lock-out it led to.

    An unknown name is not kept: people type passwords into that field. Known and unknown cost the same statements.
    """
    user = User.objects.filter(username=username).first()
    label = user.username if user is not None else "未知用户名"
    with transaction.atomic():
        trail.record("account.sign_in_failed", user, actor=None, label=label, details={"by": by}, origin=origin)
        if locked:
            trail.record("account.locked_out", user, actor=None, label=label, details={"by": by}, origin=origin)


def note_second_factor(action: str, user: User, *, kind: str, origin: Origin) -> None:
    """Trace a change or a failure of the second factor ("account.second_factor_added", …)."""
    with transaction.atomic():
        trail.record(action, user, actor=user, label=user.username, details={"kind": kind}, origin=origin)


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.must_change_password = False
    # Saving tells the validators (password_changed): ReuseValidator keeps the record of the last three.
    user.save(update_fields=["password", "password_changed_at", "must_change_password", "activated_at"])
