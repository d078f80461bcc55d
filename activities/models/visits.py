"""A visit of an instructor to a branch, the problems found, and how many visits are asked for."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from activities.choices import UNRESOLVED, FollowUpOwner, FollowUpStatus, Frequency, VisitForm
from activities.querysets import InstructionVisitQuerySet, VisitFollowUpQuerySet, VisitTargetQuerySet
from branches.models import Organization


class InstructionVisit(models.Model):
    """One visit (走访): written down by the instructor, with no place, photo or track. Made by mistake: withdrawn."""

    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="支部", related_name="visits")
    instructor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="指导员", related_name="visits"
    )
    visited_date = models.DateField("走访日期")
    form = models.CharField("方式", max_length=12, choices=VisitForm, default=VisitForm.ON_THE_SPOT)
    subjects = models.JSONField("看了什么", default=list, blank=True, help_text="VisitSubject 里的值")
    content = models.TextField("情况", max_length=2000, blank=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True, editable=False)
    withdraw_reason = models.CharField("撤回原因", max_length=200, blank=True, editable=False)
    # One per form: posted twice over a bad line, it is one visit.
    key = models.UUIDField("登记号", default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)

    objects = InstructionVisitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "走访"
        ordering = ["-visited_date", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-visited_date", "-id"], name="activities_visit_place"),
            models.Index(fields=["instructor", "-visited_date"], name="activities_visit_instructor"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(form__in=VisitForm.values),
                name="activities_instructionvisit_form",
                violation_error_message="走访方式不对。",
            ),
            models.CheckConstraint(
                condition=~Q(content="", subjects=[]),
                name="activities_instructionvisit_content",
                violation_error_message="请选看了什么，或者写几个字。",
            ),
            models.CheckConstraint(
                condition=(Q(withdrawn_at__isnull=False) & ~Q(withdraw_reason=""))
                | Q(withdrawn_at__isnull=True, withdraw_reason=""),
                name="activities_instructionvisit_withdrawn",
                violation_error_message="撤回的走访要有时间和原因，没有撤回的不能有。",
            ),
        ]

    def __str__(self) -> str:
        """Return unit and day."""
        return f"{self.organization} {self.visited_date:%Y-%m-%d}"


class VisitFollowUp(models.Model):
    """A problem found on a visit: what shall be done, by whom, until when, and what came of it."""

    visit = models.ForeignKey(InstructionVisit, models.PROTECT, verbose_name="走访", related_name="follow_ups")
    owner = models.CharField("谁来办", max_length=10, choices=FollowUpOwner, default=FollowUpOwner.BRANCH)
    # Fixed when it is written: a branch that is moved later takes its own along, not those of its committee.
    owner_organization = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="办理的组织", related_name="visit_follow_ups"
    )
    problem = models.CharField("问题和要做的事", max_length=300)
    due_date = models.DateField("什么时候前办完")
    status = models.CharField(
        "状态", max_length=10, choices=FollowUpStatus, default=FollowUpStatus.OPEN, editable=False
    )
    answer = models.TextField("怎么办的", max_length=1000, blank=True, editable=False)
    answered_at = models.DateTimeField("回复时间", null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="回复人", related_name="+"
    )
    closed_at = models.DateTimeField("了结时间", null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="确认人", related_name="+"
    )
    note = models.CharField("指导员的话", max_length=300, blank=True, editable=False)

    objects = VisitFollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "走访发现的问题"
        ordering = ["due_date", "pk"]
        indexes = [
            models.Index(
                fields=["due_date", "id"],
                condition=Q(status__in=sorted(UNRESOLVED)),
                name="activities_followup_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__in=FollowUpOwner.values, status__in=FollowUpStatus.values),
                name="activities_visitfollowup_choices",
                violation_error_message="谁来办或状态不对。",
            ),
            models.CheckConstraint(
                condition=~Q(problem=""),
                name="activities_visitfollowup_problem",
                violation_error_message="请写明问题和要做的事。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[FollowUpStatus.ANSWERED, FollowUpStatus.DONE])
                | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="activities_visitfollowup_answered",
                violation_error_message="已回复和已解决的要写明怎么办的、什么时候回复。",
            ),
            models.CheckConstraint(
                condition=~Q(status=FollowUpStatus.OPEN) | Q(answer="", answered_at__isnull=True),
                name="activities_visitfollowup_open",
                violation_error_message="还没有办的不能有回复。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[FollowUpStatus.DONE, FollowUpStatus.DROPPED], closed_at__isnull=False)
                | Q(status__in=sorted(UNRESOLVED), closed_at__isnull=True),
                name="activities_visitfollowup_closed",
                violation_error_message="了结的要有了结时间，没有了结的不能有。",
            ),
            models.CheckConstraint(
                condition=~Q(status=FollowUpStatus.DROPPED) | ~Q(note=""),
                name="activities_visitfollowup_dropped",
                violation_error_message="不再办的要写明为什么。",
            ),
        ]

    def __str__(self) -> str:
        """Return the problem, shortened."""
        return self.problem[:40]


class VisitTarget(models.Model):
    """How many visits a branch is to get in a period: data, nearest committee first, then the row for all.

    No rule of the whole country gives a number. A change is a new row with a later date.
    """

    frequency = models.CharField("周期", max_length=10, choices=Frequency, default=Frequency.QUARTER)
    times = models.PositiveSmallIntegerField("次数", default=1)
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="适用范围",
        related_name="visit_targets",
        help_text="这个组织和它的下级；空着：所有组织",
    )
    from_date = models.DateField("启用日期")
    until_date = models.DateField("停用日期", null=True, blank=True, help_text="从这一天起不再适用")
    source = models.CharField("出处", max_length=200, help_text="文件名和条款；地方做法也要写明")

    objects = VisitTargetQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "走访次数"
        ordering = ["organization", "-from_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(frequency__in=Frequency.values, times__gt=0),
                name="activities_visittarget_choices",
                violation_error_message="周期不对，或者次数不是 1 次以上。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gt=F("from_date")),
                name="activities_visittarget_period",
                violation_error_message="停用日期必须晚于启用日期。",
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="activities_visittarget_source",
                violation_error_message="请写明出处；地方做法写“地方做法”和文件。",
            ),
        ]

    def __str__(self) -> str:
        """Return period and number."""
        return f"{self.get_frequency_display()} {self.times} 次"
