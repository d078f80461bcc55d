"""Acts on activities, their rolls, and the rules of the calendar."""

from datetime import timedelta

from django.utils import timezone

from activities.choices import AttendanceStatus
from activities.models import Attendance
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
