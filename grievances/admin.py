"""Grievances in the admin: cases, clocks and campaigns to read, categories and limits for system administrators.

Nothing here moves a case: every step is a verb behind the pages of the portal. What a complainant said, who he is and
how he is reached stand on those pages only, where a look leaves a trace.
"""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone

from branches.admin import ScopedAdmin
from branches.capabilities import Capability
from grievances import workflow
from grievances.models import Campaign, Category, Grievance, SlaPolicy
from grievances.workflow.policies import CATEGORY_FIELDS


@admin.register(Grievance)
class GrievanceAdmin(ScopedAdmin):
    """Cases, to read."""

    view_capability = Capability.GRIEVANCE_VIEW
    ordering = ["-lodged_at", "-pk"]
    list_display = ["number", "title", "category", "status", "organization", "next_due_at", "lodged_at"]
    list_filter = ["status", "channel", "urgency", "calendar_missing"]
    list_select_related = ["category", "organization"]
    search_fields = ["^number", "=external_number"]
    search_help_text = "编号的开头，或完整的外部单号"
    fields = [
        "number",
        "title",
        "category",
        "channel",
        "external_number",
        "urgency",
        "status",
        "organization",
        "origin",
        "rung",
        "lodged_at",
        "accepted_at",
        "assigned_at",
        "answered_at",
        "closed_at",
        "close_reason",
        "result",
        "solved",
        "satisfaction",
        "next_due_at",
        "next_clock",
        "calendar_missing",
    ]


@admin.register(Campaign)
class CampaignAdmin(ScopedAdmin):
    """Campaigns, to read."""

    view_capability = Capability.GRIEVANCE_VIEW
    ordering = ["-from_date", "pk"]
    list_display = ["name", "organization", "status", "from_date", "until_date"]
    list_filter = ["status"]
    list_select_related = ["organization"]
    search_fields = ["^name"]
    fields = ["name", "organization", "departments", "from_date", "until_date", "status", "goal", "results"]


class KeptAdmin(ScopedAdmin):
    """A table that system administrators see and keep, nobody else: the portal's pages are for the others."""

    view_capability = add_capability = change_capability = Capability.SLA_POLICY_CHANGE

    def scoped(self, request):
        """Return every row to whoever keeps the table."""
        rows = self.model._default_manager.all()
        return rows if request.reach.has(self.view_capability) else rows.none()


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    """Categories: the code of a row stays, a row is switched off."""

    ordering = ["position", "code"]
    list_display = ["name", "code", "parent", "is_money", "measure", "is_active", "position"]
    list_filter = ["is_active", "is_money"]
    list_select_related = ["parent"]
    search_fields = ["^name", "^code"]
    autocomplete_fields = ["parent"]
    fields = ["code", *CATEGORY_FIELDS]

    def get_readonly_fields(self, request, obj=None):
        """Keep the code of a row as it is."""
        return ["code"] if obj else []

    def write(self, request, obj, form, change):
        """Write by the verb."""
        return workflow.save_category(obj, fields=form.changed_data, actor=request.user, at=timezone.now())


@admin.register(SlaPolicy)
class SlaPolicyAdmin(KeptAdmin):
    """Limits: a change is a new row with a later date; a row that is there stays as it was when clocks copied it."""

    change_capability = None
    ordering = ["clock", "-from_date", "pk"]
    list_display = ["clock", "amount", "unit", "category", "urgency", "organization", "from_date", "until_date"]
    list_filter = ["clock", "urgency", "is_verified"]
    list_select_related = ["category", "organization"]
    autocomplete_fields = ["category", "organization"]
    fields = [
        "clock",
        "category",
        "level",
        "urgency",
        "organization",
        "from_date",
        "amount",
        "unit",
        "closes_at",
        "remind_hours",
        "escalates",
        "extension_days",
        "rule",
        "source",
        "is_verified",
    ]

    def write(self, request, obj, form, change):
        """Write by the verb."""
        return workflow.add_policy(form.cleaned_data, actor=request.user, at=timezone.now())
