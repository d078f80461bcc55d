"""The invariants of the whole database, each checked by a function that yields what is wrong in words for people.

Sentences name rows by their number or code, never by name, identity number or phone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery
from django.utils import timezone

from activities.choices import AttendanceStatus, FollowUpOwner
from activities.models import Activity, Attendance, ComplianceStatus, VisitFollowUp
from activities.workflow.calendar import lines_of
from branches import rules
from branches.choices import OrganizationStatus, Role
from branches.models import Appointment, HandOver, Organization, Workday
from dashboard import integrity_members
from dashboard.integrity_verification import verifications
from foundation.accounts.models import User
from foundation.accounts.workflow import phone_index as account_phone_index
from foundation.audit import sealing
from foundation.audit.models import Entry
from foundation.notifications.choices import DIGEST, ChannelKind, DeliveryStatus
from foundation.notifications.models import Delivery, Notification
from foundation.protection.canonical import name_key
from foundation.protection.seal import SealBroken
from grievances.choices import ENDED, PAUSED, CloseReason, StatementKind, WorkOrderStatus
from grievances.choices import Status as GrievanceStatus
from grievances.models import Clock, FollowUp, Grievance, Pause, Statement, WorkOrderImport
from grievances.rules.cases import FAILED_ATTEMPTS_TO_CLOSE
from grievances.rules.clocks import due as count_due
from grievances.rules.policies import limit_of
from members.choices import (
    DEVELOPMENT_OPEN,
    MEMBER_CURRENT,
    MEMBER_LEFT,
    STEPS,
    AffiliationKind,
    DevelopmentStage,
    Fate,
    ImportStatus,
    MemberStatus,
    StepStatus,
    VehicleStatus,
)
from members.models import (
    Affiliation,
    Credential,
    Development,
    DevelopmentReview,
    DevelopmentSponsor,
    DevelopmentStep,
    Driver,
    Enterprise,
    PartyMember,
    Person,
    RosterImport,
    RosterResult,
    RosterRow,
    Vehicle,
)
from members.rules.development import ahead_of
from members.rules.people import credential_index, id_number_columns, name_columns, phone_columns
from members.workflow.development import facts_from

SHOWN = 20  # sentences per check; the number found is always told
# What the contract names and this release has nothing of yet.
NOT_YET = {"capacity": "预约名额（随服务站）"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found: how many problems, the first of them in words."""

    check: str
    label: str
    count: int
    sentences: tuple[str, ...]


def verify(at: datetime) -> list[Outcome]:
    """Run every check and return what each found, in the order of CHECKS. Reads and opens every person."""
    outcomes = []
    for name, (label, check) in CHECKS.items():
        count, shown = 0, []
        for sentence in check(at):
            count += 1
            if count <= SHOWN:
                shown.append(sentence)
        outcomes.append(Outcome(name, label, count, tuple(shown)))
    return outcomes


# --- the tree ---------------------------------------------------------------------------------------------------------
def _tree(at: datetime) -> Iterator[str]:
    kinds = ("路径写法不对", "路径长度不对", "找不到上级", "层次不对", "下级数目不对")
    for kind, keys in zip(kinds, Organization.objects.find_problems(), strict=True):
        for key in keys:
            yield f"组织 {key}：{kind}"
    columns = ("path", "code", "kind", "level", "status")
    units = {row[0]: row for row in Organization.objects.values_list(*columns)}
    for path, code, kind, level, status in units.values():
        parent = units.get(path[: -Organization.steplen])
        if not rules.may_stand_under(kind, parent[2] if parent else None):
            yield f"组织 {code}：{kind} 不能设在 {parent[2] if parent else '最上层'} 下面"
        if not rules.level_fits(level, parent[3] if parent else None):
            yield f"组织 {code}：级别高于上级"
        if parent and parent[4] == OrganizationStatus.DISSOLVED and status != OrganizationStatus.DISSOLVED:
            yield f"组织 {code}：还在运行，上级 {parent[1]} 已经撤销"


# --- uniqueness and references ----------------------------------------------------------------------------------------
_UNIQUE: tuple[tuple[Any, tuple[str, ...], Q, str], ...] = (
    (Organization, ("code",), Q(), "组织代码"),
    (User, ("username",), Q(), "用户名"),
    (Person, ("id_number_index",), Q(id_number_index__isnull=False), "身份证号"),
    (Enterprise, ("uscc",), Q(uscc__isnull=False), "统一社会信用代码"),
    (Vehicle, ("plate", "colour"), Q(status=VehicleStatus.ACTIVE), "在用车牌"),
    (Credential, ("driver", "kind"), Q(), "司机的同一种证件"),
    (RosterResult, ("roster_import", "ordinal"), Q(), "导入的一行写入结果"),
    (Notification, ("dedupe_key",), Q(), "通知的去重键"),
    (Delivery, ("notification", "channel"), Q(), "一条通知在一个通道上的投递"),
)


def _uniqueness(at: datetime) -> Iterator[str]:
    for model, columns, condition, label in _UNIQUE:
        twice = model.objects.filter(condition).order_by().values(*columns)
        for row in twice.annotate(rows=Count("pk"), first=Min("pk")).filter(rows__gt=1):
            yield f"{label}重复 {row['rows']} 次，最早的编号 {row['first']}"


def _references(at: datetime) -> Iterator[str]:
    """Look for rows that point at nothing: PostgreSQL cannot have them, SQLite can when the check was switched off."""
    try:
        connection.check_constraints()
    except IntegrityError as error:
        yield f"外键指向不存在的行：{str(error)[:200]}"


# --- people -----------------------------------------------------------------------------------------------------------
def _membership(at: datetime) -> Iterator[str]:
    formal, external = Q(formal_organization__isnull=False), ~Q(external_organization="")
    left = Q(status__in=sorted(MEMBER_LEFT))
    none, both = ~formal & ~external, formal & external
    wrong = PartyMember.objects.filter((left & (formal | external)) | (~left & (none | both)))
    for key in wrong.order_by("pk").values_list("pk", flat=True):
        yield f"党员 {key}：组织关系不是恰好一个"
    flowing = Affiliation.objects.filter(kind=AffiliationKind.FLOWING, until_date__isnull=True)
    for row in flowing.order_by().values("member").annotate(ties=Count("pk")).filter(ties__gt=1):
        yield f"党员 {row['member']}：同时纳入 {row['ties']} 个流动支部"


def _people(at: datetime) -> Iterator[str]:
    """Compare search keys, blind indexes and tails with the values they were made of. One query, all persons."""
    columns = (
        "pk", "name", "name_key", "given_key", "initials", "id_number", "id_number_index", "id_number_tail", "phone",
        "phone_index", "phone_tail",
    )  # fmt: skip
    try:
        for row in Person.objects.order_by().values_list(*columns).iterator(chunk_size=2000):
            if tuple(name_columns(row[1]).values()) != row[1:5]:
                yield f"人员 {row[0]}：检索名与姓名不符"
            if tuple(id_number_columns(row[5]).values()) != row[5:8]:
                yield f"人员 {row[0]}：身份证号与它的索引不符"
            if tuple(phone_columns(row[8]).values()) != row[8:11]:
                yield f"人员 {row[0]}：手机号与它的索引不符"
        for key, number, index in Credential.objects.order_by().values_list("pk", "number", "number_index").iterator():
            if credential_index(number) != index:
                yield f"从业资格 {key}：证号与它的索引不符"
        for key, phone, index in User.objects.order_by().values_list("pk", "phone", "phone_index").iterator():
            if account_phone_index(phone) != index:
                yield f"账号 {key}：电话与它的索引不符"
    except SealBroken as error:
        yield f"有加密值打不开，后面的没有再查：{error}"


def _firms(at: datetime) -> Iterator[str]:
    for key, name, stored in Enterprise.objects.order_by().values_list("pk", "name", "name_key").iterator():
        if name_key(name)[:120] != stored:
            yield f"企业 {key}：检索名与名称不符"


def _registration(at: datetime) -> Iterator[str]:
    """Drivers are registered with committees; a merged person is a signpost and drives no more."""
    committees = ("industry_committee", "enterprise_committee")
    elsewhere = Driver.objects.exclude(registering_committee__kind__in=committees)
    for key in elsewhere.order_by("pk").values_list("pk", flat=True):
        yield f"司机 {key}：登记单位不是党委"
    for key in Driver.objects.filter(person__merged_into__isnull=False).order_by("pk").values_list("pk", flat=True):
        yield f"司机 {key}：这个人已经并入另一条"


def _development(at: datetime) -> Iterator[str]:
    """Compare files of members to be with their steps, what comes next, and the membership. Five queries, all files."""
    rows: dict[str, dict[int, list]] = {}
    for name, found in (
        ("steps", DevelopmentStep.objects.filter(status=StepStatus.DONE)),
        ("reviews", DevelopmentReview.objects.all()),
        ("sponsors", DevelopmentSponsor.objects.select_related("member")),
    ):
        rows[name] = defaultdict(list)
        for row in found.order_by("pk").iterator(chunk_size=2000):
            rows[name][row.development_id].append(row)
    standing = dict(PartyMember.objects.values_list("pk", "status"))
    files = Development.objects.select_related("person", "organization").order_by("pk")
    for file in files.iterator(chunk_size=2000):
        facts = facts_from(file, *(rows[name][file.pk] for name in ("steps", "reviews", "sponsors")))
        for number in facts.done:
            if not set(STEPS[number].after) <= set(facts.done) and file.stage != DevelopmentStage.ENDED:
                yield f"发展党员档案 {file.pk}：第 {number} 步办了，前面的没有"
        ahead = ahead_of(file.stage, facts)
        stored = (file.next_step, file.opens_date, file.due_kind, file.due_date)
        if stored != (ahead.next_step, ahead.opens, ahead.due_kind, ahead.due):
            yield f"发展党员档案 {file.pk}：下一步和期限与重新数的不一样"
        status = standing.get(file.person_id)
        if file.stage == DevelopmentStage.PROBATIONARY and status != MemberStatus.PROBATIONARY:
            yield f"发展党员档案 {file.pk}：在预备期，党籍却不是预备党员"
        before = file.stage in DEVELOPMENT_OPEN and file.stage != DevelopmentStage.PROBATIONARY
        if before and status in MEMBER_CURRENT:
            yield f"发展党员档案 {file.pk}：还没有接收，已经是党员"


# --- imports ----------------------------------------------------------------------------------------------------------
def _imports(at: datetime) -> Iterator[str]:
    """Rows = created + updated + unchanged + rejected; one line result for each row that was written. Three queries."""
    columns = ("pk", "status", "rows", "created", "updated", "unchanged", "rejected", "applied")
    results: dict[int, dict[str, int]] = defaultdict(dict)
    found = RosterResult.objects.order_by().values_list("roster_import", "fate").annotate(number=Count("pk"))
    for batch, fate, number in found:
        results[batch][fate] = number
    staged: dict[int, dict[str, int]] = defaultdict(dict)
    for batch, fate, number in (
        RosterRow.objects.order_by().values_list("roster_import", "fate").annotate(number=Count("pk"))
    ):
        staged[batch][fate] = number
    planned = (ImportStatus.PREVIEW, ImportStatus.APPLYING, ImportStatus.DONE, ImportStatus.UNDONE)
    for key, status, rows, created, updated, unchanged, rejected, applied in RosterImport.objects.values_list(*columns):
        if status in planned and rows != created + updated + unchanged + rejected:
            yield f"导入 {key}：{rows} 行不等于新增 {created} + 变更 {updated} + 不变 {unchanged} + 拒绝 {rejected}"
        counts = {Fate.CREATED: created, Fate.UPDATED: updated, Fate.UNCHANGED: unchanged, Fate.REJECTED: rejected}
        rows_there = staged.get(key)
        if status in planned and rows_there is not None:
            for fate, number in counts.items():
                if rows_there.get(fate, 0) != number:
                    yield f"导入 {key}：{fate.label} 记了 {number} 行，逐行留底有 {rows_there.get(fate, 0)} 行"
        written = results.get(key)
        if written is None:
            # After retention rows and results are gone together; rows that stand without results were never written.
            if status == ImportStatus.DONE and rows_there is not None and created + updated:
                yield f"导入 {key}：已完成，却没有写入结果"
            continue
        number = sum(written.values())
        if (
            status in (ImportStatus.DONE, ImportStatus.UNDONE)
            and (
                written.get(Fate.CREATED, 0),
                written.get(Fate.UPDATED, 0),
            )
            != (created, updated)
            and rows_there is not None
        ):
            yield f"导入 {key}：应写 {created + updated} 行，写入结果有 {number} 行"
        if applied != number and rows_there is not None:
            yield f"导入 {key}：记着写了 {applied} 行，写入结果有 {number} 行"
    lost = RosterResult.objects.filter(undone="").exclude(person_id__in=Person.objects.values("pk"))
    for batch, ordinal in lost.order_by("pk").values_list("roster_import", "ordinal")[:SHOWN]:
        yield f"导入 {batch} 的第 {ordinal + 1} 行：写入的人已经不在"


# --- posts ------------------------------------------------------------------------------------------------------------
def _appointments(at: datetime) -> Iterator[str]:
    """Roles that exclude each other, at the wrong kind of unit; two secretaries; early hand-overs. Two queries."""
    held: dict[int, list] = defaultdict(list)
    secretaries: dict[int, int] = defaultdict(int)
    posts = Appointment.objects.not_ended(at).exclude(until_at=F("from_at"))
    for key, user, role, organization, kind in posts.order_by("pk").values_list(
        "pk", "user", "role", "organization", "organization__kind"
    ):
        held[user].append((key, role))
        if not rules.may_hold_at(role, kind):
            yield f"任职 {key}：{kind} 没有 {role} 这个角色"
        if role == Role.SECRETARY:
            secretaries[organization] += 1
    for user, posts_held in held.items():
        for key, role in posts_held:
            excluded = rules.excluded_by(role, frozenset(other for _, other in posts_held))
            if excluded:
                yield f"账号 {user}：任职 {key}（{role}）与 {'、'.join(sorted(excluded))} 互斥"
    for organization, number in secretaries.items():
        if number > 1:
            yield f"组织 {organization}：有 {number} 个书记"
    taken = HandOver.objects.filter(acknowledged_at__isnull=False).exclude(
        acknowledged_at__gte=F("appointment__until_at")
    )
    for key in taken.values_list("appointment_id", flat=True):
        yield f"任职 {key}：还没有结束，就有人确认接手"


# --- notifications ----------------------------------------------------------------------------------------------------
_ABANDONED = timedelta(hours=1)  # the sweep comes every 30 seconds and a lease lasts one minute


def _outbox(at: datetime) -> Iterator[str]:
    """Everybody with an account has his inbox entry, everybody else some way; nothing is held by the dead. Six queries.

    That nothing was sent twice under one key is a unique constraint; here its two halves are counted.
    """
    ways = Delivery.objects.filter(notification=OuterRef("pk"))
    accounts = Notification.objects.filter(user__isnull=False).exclude(event=DIGEST)
    for key in accounts.exclude(Exists(ways.filter(channel=ChannelKind.IN_APP))).values_list("pk", flat=True):
        yield f"通知 {key}：没有站内的一份"
    others = Notification.objects.filter(Q(user__isnull=True) | Q(event=DIGEST))
    for key in others.exclude(Exists(ways)).values_list("pk", flat=True):
        yield f"通知 {key}：没有一个通道"
    copied = Delivery.objects.exclude(recipient=F("notification__recipient"), subject=F("notification__subject"))
    for key in copied.values_list("pk", flat=True):
        yield f"投递 {key}：收件人代号或事项与通知不符"
    for key in Delivery.objects.stuck(at - _ABANDONED).values_list("pk", flat=True):
        yield f"投递 {key}：占用它的后台早已中断，一小时没有人接着发"
    unshown = Delivery.objects.due_in_app(at - _ABANDONED)
    for key in unshown.values_list("notification", flat=True):
        yield f"通知 {key}：到期一小时，后台还没有办"
    loose = Delivery.objects.filter(status=DeliveryStatus.BUNDLED).exclude(bundled_into__event=DIGEST)
    for key in loose.values_list("pk", flat=True):
        yield f"投递 {key}：并入的不是汇总"


# --- the trail --------------------------------------------------------------------------------------------------------
def _trail(at: datetime) -> Iterator[str]:
    """Check the chain of the trail. That the sealer lags is told by verify_audit and is no damage."""
    problem = sealing.verify(now=at).problem
    if problem is not None and problem.kind != "unsealed":
        yield f"审计链条（{problem.kind}）：{problem.sentence}"


# --- grievances -------------------------------------------------------------------------------------------------------
def _owners(at: datetime) -> Iterator[str]:
    """Look for accepted cases without three owners, closed ones without an answer or who said so. Five queries."""
    unowned = Q(collector=None) | Q(handler=None) | Q(supervisor=None) | Q(accepted_at=None)
    for number in Grievance.objects.in_ledger().filter(unowned).order_by("number").values_list("number", flat=True):
        yield f"诉求 {number}：受理了，有人问、有人办、有人管没有齐"
    closed = Grievance.objects.filter(status=GrievanceStatus.CLOSED)
    spoken = FollowUp.objects.filter(grievance=OuterRef("pk"), was_reached=True)
    for number in (
        closed.exclude(close_reason=CloseReason.UNREACHABLE).exclude(Exists(spoken)).values_list("number", flat=True)
    ):
        yield f"诉求 {number}：办结了，没有诉求人说过的记录"
    tries = FollowUp.objects.filter(grievance=OuterRef("pk"), was_reached=False, round=OuterRef("reopened"))
    tried = closed.filter(close_reason=CloseReason.UNREACHABLE).annotate(
        tries=Subquery(tries.order_by().values("grievance").annotate(number=Count("pk")).values("number"))
    )
    for number in tried.filter(Q(tries=None) | Q(tries__lt=FAILED_ATTEMPTS_TO_CLOSE)).values_list("number", flat=True):
        yield f"诉求 {number}：以未联系上办结，没有三次回访记录"
    answers = Statement.objects.filter(grievance=OuterRef("pk"), kind=StatementKind.ANSWER)
    for number in closed.exclude(Exists(answers)).values_list("number", flat=True):
        yield f"诉求 {number}：办结了，没有答复"
    entries = Entry.objects.values("pk")
    for pk in Statement.objects.exclude(entry_id__in=entries).order_by("pk").values_list("pk", flat=True):
        yield f"办理记录 {pk}：没有对应的审计记录"


def _clocks(at: datetime) -> Iterator[str]:
    """Compare running clocks with a recount, cases with their earliest due time, pauses with statuses."""
    calendar = dict(Workday.objects.values_list("date", "is_workday"))
    running: dict[int, list[Clock]] = defaultdict(list)
    for clock in Clock.objects.running().order_by("grievance_id", "pk").iterator(chunk_size=2000):
        running[clock.grievance_id].append(clock)
    pauses: dict[int, list] = defaultdict(list)
    for case, begun, ended in Pause.objects.filter(grievance__in=running).values_list(
        "grievance_id", "from_at", "until_at"
    ):
        pauses[case].append((begun, ended))
    for case, clocks in running.items():
        for clock in clocks:
            due = count_due(
                clock.started_at, limit_of(clock), pauses=pauses[case], calendar=calendar, extension=clock.extension
            )
            if (due.at, due.missing) != (clock.due_at, clock.missing_date):
                yield f"诉求 {case} 的时限（{clock.kind}）：到期和重新数的不一样"
    columns = ("pk", "number", "status", "next_due_at", "next_clock", "calendar_missing")
    every = Grievance.objects.filter(Q(pk__in=running) | ~Q(next_due_at=None) | ~Q(next_clock="")).order_by("number")
    for pk, number, status, next_due, next_clock, is_missing in every.values_list(*columns).iterator(chunk_size=2000):
        clocks = running.get(pk, [])
        if clocks and status in ENDED:
            yield f"诉求 {number}：已经结束，还有在走的时限"
        first = min((clock.due_at for clock in clocks if clock.due_at is not None), default=None)
        if first != next_due:
            yield f"诉求 {number}：最近到期不是最早的那个时限"
        if next_clock not in ({clock.kind for clock in clocks} or {""}):
            yield f"诉求 {number}：在等的那一步没有在走"
        if is_missing != any(clock.missing_date is not None for clock in clocks):
            yield f"诉求 {number}：日历未载入的标记和时限不符"
    paused = set(Pause.objects.filter(until_at=None).values_list("grievance_id", flat=True))
    stopped = dict(Grievance.objects.filter(Q(pk__in=paused) | Q(status__in=PAUSED)).values_list("pk", "status"))
    for pk, status in sorted(stopped.items()):
        if (pk in paused) != (status in PAUSED):
            yield f"诉求 {pk}：暂停和状态（{status}）对不上"


def _work_orders(at: datetime) -> Iterator[str]:
    """Compare the counts of files of work orders with their rows. One query."""
    batches = WorkOrderImport.objects.filter(status=WorkOrderStatus.DONE).annotate(there=Count("results"))
    for pk, rows, there in batches.order_by("pk").values_list("pk", "rows", "there"):
        if rows != there:
            yield f"热线工单 {pk}：记着 {rows} 行，逐行结果有 {there} 行"


# --- branch life ------------------------------------------------------------------------------------------------------
def _rolls(at: datetime) -> Iterator[str]:
    """Compare the sums on activities with their rolls. Two queries."""
    rolls: dict[int, Counter] = defaultdict(Counter)
    lines = Attendance.objects.order_by().values_list("activity", "status").annotate(number=Count("pk"))
    for activity, status, number in lines:
        rolls[activity][status] = number
    columns = ("pk", *AttendanceStatus.values)
    for pk, *sums in Activity.objects.order_by("pk").values_list(*columns).iterator(chunk_size=2000):
        if sums != [rolls[pk][status] for status in AttendanceStatus.values]:
            yield f"活动 {pk}：到会人数和名册不一致"


def _compliance(at: datetime) -> Iterator[str]:
    """Compare the stored calendar of this year, where its periods have begun, with a recount. Eight queries."""
    today = timezone.localdate(at)
    columns = ("organization_id", "kind", "from_date", "until_date", "due", "done", "rule_id")
    begun = ComplianceStatus.objects.filter(from_date__year=today.year, from_date__lte=today)
    counted = {tuple(getattr(line, name) for name in columns) for line in lines_of(today.year)}
    for organization, kind, first, *_ in sorted(set(begun.values_list(*columns)) - counted):
        yield f"组织 {organization}：{first} 起的 {kind} 和重新数的不一样"


def _problems(at: datetime) -> Iterator[str]:
    """Compare whose a problem of a visit is with the branch that was visited. One query."""
    rows = VisitFollowUp.objects.filter(owner=FollowUpOwner.BRANCH)
    for pk in rows.exclude(owner_organization=F("visit__organization")).order_by("pk").values_list("pk", flat=True):
        yield f"走访发现的问题 {pk}：写明支部办，办理的组织却不是走访的支部"


CHECKS: dict[str, tuple[str, Callable[[datetime], Iterator[str]]]] = {
    "tree": ("组织树", _tree),
    "uniqueness": ("唯一性", _uniqueness),
    "references": ("引用", _references),
    "membership": ("组织关系恰好一个", _membership),
    "dues": ("党费登记", integrity_members.dues),
    "pairs": ("党员联系司机、民主评议", integrity_members.pairs),
    "verifications": ("党员核查", verifications),
    "people": ("检索名和盲索引", _people),
    "firms": ("企业检索名", _firms),
    "registration": ("司机登记", _registration),
    "development": ("发展党员的步骤和期限", _development),
    "imports": ("导入守恒", _imports),
    "appointments": ("任职互斥", _appointments),
    "outbox": ("待发通知", _outbox),
    "owners": ("诉求的三个责任人和办结依据", _owners),
    "clocks": ("办理时限", _clocks),
    "work_orders": ("热线工单守恒", _work_orders),
    "rolls": ("活动的人数和名册", _rolls),
    "compliance": ("组织生活日历", _compliance),
    "problems": ("走访发现的问题归谁办", _problems),
    "audit": ("审计链条", _trail),
}
