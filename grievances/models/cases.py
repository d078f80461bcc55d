"""A grievance, what was said on it, and who was asked to help."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from branches.models import Division, Office, Organization
from foundation.protection.fields import BlindIndexField, ProtectedField
from grievances.choices import (
    IN_LEDGER,
    OPEN,
    TO_CONFIRM,
    WITH_HANDLER,
    Channel,
    ClockKind,
    CloseReason,
    FollowUpMethod,
    Measure,
    Result,
    Satisfaction,
    StatementKind,
    Status,
    Urgency,
)
from grievances.querysets import CategoryQuerySet, GrievanceQuerySet
from members.models import Person


class Category(models.Model):
    """What a grievance is about, in two steps; switched off, never deleted."""

    code = models.CharField("代码", max_length=40)
    name = models.CharField("名称", max_length=30)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="大类", related_name="children"
    )
    is_money = models.BooleanField("涉及金额", default=False, help_text="答复时要写追回多少钱")
    is_about_portal = models.BooleanField("关于本网站", default=False, help_text="由系统管理员答复")
    measure = models.CharField("办成后计为", max_length=20, choices=Measure, default=Measure.CASE_SOLVED)
    is_active = models.BooleanField("在用", default=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "诉求类别"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], name="grievances_category_code", violation_error_message="这个代码已经用过了。"
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("pk")),
                name="grievances_category_parent",
                violation_error_message="类别不能归到自己下面。",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Grievance(models.Model):
    """One thing somebody asks help with, from lodging to a confirmed answer.

    `organization` is the committee that decides now, `origin` the first one that had it. `collector`, `handler` and
    `supervisor` are the three offices of 有人问、有人办、有人管; none is empty once it is in the ledger. `next_due_at`
    is the earliest due time of its running clocks, kept for the work list.
    """

    number = models.CharField("编号", max_length=24, editable=False)
    track_code = models.CharField("查询码", max_length=8, editable=False)
    passphrase_hash = models.CharField("查询口令", max_length=64, blank=True, editable=False)
    channel = models.CharField("来源", max_length=16, choices=Channel)
    external_number = models.CharField("外部单号", max_length=60, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name="类别", related_name="grievances")
    urgency = models.CharField("紧急程度", max_length=8, choices=Urgency, default=Urgency.NORMAL)
    title = models.CharField("标题", max_length=80)
    description = models.TextField("事情经过", max_length=4000)
    respondent = models.CharField("被反映方", max_length=80, blank=True)
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="发生地", related_name="grievances"
    )
    place = models.CharField("具体地点", max_length=120, blank=True)
    amount_involved = models.DecimalField("涉及金额（元）", max_digits=12, decimal_places=2, null=True, blank=True)
    amount_recovered = models.DecimalField("追回金额（元）", max_digits=12, decimal_places=2, null=True, blank=True)

    # The complainant. Anonymous: none of these; confidential: for the named office alone.
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name="诉求人", related_name="grievances"
    )
    complainant_name = ProtectedField("诉求人姓名", blank=True, default="", mask="name")
    phone = ProtectedField("诉求人电话", blank=True, default="", mask="phone")
    phone_index = BlindIndexField("电话索引", null=True, blank=True, editable=False)
    is_anonymous = models.BooleanField("匿名", default=False)
    confidential_to = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, verbose_name="只告诉这个岗位", related_name="+"
    )

    # Who has it.
    status = models.CharField("状态", max_length=24, choices=Status, default=Status.LODGED, editable=False)
    # Three without an index of their own: another one of the list below begins with them.
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        verbose_name="承办单位",
        related_name="grievances",
        editable=False,
        db_index=False,
    )
    origin = models.ForeignKey(
        Organization, models.PROTECT, verbose_name="首办单位", related_name="+", editable=False, db_index=False
    )
    rung = models.PositiveSmallIntegerField("升级次数", default=0, editable=False)
    collector = models.ForeignKey(
        Office, models.PROTECT, null=True, verbose_name="有人问", related_name="+", editable=False
    )
    handler = models.ForeignKey(
        Office, models.PROTECT, null=True, verbose_name="有人办", related_name="+", editable=False, db_index=False
    )
    supervisor = models.ForeignKey(
        Office, models.PROTECT, null=True, verbose_name="有人管", related_name="+", editable=False
    )
    lodged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )
    # Evidence of the statuses.
    lodged_at = models.DateTimeField("提交时间", editable=False)
    accepted_at = models.DateTimeField("受理时间", null=True, editable=False)
    assigned_at = models.DateTimeField("转办时间", null=True, editable=False)
    first_assigned_at = models.DateTimeField("首次转办时间", null=True, editable=False)
    answered_at = models.DateTimeField("答复时间", null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="答复人", related_name="+", editable=False
    )
    closed_at = models.DateTimeField("办结时间", null=True, editable=False)
    close_reason = models.CharField("办结依据", max_length=12, choices=CloseReason, blank=True, editable=False)
    result = models.CharField("办理结果", max_length=12, choices=Result, blank=True, editable=False)
    solved = models.CharField("诉求人说", max_length=12, choices=Result, blank=True, editable=False)
    satisfaction = models.CharField("满意度", max_length=20, choices=Satisfaction, blank=True, editable=False)
    measure = models.CharField("计为", max_length=20, choices=Measure, blank=True, editable=False)
    person_times = models.PositiveSmallIntegerField("人次", default=1, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="并入", related_name="merged", editable=False
    )
    reopened = models.PositiveSmallIntegerField("重办次数", default=0, editable=False)
    failed_attempts = models.PositiveSmallIntegerField("未联系上次数", default=0, editable=False)
    supervised_at = models.DateTimeField("督办时间", null=True, editable=False)
    # Kept from the clocks, so that a work list is one index.
    next_due_at = models.DateTimeField("最近到期", null=True, editable=False)
    next_clock = models.CharField("在等", max_length=10, choices=ClockKind, blank=True, editable=False)
    calendar_missing = models.BooleanField("日历未载入", default=False, editable=False)

    objects = GrievanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "诉求"
        ordering = ["-lodged_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "status", "next_due_at"], name="grievances_case_work"),
            models.Index(fields=["origin", "-lodged_at"], name="grievances_case_origin"),
            # Counts of a committee's ledger are read from this one alone, without the rows.
            models.Index(fields=["origin", "status", "category"], name="grievances_case_counted"),
            models.Index(fields=["-lodged_at", "-id"], name="grievances_case_ledger"),
            # Few of many are open: what stands now is counted from these alone.
            models.Index(
                fields=["origin", "next_due_at"],
                name="grievances_case_open",
                condition=Q(status__in=sorted(OPEN)),
            ),
            models.Index(fields=["closed_at"], name="grievances_case_closed", condition=Q(closed_at__isnull=False)),
            models.Index(fields=["handler", "next_due_at"], name="grievances_case_handler"),
            models.Index(fields=["origin"], name="grievances_case_moved", condition=Q(rung__gt=0)),
            models.Index(
                fields=["supervised_at"], name="grievances_case_supervised", condition=Q(supervised_at__isnull=False)
            ),
            models.Index(fields=["phone_index"], name="grievances_case_phone", condition=Q(phone_index__isnull=False)),
            models.Index(fields=["person"], name="grievances_case_person", condition=Q(person__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="grievances_grievance_number"),
            models.UniqueConstraint(fields=["track_code"], name="grievances_grievance_track_code"),
            models.UniqueConstraint(
                fields=["channel", "external_number"],
                condition=~Q(external_number=""),
                name="grievances_grievance_external",
                violation_error_message="这个外部单号已经登记过。",
            ),
            models.CheckConstraint(
                condition=~Q(title=""), name="grievances_grievance_title", violation_error_message="标题不能空着。"
            ),
            models.CheckConstraint(
                condition=~Q(is_anonymous=True)
                | Q(complainant_name="", phone="", person__isnull=True, confidential_to__isnull=True),
                name="grievances_grievance_anonymous",
                violation_error_message="匿名的诉求不能留姓名和电话。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(IN_LEDGER))
                | Q(
                    accepted_at__isnull=False,
                    collector__isnull=False,
                    handler__isnull=False,
                    supervisor__isnull=False,
                ),
                name="grievances_grievance_owners",
                violation_error_message="受理以后，有人问、有人办、有人管一个都不能少。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(WITH_HANDLER))
                | Q(assigned_at__isnull=False, first_assigned_at__isnull=False),
                name="grievances_grievance_assigned",
                violation_error_message="转办了的诉求要有转办时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(TO_CONFIRM | {Status.CLOSED}))
                | Q(answered_at__isnull=False) & ~Q(result=""),
                name="grievances_grievance_answered",
                violation_error_message="答复了的诉求要有结果。",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.CLOSED, closed_at__isnull=False) & ~Q(close_reason="")
                | ~Q(status=Status.CLOSED) & Q(closed_at__isnull=True, close_reason=""),
                name="grievances_grievance_closed",
                violation_error_message="办结要有依据：诉求人确认、回访核实，或者三次没联系上。",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.MERGED, merged_into__isnull=False)
                | ~Q(status=Status.MERGED) & Q(merged_into__isnull=True),
                name="grievances_grievance_merged",
                violation_error_message="并掉的诉求要说并到哪一件。",
            ),
            models.CheckConstraint(
                condition=(Q(amount_involved__isnull=True) | Q(amount_involved__gte=0))
                & (Q(amount_recovered__isnull=True) | Q(amount_recovered__gte=0)),
                name="grievances_grievance_amounts",
                violation_error_message="金额不能小于 0。",
            ),
        ]

    def __str__(self) -> str:
        """Return number and title."""
        return f"{self.number} {self.title}"

    @property
    def is_confidential(self) -> bool:
        """Whether the complainant's name is for one office alone."""
        return self.confidential_to_id is not None


class Statement(models.Model):
    """What somebody said on a grievance; never changed. The trail has who did what, this has the words.

    `is_public`: the complainant reads it as it stands. `entry_id` is the entry of the audit trail it belongs to.
    """

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="statements")
    kind = models.CharField("种类", max_length=10, choices=StatementKind)
    text = models.TextField("内容", max_length=4000)
    is_public = models.BooleanField("诉求人可见", default=False)
    office = models.ForeignKey(Office, models.PROTECT, null=True, verbose_name="岗位", related_name="+")
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="谁说的", related_name="+"
    )
    at = models.DateTimeField("时间")
    entry_id = models.BigIntegerField("审计记录", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "办理记录"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""), name="grievances_statement_text", violation_error_message="内容不能空着。"
            ),
            models.CheckConstraint(
                condition=~Q(kind=StatementKind.INTERNAL) | Q(is_public=False),
                name="grievances_statement_internal",
                violation_error_message="内部意见不能给诉求人看。",
            ),
        ]

    def __str__(self) -> str:
        """Return what kind of statement it is on which grievance."""
        return f"{self.grievance_id} {self.get_kind_display()}"


class Evidence(models.Model):
    """A file that goes with a grievance: a picture without its place and time, or a document. Served by scope only."""

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="evidence")
    stored_file = models.CharField("存放名", max_length=40, editable=False)
    name = models.CharField("文件名", max_length=120)
    kind = models.CharField("类型", max_length=10)
    size = models.PositiveIntegerField("大小（字节）")
    is_public = models.BooleanField("诉求人可见", default=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="谁加的", related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "材料"
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["stored_file"], name="grievances_evidence_stored_file")]

    def __str__(self) -> str:
        """Return the file's name."""
        return self.name


class FollowUp(models.Model):
    """One attempt to ask the complainant, or what he said unasked. By another office than the one that handled it."""

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="follow_ups")
    method = models.CharField("方式", max_length=10, choices=FollowUpMethod)
    was_reached = models.BooleanField("联系上了")
    solved = models.CharField("解决了吗", max_length=12, choices=Result, blank=True)
    satisfaction = models.CharField("满意吗", max_length=20, choices=Satisfaction, blank=True)
    note = models.CharField("记录", max_length=500, blank=True)
    office = models.ForeignKey(Office, models.PROTECT, null=True, verbose_name="回访岗位", related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="回访人", related_name="+"
    )
    at = models.DateTimeField("时间")
    round = models.PositiveSmallIntegerField("第几轮", default=0)  # how often it had been reopened by then

    class Meta:
        verbose_name = verbose_name_plural = "回访"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(was_reached=True) & ~Q(solved="") & ~Q(satisfaction="")
                | Q(was_reached=False, solved="", satisfaction="") & ~Q(note=""),
                name="grievances_followup_answer",
                violation_error_message="联系上了要记解决没有、满不满意；没联系上要写清怎么联系的。",
            ),
        ]

    def __str__(self) -> str:
        """Return the method and what came of it."""
        return f"{self.get_method_display()} {self.get_solved_display() or '未联系上'}"


class Assist(models.Model):
    """Another office that helps the handler (协办); the handler stays answerable."""

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="assists")
    office = models.ForeignKey(Office, models.PROTECT, verbose_name="协办岗位", related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="谁请的", related_name="+")
    from_at = models.DateTimeField("开始")
    until_at = models.DateTimeField("结束", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "协办"
        ordering = ["from_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["grievance", "office"],
                condition=Q(until_at__isnull=True),
                name="grievances_assist_once",
                violation_error_message="这个岗位已经在协办。",
            ),
        ]

    def __str__(self) -> str:
        """Return which office helps."""
        return f"{self.grievance_id} {self.office}"


class Supervision(models.Model):
    """A superior orders a grievance to be seen to (督办), and what was reported back."""

    grievance = models.ForeignKey(Grievance, models.PROTECT, verbose_name="诉求", related_name="supervisions")
    organization = models.ForeignKey(Organization, models.PROTECT, verbose_name="督办单位", related_name="supervisions")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="督办人", related_name="+")
    demand = models.CharField("督办要求", max_length=500)
    at = models.DateTimeField("督办时间")
    report = models.CharField("办理回报", max_length=1000, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="回报人", related_name="+"
    )
    reported_at = models.DateTimeField("回报时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "督办"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(report="", reported_at__isnull=True, reported_by__isnull=True)
                | Q(reported_at__isnull=False, reported_by__isnull=False) & ~Q(report=""),
                name="grievances_supervision_report",
                violation_error_message="回报要有内容、时间和回报人。",
            ),
        ]

    def __str__(self) -> str:
        """Return who supervises which grievance."""
        return f"{self.organization} {self.grievance_id}"
