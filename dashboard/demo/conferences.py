"""Joint conferences of the demo: one in each city, with two meetings and items in every state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.utils import timezone

from activities.choices import ActionItemStatus
from activities.models import ActionItem, ActionItemNote, ConferenceDepartment, ConferenceMeeting, JointConference
from activities.rules.conferences import Department
from branches.models import Organization
from dashboard.demo import cities

_NAMES = UUID("0e5c3c9e-54f2-4b54-8a2b-1f2f6b3a9c11")
_DEPARTMENTS = (
    ("市委组织部（两新工委）", "两新组织科"),
    ("市委政法委", "综治督导科"),
    ("市公安局", "交警支队秩序科"),
    ("市发展改革委", "经贸流通科"),
    ("市人力资源社会保障局", "劳动关系科"),
    ("市总工会", "权益保障部"),
    ("市交通运输局", "运输科"),
)
# Of which meeting, what, who leads, days until it is due, where it stands, how it went on, what came of it.
_ITEMS = (
    (0, "货车白天进城通行证一次办好", 2, -40, ActionItemStatus.DONE, "改成网上申请", "十月起网上办，当天发证"),
    (0, "高速出口增设货车临时停车位", 6, -6, ActionItemStatus.IN_HAND, "选好两处，等预算", ""),
    (0, "建司机子女暑期托管点", 5, 20, ActionItemStatus.IN_HAND, "三个社区报名", ""),
    (0, "单独设货车加油优惠卡", 3, -30, ActionItemStatus.DROPPED, "油企已有同样的卡", "和油企的卡重复，不再办"),
    (1, "网约车司机参加工伤保险试点", 4, 25, ActionItemStatus.OPEN, "", ""),
    (1, "查一次套路贷购车合同", 1, 45, ActionItemStatus.OPEN, "", ""),
)


def load_conferences(organizations: Mapping[str, Organization], at: datetime) -> int:
    """Write one joint conference for each city; return how many items. About thirty queries per city."""
    today = timezone.localdate(at)
    written = 0
    for city in (cities.PANZHIHUA, cities.CHENGDU, cities.SUZHOU, cities.DONGYING):
        unit = organizations.get(city)
        if unit is None:
            continue
        conference = JointConference.objects.create(
            organization=unit,
            name="党建引领道路运输行业高质量发展联席会议",
            document=f"示例〔{today.year - 1}〕{int(city[2:4])} 号",
            from_date=today - timedelta(days=400),
        )
        departments = [
            ConferenceDepartment.objects.create(
                conference=conference, name=name, contact_office=office, kind=Department(name).kind, position=position
            )
            for position, (name, office) in enumerate(_DEPARTMENTS, start=1)
        ]
        meetings = [
            ConferenceMeeting.objects.create(
                conference=conference,
                held_date=today - timedelta(days=back),
                place="市政府会议室",
                chair="示例副市长",
                present="、".join(name for name, _ in _DEPARTMENTS),
                minutes="各单位通报上次议定事项；逐项议了司机反映集中的停车、通行、参保。",
                decisions="下面逐项列出，由牵头单位在期限内办完。",
                key=uuid5(_NAMES, f"{city} {back}"),
            )
            for back in (95, 12)
        ]
        for meeting, text, department, days, status, note, result in _ITEMS:
            item = ActionItem.objects.create(
                meeting=meetings[meeting],
                text=text,
                department=departments[department],
                contact_office=departments[department].contact_office,
                due_date=today + timedelta(days=days),
                status=status,
                result=result,
                closed_at=at - timedelta(days=8) if result else None,
            )
            for words in filter(None, (note, result)):
                ActionItemNote.objects.create(item=item, text=words, at=at - timedelta(days=9))
            written += 1
    return written
