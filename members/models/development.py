"""Developing members (发展党员): the file of one person, its steps, reviews, sponsors and what was let pass."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from branches.models import Organization
from members.choices import (
    DEVELOPMENT_OPEN,
    STEPS,
    DevelopmentDue,
    DevelopmentEnd,
    DevelopmentStage,
    SponsorKind,
    StepNumber,
    StepResult,
    StepStatus,
)
from members.models.membership import PartyMember
from members.models.people import Person
from members.querysets import DevelopmentQuerySet

_STAGE = DevelopmentStage
_ACTIVIST_ON = [_STAGE.ACTIVIST, _STAGE.DEVELOPMENT_TARGET, _STAGE.PROBATIONARY, _STAGE.FULL]
_ADMITTED = [_STAGE.PROBATIONARY, _STAGE.FULL]
_DONE = Q(status__in=[StepStatus.DONE, StepStatus.EARLIER])
_VOTES = ("entitled", "present", "votes_for", "votes_against", "votes_abstained", "written_opinions")
_NO_VOTES, _ALL_VOTES = Q(), Q()
for _name in _VOTES:
    _NO_VOTES &= Q(**{f"{_name}__isnull": True})
    _ALL_VOTES &= Q(**{f"{_name}__isnull": False})
_WITH_PAPER = sorted(number for number, step in STEPS.items() if "document" in step.fields)


class Development(models.Model):
    """The way of one person to full membership. What comes next and what is due stands on the row, for the lists."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="申请人", related_name="developments")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="党支部", related_name="developments")
    stage = models.CharField("阶段", max_length=18, choices=DevelopmentStage, default=_STAGE.APPLICANT, editable=False)
    applied_date = models.DateField("递交申请书日期")
    activist_date = models.DateField("确定为积极分子日期", null=True, blank=True, editable=False)
    target_date = models.DateField("列为发展对象日期", null=True, blank=True, editable=False)
    admitted_date = models.DateField(
        "支部大会接收日期", null=True, blank=True, editable=False, help_text="预备期从这一天算起"
    )
    probation_until_date = models.DateField("预备期满日期", null=True, blank=True, editable=False)
    extended_months = models.PositiveSmallIntegerField("延长预备期（月）", null=True, blank=True, editable=False)
    full_date = models.DateField("转正日期", null=True, blank=True, editable=False, help_text="预备期满的那一天")
    ended_date = models.DateField("终止日期", null=True, blank=True, editable=False)
    end_kind = models.CharField("怎样终止", max_length=16, choices=DevelopmentEnd, blank=True, editable=False)
    end_reason = models.CharField("终止原因", max_length=200, blank=True, editable=False)
    next_step = models.PositiveSmallIntegerField(
        "下一步", choices=StepNumber, null=True, blank=True, editable=False, help_text="可以办的最前面的一步"
    )
    opens_date = models.DateField("最早可办", null=True, blank=True, editable=False)  # of it, or of one soon after it
    due_kind = models.CharField("最近的期限", max_length=10, choices=DevelopmentDue, blank=True, editable=False)
    due_date = models.DateField("期限", null=True, blank=True, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="登记人", related_name="+", editable=False
    )
    opened_at = models.DateTimeField("登记时间", editable=False)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = DevelopmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "发展党员档案"
        ordering = ["applied_date", "pk"]
        indexes = [
            models.Index(fields=["organization", "stage"], name="members_development_stage"),
            models.Index(fields=["due_date"], name="members_development_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(stage__in=sorted(DEVELOPMENT_OPEN)),
                name="members_development_open",
                violation_error_message="这个人已经有一份没有办完的发展党员档案。",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=_ACTIVIST_ON) | Q(activist_date__isnull=False),
                name="members_development_activist",
                violation_error_message="入党积极分子要有确定日期。",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=[_STAGE.DEVELOPMENT_TARGET, *_ADMITTED]) | Q(target_date__isnull=False),
                name="members_development_target",
                violation_error_message="发展对象要有备案日期。",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=_ADMITTED)
                | Q(admitted_date__isnull=False, probation_until_date__gt=F("admitted_date")),
                name="members_development_probationary",
                violation_error_message="预备党员要有支部大会接收的日期和预备期满的日期。",
            ),
            models.CheckConstraint(
                condition=(Q(stage=_STAGE.FULL) & Q(full_date=F("probation_until_date")))
                | (~Q(stage=_STAGE.FULL) & Q(full_date__isnull=True)),
                name="members_development_full",
                violation_error_message="转正日期就是预备期满的那一天。",
            ),
            models.CheckConstraint(
                condition=Q(extended_months__isnull=True) | Q(extended_months__gte=6, extended_months__lte=12),
                name="members_development_extension",
                violation_error_message="预备期只能延长一次，半年以上、一年以内。",
            ),
            models.CheckConstraint(
                condition=(Q(stage=_STAGE.ENDED, ended_date__isnull=False) & ~Q(end_kind="") & ~Q(end_reason=""))
                | (~Q(stage=_STAGE.ENDED) & Q(ended_date__isnull=True, end_kind="")),
                name="members_development_ended",
                violation_error_message="终止要写明日期、怎样终止和原因。",
            ),
            models.CheckConstraint(
                condition=(Q(activist_date__isnull=True) | Q(activist_date__gte=F("applied_date")))
                & (Q(target_date__isnull=True) | Q(target_date__gte=F("activist_date")))
                & (Q(admitted_date__isnull=True) | Q(admitted_date__gte=F("target_date"))),
                name="members_development_order",
                violation_error_message="先申请、再积极分子、再发展对象、再接收，日期不能倒过来。",
            ),
            models.CheckConstraint(
                condition=Q(due_kind="", due_date__isnull=True) | (~Q(due_kind="") & Q(due_date__isnull=False)),
                name="members_development_due_date",
                violation_error_message="期限要有日期。",
            ),
        ]

    def __str__(self) -> str:
        """Return the stage, never the name."""
        return f"发展党员档案 {self.pk} {self.get_stage_display()}"


class DevelopmentStep(models.Model):
    """One of the 25 steps as it was done: when, by what paper, with what opinion, votes and result."""

    development = models.ForeignKey(Development, models.PROTECT, verbose_name="档案", related_name="steps")
    number = models.PositiveSmallIntegerField("步骤", choices=StepNumber)
    status = models.CharField("状态", max_length=8, choices=StepStatus, default=StepStatus.DONE, editable=False)
    done_date = models.DateField("办理日期")
    document = models.CharField("文号", max_length=80, blank=True)
    opinion = models.CharField("意见", max_length=500, blank=True)
    result = models.CharField("结果", max_length=12, choices=StepResult, blank=True)
    months = models.PositiveSmallIntegerField("延长（月）", null=True, blank=True)
    entitled = models.PositiveSmallIntegerField("应到会有表决权人数", null=True, blank=True)
    present = models.PositiveSmallIntegerField("实到会有表决权人数", null=True, blank=True)
    votes_for = models.PositiveSmallIntegerField("赞成", null=True, blank=True)
    votes_against = models.PositiveSmallIntegerField("反对", null=True, blank=True)
    votes_abstained = models.PositiveSmallIntegerField("弃权", null=True, blank=True)
    written_opinions = models.PositiveSmallIntegerField(
        "其中书面意见", null=True, blank=True, help_text="因故不能到会、会前正式提出书面意见的"
    )
    training_days = models.DecimalField(
        "培训天数", max_digits=4, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    training_hours = models.PositiveSmallIntegerField("培训学时", null=True, blank=True)
    notice_from_date = models.DateField("公示开始", null=True, blank=True)
    notice_until_date = models.DateField("公示结束", null=True, blank=True, help_text="公示的最后一天")
    late_reason = models.CharField("延长审批时间的原因", max_length=200, blank=True)
    refused_reason = models.CharField("没有批准或作废的原因", max_length=200, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="记录人", related_name="+", editable=False
    )
    recorded_at = models.DateTimeField("记录时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "发展党员步骤"
        ordering = ["number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["development", "number"],
                condition=Q(status=StepStatus.DONE),
                name="members_developmentstep_once",
                violation_error_message="这一步已经记过了。",
            ),
            models.CheckConstraint(
                condition=_NO_VOTES
                | (
                    _ALL_VOTES
                    & Q(entitled__gte=F("present") + F("written_opinions"))
                    & Q(votes_for=F("present") + F("written_opinions") - F("votes_against") - F("votes_abstained"))
                ),
                name="members_developmentstep_votes",
                violation_error_message="票数对不上：赞成、反对、弃权合计等于实到加书面意见，不能多于应到。",
            ),
            models.CheckConstraint(
                condition=~Q(number__in=[StepNumber.ADMISSION_MEETING, StepNumber.CONFIRMATION_MEETING]) | _ALL_VOTES,
                name="members_developmentstep_meeting",
                violation_error_message="支部大会要记应到、实到和票数。",
            ),
            models.CheckConstraint(
                condition=~Q(number__in=_WITH_PAPER) | ~_DONE | ~Q(document=""),
                name="members_developmentstep_document",
                violation_error_message="这一步要写明文号或证书编号。",
            ),
            models.CheckConstraint(
                condition=~Q(number=StepNumber.CONFIRMATION_MEETING)
                | (Q(result=StepResult.EXTEND, months__gte=6, months__lte=12))
                | Q(result__in=[StepResult.CONFIRM, StepResult.CANCEL], months__isnull=True),
                name="members_developmentstep_outcome",
                violation_error_message="转正的支部大会要有结果；延长的写明 6 到 12 个月。",
            ),
            models.CheckConstraint(
                condition=Q(notice_from_date__isnull=True, notice_until_date__isnull=True)
                | Q(notice_until_date__gte=F("notice_from_date")),
                name="members_developmentstep_notice",
                violation_error_message="公示结束不能早于开始。",
            ),
            models.CheckConstraint(
                condition=_DONE | ~Q(refused_reason=""),
                name="members_developmentstep_refused",
                violation_error_message="没有批准、作废的要写原因。",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=len(STEPS)),
                name="members_developmentstep_number",
                violation_error_message="没有这一步。",
            ),
        ]

    def __str__(self) -> str:
        """Return which step, when."""
        return f"{self.get_number_display()} {self.done_date}"


class DevelopmentReview(models.Model):
    """The half-yearly look at an activist (考察), by the half-year it is for."""

    development = models.ForeignKey(Development, models.PROTECT, verbose_name="档案", related_name="reviews")
    half_year = models.PositiveSmallIntegerField(
        "第几个半年", validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    on_date = models.DateField("考察日期")
    opinion = models.CharField("考察意见", max_length=500)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="记录人", related_name="+", editable=False
    )
    recorded_at = models.DateTimeField("记录时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "积极分子考察"
        ordering = ["half_year"]
        constraints = [
            models.UniqueConstraint(
                fields=["development", "half_year"],
                name="members_developmentreview_once",
                violation_error_message="这半年的考察已经记过了。",
            ),
            models.CheckConstraint(
                condition=~Q(opinion="") & Q(half_year__gte=1),
                name="members_developmentreview_opinion",
                violation_error_message="考察要有意见。",
            ),
        ]

    def __str__(self) -> str:
        """Return for which half-year, when."""
        return f"第 {self.half_year} 个半年 {self.on_date}"


class DevelopmentSponsor(models.Model):
    """A full member who cultivates or introduces somebody, from when to when."""

    development = models.ForeignKey(Development, models.PROTECT, verbose_name="档案", related_name="sponsors")
    member = models.ForeignKey(PartyMember, models.PROTECT, verbose_name="党员", related_name="sponsored")
    kind = models.CharField("身份", max_length=10, choices=SponsorKind)
    from_date = models.DateField("开始日期")
    until_date = models.DateField("结束日期", null=True, blank=True)
    end_reason = models.CharField("结束原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "培养联系人和介绍人"
        ordering = ["kind", "from_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["development", "member", "kind"],
                condition=Q(until_date__isnull=True),
                name="members_developmentsponsor_once",
                violation_error_message="这位党员已经是联系人（介绍人）了。",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | (Q(until_date__gte=F("from_date")) & ~Q(end_reason="")),
                name="members_developmentsponsor_period",
                violation_error_message="结束要有日期和原因，不能早于开始。",
            ),
        ]

    def __str__(self) -> str:
        """Return as what, since when."""
        return f"{self.get_kind_display()} {self.from_date}"


class GateOverride(models.Model):
    """A gate that the committee let pass with a reason. It stays on the page for ever."""

    development = models.ForeignKey(Development, models.PROTECT, verbose_name="档案", related_name="overrides")
    number = models.PositiveSmallIntegerField("步骤", choices=StepNumber)
    gate = models.CharField("条件", max_length=20)
    sentence = models.CharField("当时的说明", max_length=300)
    reason = models.CharField("放行的原因", max_length=500)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="放行人", related_name="+", editable=False
    )
    at = models.DateTimeField("放行时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "特批放行"
        ordering = ["number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["development", "number", "gate"],
                name="members_gateoverride_once",
                violation_error_message="这一条已经放行过了。",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(gate=""),
                name="members_gateoverride_reason",
                violation_error_message="放行要写原因。",
            ),
        ]

    def __str__(self) -> str:
        """Return which gate of which step."""
        return f"{self.get_number_display()} {self.gate}"
