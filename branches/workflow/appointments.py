"""Verbs on appointments: who holds which role where. Roles open doors, so these are the strictest verbs here."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from branches import rules
from branches.choices import SEPARATED_ROLES, OrganizationStatus, Role
from branches.constraints import checked, in_words
from branches.models import Appointment, Office, Organization
from branches.querysets import users_visible_to
from branches.scope import reach_of
from foundation.accounts.models import User
from foundation.accounts.rules import may_sign_in
from foundation.audit import trail
from foundation.audit.trail import Conflict


def appoint(
    user: User,
    organization: Organization,
    role: str,
    *,
    source: str,
    actor,
    title: str = "",
    document: str = "",
    seconded_from: str = "",
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    at: datetime | None = None,
) -> Appointment:
    """Give a user a role at an organisation and return the appointment. `from_at` defaults to now.

    Who is asked for is locked, so that two clerks cannot give him roles that exclude each other. About ten statements.
    Raises PermissionDenied, ValidationError (a message per field).
    """
    at = at or timezone.now()
    with transaction.atomic():
        organization = Organization.objects.get(pk=organization.pk)
        require_may_appoint(actor, role, organization)
        if actor is not None and user.pk == actor.pk:
            raise PermissionDenied("不能任命自己，请由上级委员会的专干办理。")
        if actor is not None and not users_visible_to(reach_of(actor)).filter(pk=user.pk).exists():
            raise ValidationError({"user": "没有这个用户，或者不在您的辖区。"})
        appointment = open_post(
            user,
            organization,
            role,
            source=source,
            title=title,
            document=document,
            seconded_from=seconded_from,
            from_at=from_at or at,
            until_at=until_at,
            actor=actor,
        )
    return appointment


def end_appointment(
    appointment: Appointment,
    *,
    actor,
    reason: str,
    document: str = "",
    until_at: datetime | None = None,
    at: datetime | None = None,
) -> Appointment:
    """End an appointment at an instant (default: now) and return it; what it opened closes at that instant.

    One that has not begun is withdrawn: it was never in force. Offices it holds become vacant. Raises
    PermissionDenied, ValidationError, Conflict when it has been ended meanwhile.
    """
    at = at or timezone.now()
    with transaction.atomic():
        current = Appointment.objects.select_related("organization").get(pk=appointment.pk)
        if actor is not None and not rules.may_end_appointment(actor, current):
            raise PermissionDenied("免职由上级委员会的专干办理；三员（审计、安全、系统）由安全管理员办理。")
        if not reason.strip():
            raise ValidationError({"reason": "请写明免职原因。"})
        close_post(current, actor=actor, reason=reason, document=document, until_at=until_at, at=at)
    appointment.until_at = current.until_at
    return current


# --- shared with the verbs on users and organisations; inside their transactions --------------------------------------
def require_may_appoint(actor, role: str, organization: Organization) -> None:
    """Refuse an actor who may not fill this role at this organisation. Raises PermissionDenied, ValidationError."""
    if role not in Role.values:
        raise ValidationError({"role": "请选择角色。"})
    if actor is None or rules.may_appoint(actor, role, organization):
        return
    if role in SEPARATED_ROLES:
        raise PermissionDenied("审计员、安全管理员和系统管理员只能由安全管理员任命。")
    raise PermissionDenied("任职由上级委员会的专干办理：只能任命下级组织的人。")


def open_post(
    user, organization, role, *, source, title, document, from_at, until_at, actor, seconded_from=""
) -> Appointment:
    """Check and write an appointment, set what follows from it on the account, trace. The permission is the caller's.

    Raises ValidationError.
    """
    # Every verb on posts locks the row of the account first: exclusions are checked against what is really there.
    user = User.objects.select_for_update().get(pk=user.pk)
    if organization.status == OrganizationStatus.DISSOLVED:
        raise ValidationError({"organization": f"“{organization.short_name}”已经撤销，不能再任命。"})
    if not may_sign_in(user):
        raise ValidationError({"user": "这个账号已停用或锁定，不能任命。"})
    if not rules.may_hold_at(role, organization.kind):
        kind = organization.get_kind_display()
        raise ValidationError({"role": f"{kind}没有“{Role(role).label}”这个角色。"})
    if refusal := rules.seconding_sentence(role, source, seconded_from.strip()):
        raise ValidationError({"seconded_from": refusal})
    overlapping = Q(until_at__isnull=True) | Q(until_at__gt=from_at)
    held = list(Appointment.objects.filter(overlapping, user=user).values_list("role", "organization_id"))
    excluded = rules.excluded_by(role, frozenset(other for other, _ in held))
    if excluded:
        names = "、".join(sorted(Role(other).label for other in excluded))
        raise ValidationError({"role": f"他现在是{names}，不能同时担任{Role(role).label}（三员分立）。"})
    if (role, organization.pk) in held:
        raise ValidationError({"role": "这个人已经在这里担任这个角色。"})
    if role == Role.SECRETARY:
        predecessor = Appointment.objects.filter(overlapping, organization=organization, role=role)
        if predecessor.exists():
            raise ValidationError({"role": "这个支部已经有在任书记，请先办免职。"})
    appointment = Appointment(
        user=user,
        organization=organization,
        role=role,
        title=title,
        source=source,
        seconded_from=seconded_from.strip(),
        from_at=from_at,
        until_at=until_at,
        document=document,
        appointed_by=actor,
    )
    checked(appointment, exclude=["user", "organization", "appointed_by", "ended_by"])
    with in_words(Appointment):
        appointment.save(force_insert=True)
    _follow_on_account(user, {other for other, _ in held} | {role})
    trail.record(
        "appointment.appointed",
        appointment,
        actor=actor,
        organization_id=organization.pk,
        fields={"role": (None, role), "from_at": (None, from_at), "until_at": (None, until_at)},
        details={"user": user.pk, "source": source, "document": document}
        | ({"seconded_from": appointment.seconded_from} if appointment.seconded_from else {}),
        label=f"{organization.short_name} {Role(role).label}",
    )
    return appointment


def close_post(appointment, *, actor, reason, document, until_at, at) -> None:
    """End an appointment, empty its offices, set what follows on the account, trace. The permission is the caller's.

    Raises ValidationError, Conflict.
    """
    user = User.objects.select_for_update().get(pk=appointment.user_id)
    end = max(until_at or at, appointment.from_at)
    if appointment.until_at is not None and appointment.until_at <= end:
        raise Conflict("这项任职已经结束，不用再办一次。")
    if appointment.role == Role.SECURITY_ADMIN and actor is not None:
        _keep_one_security_admin(appointment, end)
    rows = Appointment.objects.filter(Q(until_at__isnull=True) | Q(until_at__gt=end), pk=appointment.pk)
    before = appointment.until_at
    changes = {"until_at": end, "end_reason": reason[:200], "ended_by": actor}
    if rows.update(**changes) != 1:
        raise Conflict("这项任职刚刚被别人结束了，不用再办一次。")
    for name, value in changes.items():
        setattr(appointment, name, value)
    if end <= at:
        Office.objects.filter(holder=appointment).update(holder=None)
        Office.objects.filter(deputy=appointment).update(deputy=None)
        going_on = Q(until_at__isnull=True) | Q(until_at__gt=at)
        _follow_on_account(user, set(Appointment.objects.filter(going_on, user=user).values_list("role", flat=True)))
    trail.record(
        "appointment.ended",
        appointment,
        actor=actor,
        organization_id=appointment.organization_id,
        fields={"until_at": (before, end)},
        reason=reason,
        details={"user": user.pk, "role": appointment.role, "document": document},
        label=f"{appointment.organization.short_name} {appointment.get_role_display()}",
    )


def _keep_one_security_admin(appointment: Appointment, end: datetime) -> None:
    others = Appointment.objects.running(end).filter(
        role=Role.SECURITY_ADMIN, user__is_active=True, user__locked_at__isnull=True
    )
    if not others.exclude(pk=appointment.pk).exclude(user_id=appointment.user_id).exists():
        raise ValidationError("这是最后一个安全管理员，先任命接替的人，再办免职。")


def _follow_on_account(user: User, roles: set[str]) -> None:
    """Set what an account's running and coming roles ask of it: the admin, a second factor."""
    wanted = {
        "is_staff": rules.opens_admin(roles) or user.is_superuser,
        "second_factor_required": rules.needs_second_factor(roles, settings.SECOND_FACTOR_ROLES),
    }
    if any(getattr(user, name) != value for name, value in wanted.items()):
        User.objects.filter(pk=user.pk).update(**wanted)
        for name, value in wanted.items():
            setattr(user, name, value)
