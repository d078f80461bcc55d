"""Branch life in the admin: activities to read, the rules of the calendar for system administrators.

Nothing here moves an activity: every step is a verb behind the pages of the portal.
"""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from activities import workflow
from activities.models import Activity, ComplianceRule, VisitTarget
from activities.workflow.rules import CHANGEABLE, RULE_FIELDS
from activities.workflow.visits import TARGET_CHANGEABLE, TARGET_FIELDS
from branches.admin import ScopedAdmin
from branches.capabilities import Capability


@admin.register(Activity)
class ActivityAdmin(ScopedAdmin):
    """Activities, to read."""

    view_capability = Capability.ACTIVITY_VIEW
    ordering = ["-starts_at", "-pk"]
    list_display = ["topic", "kind", "organization", "status", "starts_at", "expected", "present"]
    list_filter = ["status", "kind", "mode"]
    list_select_related = ["organization"]
    search_fields = ["^topic"]
    search_help_text = "主题的开头"
    fields = [
        "organization",
        "kind",
        "topic",
        "mode",
        "status",
        "starts_at",
        "ends_at",
        "notified_at",
        "held_at",
        "rolled_at",
        "cancelled_at",
        "cancel_reason",
        "expected",
        "present",
        "excused",
        "absent",
        "made_up",
        "guests",
    ]


@admin.register(ComplianceRule)
class ComplianceRuleAdmin(ScopedAdmin):
    """Rules of the calendar: what a rule asks stays, its end and its words may be written later."""

    view_capability = add_capability = change_capability = Capability.COMPLIANCE_RULE_CHANGE
    ordering = ["kind", "-from_date", "pk"]
    list_display = [
        "kind",
        "frequency",
        "times",
        "condition",
        "online_counts",
        "organization",
        "from_date",
        "until_date",
    ]
    list_filter = ["kind", "frequency", "is_verified"]
    list_select_related = ["organization"]
    autocomplete_fields = ["organization"]
    fields = list(RULE_FIELDS)

    def scoped(self, request):
        """Return every row to whoever keeps the table."""
        rows = self.model._default_manager.all()
        return rows if request.reach.has(self.view_capability) else rows.none()

    def get_readonly_fields(self, request, obj=None):
        """Keep what a rule asks as it is."""
        return [name for name in RULE_FIELDS if name not in CHANGEABLE] if obj else []

    def write(self, request, obj, form, change):
        """Write by the verb."""
        return workflow.save_rule(obj, fields=form.changed_data, actor=request.user, at=timezone.now())


@admin.register(VisitTarget)
class VisitTargetAdmin(ScopedAdmin):
    """How many visits are asked for: the number stays, its end and its source may be written later."""

    view_capability = add_capability = change_capability = Capability.COMPLIANCE_RULE_CHANGE
    ordering = ["-from_date", "pk"]
    list_display = ["frequency", "times", "organization", "from_date", "until_date", "source"]
    list_filter = ["frequency"]
    list_select_related = ["organization"]
    autocomplete_fields = ["organization"]
    fields = list(TARGET_FIELDS)

    def scoped(self, request):
        """Return every row to whoever keeps the table."""
        rows = self.model._default_manager.all()
        return rows if request.reach.has(self.view_capability) else rows.none()

    def get_readonly_fields(self, request, obj=None):
        """Keep what a row asks as it is."""
        return [name for name in TARGET_FIELDS if name not in TARGET_CHANGEABLE] if obj else []

    def write(self, request, obj, form, change):
        """Write by the verb."""
        return workflow.save_target(obj, fields=form.changed_data, actor=request.user, at=timezone.now())
