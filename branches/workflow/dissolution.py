"""What becomes of appointments, offices and guidance lines when their organisation is dissolved."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from branches import endings


def register() -> None:
    """Register the rows of this app; called once when the app is ready."""
    from branches.models import Appointment, BranchFileSnapshot, Guidance, Office, Organization, Term

    def appointments(organization, at):
        return Appointment.objects.not_ended(at).filter(organization=organization)

    def end_appointments(organization, *, at, actor, successor):
        from branches.workflow.appointments import close_post

        for appointment in appointments(organization, at).select_related("organization"):
            close_post(appointment, actor=actor, reason="组织撤销", document="", until_at=at, at=at)

    def lines(organization, at):
        today = timezone.localdate(at)
        running = Guidance.objects.filter(Q(until_date__isnull=True) | Q(until_date__gt=today))
        return running.filter(Q(organization=organization) | Q(guiding_organization=organization))

    def end_lines(organization, *, at, actor, successor):
        from branches.workflow.guidance import close_line

        for guidance in lines(organization, at).select_related("organization", "guiding_organization"):
            close_line(guidance, until_date=timezone.localdate(at), actor=actor, reason="组织撤销")

    def offices(organization, at):
        return Office.objects.filter(organization=organization).filter(
            Q(holder__isnull=False) | Q(deputy__isnull=False)
        )

    def end_offices(organization, *, at, actor, successor):
        offices(organization, at).update(holder=None, deputy=None, absent_from_at=None, absent_until_at=None)

    endings.register(
        "branches.Appointment", label="任职", unit="项", find=appointments, end=end_appointments, needs_successor=True
    )
    endings.register("branches.Office", label="岗位", unit="个", find=offices, end=end_offices)
    endings.register("branches.Guidance", label="指导关系", unit="条", find=lines, end=end_lines)

    def terms(organization, at):
        return Term.objects.filter(organization=organization, ended_date__isnull=True)

    def end_terms(organization, *, at, actor, successor):
        # A term elected today ends today.
        terms(organization, at).update(ended_date=timezone.localdate(at))

    endings.register("branches.Term", label="届期", unit="届", find=terms, end=end_terms)
    endings.register(
        "branches.BranchFileSnapshot",
        label="档案快照",
        unit="份",
        find=lambda organization, at: BranchFileSnapshot.objects.none(),
    )
    # A unit that once took over from another stays named there.
    endings.register(
        "branches.Organization", label="前身", unit="个", find=lambda organization, at: Organization.objects.none()
    )
