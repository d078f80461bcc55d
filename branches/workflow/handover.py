"""The paper of a hand-over: the outgoing holder's note, the list as it stood, that the successor took note of it.

None of these verbs hands anything over. Work is addressed to offices and units: when a post ends, by a click or by the
clock, the next look finds other people (`branches.scope.reach_of`, `offices.who_acts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from branches import handover, rules
from branches.choices import Duty, Role
from branches.models import Appointment, HandOver, Organization, Term
from branches.statistics import vacancy_rows
from branches.workflow.offices import lines_of, who_acts
from foundation.audit import trail
from foundation.audit.trail import Conflict, NotAllowed
from foundation.notifications.workflow import Recipient, publish
from foundation.protection.masks import scrub

LONGEST = 2000
AT_ONCE = 200  # posts that one look counts


@dataclass(frozen=True, slots=True)
class Heirs:
    """Who has the work of a post from an instant on: running appointments, and how they come to it."""

    people: tuple[Appointment, ...]
    how: str  # "successor", "deputy", "above", "nobody"

    @property
    def words(self) -> str:
        """Return names and how in a few words."""
        names = "、".join(one.user.name for one in self.people[:3]) + ("等" if len(self.people) > 3 else "")
        return {
            "successor": f"{names}（接任）",
            "deputy": f"{names}（代理）",
            "above": f"{self.people[0].organization.short_name} {names}（代管）" if self.people else "",
            "nobody": "还没有人，一直到最上级都空缺",
        }[self.how]


def heirs_of(appointment: Appointment, at: datetime) -> dict[str, Heirs]:
    """Return {duty: who has that work} from an instant on, "" for what is addressed to no office. Four queries.

    The successor in the same post; else whoever acts for the offices of the post: deputy, colleague, the level above.
    The appointment itself is never among them, whether it still runs or not. Reads the organisation.
    """
    unit = appointment.organization
    same = Appointment.objects.running(at).filter(organization=unit, role=appointment.role).exclude(pk=appointment.pk)
    successors = tuple(same.select_related("user", "organization").order_by("from_at", "pk"))
    duties = handover.duties_of(appointment.role)
    acts = who_acts([(unit, duty) for duty in duties or [Duty.COLLECT]], at, without=appointment)
    found = {}
    for duty in duties:
        found[str(duty)] = _heirs(tuple(acts[unit.pk, duty]), unit, successors)
    main = found[str(duties[0])] if duties else _heirs(tuple(acts[unit.pk, Duty.COLLECT]), unit, successors)
    found[""] = Heirs(successors, "successor") if successors else main
    return found


def _heirs(people: tuple[Appointment, ...], unit: Organization, successors: tuple[Appointment, ...]) -> Heirs:
    if not people:
        return Heirs((), "nobody")
    if {one.pk for one in people} & {one.pk for one in successors}:
        return Heirs(people, "successor")
    return Heirs(people, "deputy" if people[0].organization_id == unit.pk else "above")


def end_of(appointment: Appointment, at: datetime) -> datetime:
    """Return the instant from which others have the work: the end of the post, or `at` where it has none yet."""
    return max(appointment.until_at or at, at)


def count_work(appointment: Appointment, at: datetime) -> list[dict]:
    """Return [{"key", "label", "unit", "number"}] of what a post hands over. About one query per kind."""
    return [
        {"key": work.key, "label": work.label, "unit": work.unit, "number": work.count(appointment, at)}
        for work in handover.work_of(appointment.role)
    ]


def register() -> None:
    """Register the work of clerks that this app has; called once when the app is ready."""

    def due(post, at) -> int:
        units, today = handover.units_of(post.organization), timezone.localdate(at)
        last = rules.months_after(today, max(rules.TERM_REMINDERS))
        return Term.objects.due_by(last).filter(organization__in=units).count()

    def vacant(post, at) -> int:
        return len(vacancy_rows(Organization.objects.filter(pk__in=handover.units_of(post.organization)), at))

    handover.register(
        "branches.vacancies",
        label="空缺的岗位",
        unit="个",
        roles=[Role.CLERK],
        count=vacant,
        address=lambda post: reverse("branches:vacancy_list"),
    )
    handover.register(
        "branches.terms",
        label="半年内届满的班子",
        unit="个",
        roles=[Role.CLERK],
        count=due,
        address=lambda post: reverse("branches:term_list") + "?due=6",
    )


# --- verbs ------------------------------------------------------------------------------------------------------------
def note_for_successor(appointment: Appointment, note: str, *, actor, at: datetime | None = None) -> HandOver:
    """Keep what the holder wants his successor to know, and return it; after the end of the post nobody writes it.

    Raises PermissionDenied, ValidationError.
    """
    at = at or timezone.now()
    if appointment.user_id != actor.pk or not appointment.is_running(at):
        raise PermissionDenied("交接说明由任职人自己在任期内写。")
    if appointment.role not in handover.HANDED_OVER:
        raise PermissionDenied("这个职务没有要交接的工作。")
    note = "".join(one for one in note.replace("\r\n", "\n") if one.isprintable() or one in "\n\t").strip()
    if len(note) > LONGEST:
        raise ValidationError({"note": f"最多 {LONGEST:,} 个字，现在 {len(note):,} 个。"})
    if scrub(note) != note:
        raise ValidationError({"note": "不要写身份证号和手机号：接任者在名单上看得到。"})
    with transaction.atomic():
        paper, _ = HandOver.objects.get_or_create(appointment=appointment)
        if paper.note == note:
            return paper
        paper.note, paper.noted_at = note, at if note else None
        paper.save(update_fields=["note", "noted_at"])
        _trace("hand_over.noted", paper, appointment, actor)
    return paper


def acknowledge_hand_over(appointment: Appointment, *, actor, at: datetime | None = None) -> HandOver:
    """Note that whoever has the work now has read the list, and return the paper; the list is counted if nobody has.

    Raises PermissionDenied, NotAllowed before the end of the post, Conflict when it was done before.
    """
    at = at or timezone.now()
    if not may_acknowledge(appointment, actor, at):
        raise PermissionDenied("由接手这些工作的人确认。")
    if appointment.until_at is None or appointment.until_at > at:
        raise NotAllowed("任期还没有结束，结束以后再确认。")
    with transaction.atomic():
        paper = _counted(appointment, at)
        rows = HandOver.objects.filter(pk=paper.pk, acknowledged_at__isnull=True)
        if rows.update(acknowledged_at=at, acknowledged_by=actor) != 1:
            raise Conflict("已经有人确认接手了，不用再办一次。")
        paper.acknowledged_at, paper.acknowledged_by = at, actor
        _trace("hand_over.acknowledged", paper, appointment, actor)
    return paper


def may_acknowledge(appointment: Appointment, actor, at: datetime) -> bool:
    """Return whether an account is among those who have the work now, or will have it. Four queries."""
    if actor.pk == appointment.user_id:
        return False
    heirs = heirs_of(appointment, end_of(appointment, at))
    return any(one.user_id == actor.pk for found in heirs.values() for one in found.people)


# --- by the clock -----------------------------------------------------------------------------------------------------
def count_ended(at: datetime) -> int:
    """Write down what was open where a post has ended, and tell who has the work now; return how many posts.

    The work has passed already: this is its list. Done once for each post, whoever comes first.
    """
    ended = Appointment.objects.filter(
        role__in=sorted(handover.HANDED_OVER), until_at__lte=at, until_at__gt=at - rules.COUNTED_WITHIN
    ).exclude(hand_over__counted_at__isnull=False)
    number = 0
    for appointment in ended.select_related("organization", "user").order_by("until_at", "pk")[:AT_ONCE]:
        if appointment.until_at == appointment.from_at:
            continue  # withdrawn, never in force
        with transaction.atomic():
            paper = _counted(appointment, at)
            _tell_heirs(appointment, paper, at)
        number += 1
    return number


def remind_of_endings(at: datetime) -> int:
    """Tell holders and the clerk above a month and a week before a post ends, once each; return how many posts.

    A week ahead the head of the committee is told, too, where nobody is appointed yet. Three queries and two per post.
    """
    soon = at + timedelta(days=max(rules.POST_REMINDERS))
    ending = Appointment.objects.running(at).filter(until_at__lte=soon, role__in=sorted(handover.HANDED_OVER))
    posts = list(ending.select_related("organization", "user").order_by("pk"))
    lines = lines_of(one.organization for one in posts)
    above = {unit.pk for line in lines.values() for unit in line}
    staff: dict[tuple[int, str], set[int]] = {}
    running = Appointment.objects.running(at).filter(organization__in=above, role__in=[Role.CLERK, Role.LEADER])
    for unit, role, user in running.order_by().values_list("organization_id", "role", "user_id"):
        staff.setdefault((unit, role), set()).add(user)
    for post in posts:
        days = rules.post_reminder_of(post.until_at, at)
        line = [unit.pk for unit in lines[post.organization_id] if unit.pk != post.organization_id]
        users = {post.user_id} | _nearest(line, Role.CLERK, staff)
        if days == min(rules.POST_REMINDERS) and not _has_successor(post):
            users |= _nearest(line, Role.LEADER, staff)
        name = post.title or post.get_role_display()
        day = timezone.localtime(post.until_at)
        with transaction.atomic():
            publish(
                "appointment.ending",
                recipients=[Recipient(user_id=user) for user in sorted(users)],
                subject=f"branches.appointment:{post.pk}",
                title=f"{post.organization.short_name[:40]}{name}的任职 {day.month} 月 {day.day} 日结束，请准备交接",
                url=_address(post),
                dedupe=f"appointment:{post.pk}:{post.until_at:%Y-%m-%dT%H%M}:{days}",
                at=at,
            )
    return len(posts)


def _nearest(line: list[int], role: str, staff: dict[tuple[int, str], set[int]]) -> set[int]:
    return next((staff[unit, role] for unit in line if (unit, role) in staff), set())


def _has_successor(post: Appointment) -> bool:
    same = Appointment.objects.running(post.until_at).filter(organization=post.organization_id, role=post.role)
    return same.exclude(pk=post.pk).exists()


def _counted(appointment: Appointment, at: datetime) -> HandOver:
    """Return the paper with the list of what was open, counted now unless somebody has."""
    paper, _ = HandOver.objects.get_or_create(appointment=appointment)
    if paper.counted_at is not None:
        return paper
    content = count_work(appointment, at)
    if HandOver.objects.filter(pk=paper.pk, counted_at__isnull=True).update(content=content, counted_at=at) != 1:
        return HandOver.objects.get(pk=paper.pk)
    paper.content, paper.counted_at = content, at
    _trace("hand_over.counted", paper, appointment, None)
    return paper


def _tell_heirs(appointment: Appointment, paper: HandOver, at: datetime) -> None:
    heirs = heirs_of(appointment, at).values()
    users = sorted({one.user_id for found in heirs for one in found.people} - {appointment.user_id})
    if not users:
        return
    open_ = sum(1 for line in paper.content if line["number"])
    name = appointment.title or appointment.get_role_display()
    publish(
        "appointment.handed_over",
        recipients=[Recipient(user_id=user) for user in users],
        subject=f"branches.appointment:{appointment.pk}",
        title=f"{appointment.organization.short_name[:40]}{name}的工作由您接着办，请看交接清单",
        body=f"还没办完的有 {open_} 类。" if open_ else "",
        url=_address(appointment),
        dedupe=f"hand_over:{appointment.pk}",
        at=at,
    )


def _address(appointment: Appointment) -> str:
    return reverse("branches:hand_over", args=[appointment.pk])


def _trace(action: str, paper: HandOver, appointment: Appointment, actor) -> None:
    trail.record(
        action,
        paper,
        actor=actor,
        organization_id=appointment.organization_id,
        details={"count": sum(line["number"] > 0 for line in paper.content)} if action == "hand_over.counted" else None,
        label=f"{appointment.organization.short_name} {appointment.get_role_display()}",
    )
