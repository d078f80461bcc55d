"""Verbs on accounts that need to know posts: opening one, codes, locks. The account itself is foundation.accounts'."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches import rules
from branches.choices import Role
from branches.models import Appointment, Organization
from branches.workflow.appointments import open_post, require_may_appoint
from foundation.accounts import workflow as accounts
from foundation.accounts.models import User
from foundation.audit import trail
from foundation.protection import canonical, identifiers


def add_user(
    *,
    username: str,
    name: str,
    organization: Organization,
    role: str,
    source: str,
    actor,
    phone: str = "",
    title: str = "",
    document: str = "",
    seconded_from: str = "",
    from_at: datetime | None = None,
    at: datetime | None = None,
) -> tuple[User, Appointment]:
    """Open an account with its first post, in one transaction; return both. It waits for its one-time code.

    Raises PermissionDenied, ValidationError (a message per field: username, name, phone, role, …).
    """
    at = at or timezone.now()
    if role not in Role.values:
        raise ValidationError({"role": "请选择角色。"})
    phone = canonical.canonical_phone(phone) if phone else ""
    if phone and identifiers.phone_error(phone):
        raise ValidationError({"phone": "电话应是 11 位手机号，例如 19000000000。"})
    with transaction.atomic():
        organization = Organization.objects.get(pk=organization.pk)
        if actor is not None and not rules.may_add_user(actor, organization):
            raise PermissionDenied("账号由上级委员会的专干开通：只能为下级组织的人开通。")
        require_may_appoint(actor, role, organization)
        user = User(username=username.strip(), name=name.strip(), phone=phone, phone_index=accounts.phone_index(phone))
        user.set_password(None)
        user.full_clean(exclude=["password"])
        user.save(force_insert=True)
        trail.record(
            "account.added",
            user,
            actor=actor,
            organization_id=organization.pk,
            fields=["username", "name", *(["phone"] if phone else [])],
            label=user.username,
        )
        appointment = open_post(
            user,
            organization,
            role,
            source=source,
            title=title,
            document=document,
            seconded_from=seconded_from,
            from_at=from_at or at,
            until_at=None,
            actor=actor,
        )
    user.refresh_from_db()
    return user, appointment


def issue_reset_code(user: User, *, actor, reason: str = "", at: datetime | None = None) -> str:
    """Give out a one-time code and return it in the clear: it can be shown only now.

    The rule (`rules.may_issue_reset_code`) is asked by the account verb itself, through `apps.decide_on_account`.
    Raises PermissionDenied, ValidationError.
    """
    return accounts.issue_reset_code(user, issued_by=actor, at=at, reason=reason)


def lock_user(user: User, *, actor, reason: str) -> None:
    """Close an account at once. Raises PermissionDenied, ValidationError."""
    accounts.lock(user, actor=actor, reason=reason)


def unlock_user(user: User, *, actor, reason: str = "") -> None:
    """Open a locked account again. Raises PermissionDenied, ValidationError."""
    accounts.unlock(user, actor=actor, reason=reason)


def remove_second_factor(user: User, *, actor, reason: str) -> None:
    """Take away a lost authenticator. Raises PermissionDenied, ValidationError."""
    accounts.remove_second_factor(user, actor=actor, reason=reason)


def appointments_not_ended(user: User, at: datetime):
    """Return the appointments of an account that run or will run, with their organisations. One query when read."""
    return Appointment.objects.not_ended(at).filter(user=user).select_related("organization")
