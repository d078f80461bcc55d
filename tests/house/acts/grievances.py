"""Acts on cases, limits, categories and campaigns."""

from django.utils import timezone

from grievances.models import (
    Category,
    Grievance,
)
from grievances.workflow import confirm
from tests.house.acts.act import Act


def _closed_ones(house):
    """Close a case at each place, so that there is something to draw."""
    for place in ("county", "far"):
        case = Grievance.objects.with_names().get(pk=house.cases[f"{place} answered"].pk)
        confirm(case, solved="solved", satisfaction="satisfied", at=timezone.now())
    return f"{timezone.localdate():%Y-%m}"


ACTS = {
    "draw a sample": Act(
        "grievance.export",
        "grievances:sample",
        lambda house, place: {"month": _closed_ones(house), "number": "5", "seed": "测试"},
    ),
    "export the ledger": Act(
        "grievance.export",
        "grievances:ledger_export",
        lambda house, place: {"columns": ["title"], "format": "csv", "reason": "核对台账"},
    ),
    "lodge for a driver": Act(
        "grievance.lodge_for_driver",
        "grievances:lodge",
        lambda house, place: {
            "unit": {
                "branch": house.tree.branch,
                "company": house.tree.company,
                "far": house.tree.neighbour_county,
            }.get(place, house.tree.county).pk,
            "channel": {"branch": "branch", "company": "platform", "home": "station"}.get(place, "direct_line"),
            "category": Category.objects.get(code="freight").pk,
            "description": "测试经过",
        },
    ),
    "accept a case": Act("grievance.accept", "grievances:accept", lambda house, place: {}),
    "refuse a case": Act("grievance.accept", "grievances:refuse", lambda house, place: {"reason": "测试原因"}),
    "assign a case": Act(
        "grievance.assign", "grievances:assign", lambda house, place: {"unit": str(house.tree.branch.pk)}
    ),
    "suspend a case": Act("grievance.assign", "grievances:suspend", lambda house, place: {"reason": "测试原因"}),
    "end an office's help": Act("grievance.assign", "grievances:end_assist", lambda house, place: {}),
    "report on a case": Act("grievance.answer", "grievances:report", lambda house, place: {"text": "测试进度"}),
    "answer a case": Act(
        "grievance.answer",
        "grievances:answer",
        lambda house, place: {"result": "solved", "text": "测试答复", "person_times": "1"},
    ),
    "call back": Act(
        "grievance.call_back",
        "grievances:follow_up",
        lambda house, place: {"was_reached": "1", "method": "phone", "solved": "solved", "satisfaction": "unrated"},
    ),
    "take a case up": Act("grievance.take_up", "grievances:take_up", lambda house, place: {"reason": "测试原因"}),
    "supervise a case": Act("grievance.supervise", "grievances:supervise", lambda house, place: {"demand": "测试要求"}),
    "allow more time": Act(
        "grievance.extend_approve", "grievances:extension_decide", lambda house, place: {"approve": "1"}
    ),
    "begin a campaign": Act(
        "grievance.assign",
        "grievances:campaign_create",
        lambda house, place: {
            "organization": str(house.tree.county.pk),
            "name": "测试新整治",
            "from_date": "2026-01-01",
        },
    ),
    "end a campaign": Act(
        "grievance.assign",
        "grievances:campaign_end",
        lambda house, place: {"results": "测试成效", "until_date": "2026-12-31"},
    ),
    "add a limit": Act(
        "sla_policy.change",
        "grievances:policy_create",
        lambda house, place: {
            "clock": "answer",
            "amount": "4",
            "unit": "working_days",
            "closes_at": "18:00",
            "from_date": "2099-01-01",
            "remind_hours": "0",
            "extension_days": "0",
            "rule": "测试规则",
            "source": "测试出处",
        },
    ),
    "end a limit": Act("sla_policy.change", "grievances:policy_end", lambda house, place: {"until_date": "2099-01-01"}),
    "change a category": Act(
        "sla_policy.change", "grievances:category_change", lambda house, place: {"name": "测试类别"}, asks="form"
    ),
    "change a category in the admin": Act(
        "sla_policy.change", "admin:grievances_category_change", lambda house, place: {"name": "测试类别"}, asks="form"
    ),
}
