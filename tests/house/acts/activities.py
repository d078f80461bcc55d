"""Acts on activities, their rolls, and the rules of the calendar."""

from datetime import timedelta

from django.utils import timezone

from activities.choices import AttendanceStatus
from activities.models import ActionItem, Attendance
from activities.workflow.roll import candidates
from branches.models import Organization
from tests.house.acts.act import Act
from tests.house.doors import row_of


def _moment() -> dict:
    at = timezone.localtime() - timedelta(minutes=5)
    return {"day": at.date().isoformat(), "time": at.strftime("%H:%M"), "mode": "offline"}


def _meeting(house, place):
    unit = Organization.objects.get(pk=row_of(house, "committee", place))
    roll = {f"roll-{one.key}": "present" for one in candidates([unit], "theme_day", timezone.now())}
    return _moment() | {"kind": "theme_day"} | roll


ACTS = {
    "record an activity": Act("activity.record", "activities:record", lambda house, place: _meeting(house, place)),
    "plan an activity": Act(
        "activity.record",
        "activities:create",
        lambda house, place: {"kind": "study", "day": "2099-01-01", "time": "14:00", "mode": "offline"},
    ),
    "notify of an activity": Act("activity.record", "activities:notify", lambda house, place: {}),
    "hold an activity": Act("activity.record", "activities:hold", lambda house, place: _meeting(house, place)),
    "amend an activity": Act(
        "activity.record",
        "activities:amend",
        lambda house, place: _moment() | {"topic": "测试主题", "version": 1, "reason": "测试原因"},
    ),
    "cancel an activity": Act("activity.record", "activities:cancel", lambda house, place: {"reason": "测试原因"}),
    "make up for an activity": Act(
        "activity.record",
        "activities:make_up",
        lambda house, place: {
            "lines": [
                Attendance.objects.get(activity=row_of(house, "activity", place), status=AttendanceStatus.EXCUSED).pk
            ],
            "made_up_date": timezone.localdate().isoformat(),
        },
    ),
    "keep the roll of one's own": Act(
        "activity.record", "activities:join", lambda house, place: _meeting(house, place)
    ),
    "record a visit": Act(
        "activity.record_visit",
        "activities:visit_record",
        lambda house, place: {
            "form": "phone",
            "subjects": ["minutes"],
            "visited_date": timezone.localdate().isoformat(),
            "problem_1": "测试问题",
            "owner_1": "branch",
            "due_1": timezone.localdate().isoformat(),
        },
    ),
    "withdraw a visit": Act(
        "activity.record_visit", "activities:visit_withdraw", lambda house, place: {"reason": "测试原因"}
    ),
    "answer a problem": Act(
        "activity.record", "activities:follow_up_answer", lambda house, place: {"answer": "测试回复"}
    ),
    "confirm an answer": Act(
        "activity.record_visit", "activities:follow_up_close", lambda house, place: {"outcome": "done"}
    ),
    "set up a joint conference": Act(
        "joint_conference.record",
        "activities:conference_create",
        lambda house, place: {"name": "测试会", "from_date": "2026-01-01", "departments": "测试甲局\n测试乙局"},
    ),
    "change a joint conference": Act(
        "joint_conference.record",
        "activities:conference_change",
        lambda house, place: {"document": "测试文号"},
        asks="form",
    ),
    "record a joint meeting": Act(
        "joint_conference.record",
        "activities:meeting_create",
        lambda house, place: {
            "held_date": (timezone.localdate() - timedelta(days=1)).isoformat(),
            "chair": "测试主持",
        },
    ),
    "amend a joint meeting": Act(
        "joint_conference.record",
        "activities:meeting_amend",
        lambda house, place: {"place": "测试地点"},
        asks="form",
    ),
    "take up an item": Act(
        "joint_conference.record",
        "activities:item_create",
        lambda house, place: {
            "text": "测试事项",
            "due_date": timezone.localdate().isoformat(),
            "department": ActionItem.objects.get(
                pk=row_of(house, "item", "far" if place == "far" else "county")
            ).department_id,
        },
    ),
    "note how an item goes on": Act(
        "joint_conference.record",
        "activities:item_progress",
        lambda house, place: {"status": "in_hand", "text": "测试进展"},
    ),
    "add a number of visits": Act(
        "compliance_rule.change",
        "admin:activities_visittarget_add",
        lambda house, place: {"frequency": "month", "times": "2", "from_date": "2099-01-01", "source": "测试出处"},
    ),
    "change a number of visits": Act(
        "compliance_rule.change",
        "admin:activities_visittarget_change",
        lambda house, place: {"source": "测试出处"},
        asks="form",
    ),
    "add a rule of the calendar": Act(
        "compliance_rule.change",
        "admin:activities_compliancerule_add",
        lambda house, place: {
            "kind": "study",
            "frequency": "month",
            "times": "2",
            "organization_kinds": '["branch"]',
            "condition": "always",
            "from_date": "2099-01-01",
            "rule": "测试规定",
            "source": "测试出处",
        },
    ),
    "change a rule of the calendar": Act(
        "compliance_rule.change",
        "admin:activities_compliancerule_change",
        lambda house, place: {"source": "测试出处"},
        asks="form",
    ),
}
