"""What posts hand over of branch life: what is planned, and what the calendar misses."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from branches import handover
from branches.choices import Role


def register() -> None:
    """Register our kinds of work; called once when the app is ready."""
    from activities.models import Activity, ComplianceStatus

    handover.register(
        "activities.ahead",
        label="安排好还没开的活动",
        unit="次",
        roles=[Role.SECRETARY, Role.BRANCH_COMMITTEE_MEMBER, Role.CLERK],
        count=lambda post, at: Activity.objects.of_units(handover.units_of(post.organization)).ahead().count(),
        address=lambda post: reverse("activities:list") + "?status=ahead",
    )

    def late(post, at) -> int:
        today = timezone.localdate(at)
        lines = ComplianceStatus.objects.filter(organization=post.organization_id).late(today)
        return lines.filter(from_date__gte=today.replace(month=1, day=1)).count()

    handover.register(
        "activities.late",
        label="今年到期没做够的组织生活",
        unit="项",
        roles=[Role.SECRETARY],
        count=late,
        address=lambda post: reverse("activities:branch_calendar", args=[post.organization_id]),
    )
