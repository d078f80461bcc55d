"""The tables of the organisation tree in the admin."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.html import format_html

from branches import workflow
from branches.admin.scoped import RefusedForm, ScopedAdmin, ScopedExport, ScopedImportExport, verb_action
from branches.capabilities import Capability
from branches.forms import AliasesField
from branches.models import Appointment, Division, Guidance, Office, Organization, Workday
from branches.querysets import users_visible_to
from branches.resources import DivisionResource, OrganizationResource, UserResource, WorkdayResource
from branches.workflow.organizations import CHANGEABLE
from branches.workflow.reference import save_reference
from foundation.accounts.models import User
from foundation.protection.masks import mask_phone


class OrganizationForm(RefusedForm):
    """Facts of an organisation with the version they were read at, and for a new one its parent."""

    aliases = AliasesField(label="别名", required=False, help_text="名册里见过的其他写法，用顿号分开。")
    parent = forms.ModelChoiceField(Organization.objects.none(), label="上级组织", required=False)
    read_version = forms.IntegerField(widget=forms.HiddenInput, required=False, label="")

    class Meta:
        model = Organization
        fields = CHANGEABLE

    def _post_clean(self):
        """Leave the instance alone: the verb checks."""


@admin.register(Organization)
class OrganizationAdmin(ScopedImportExport, ScopedAdmin):
    """Organisations. Moving and dissolving have pages of their own."""

    resource_classes = [OrganizationResource]
    view_capability = Capability.ORGANIZATION_VIEW
    add_capability = import_capability = Capability.ORGANIZATION_ADD
    change_capability = Capability.ORGANIZATION_CHANGE
    export_capability = Capability.ORGANIZATION_EXPORT
    form = OrganizationForm
    ordering = ["path"]
    list_display = ["indented", "kind", "level", "status", "division", "code", "updated_at"]
    list_filter = ["kind", "level", "status", "is_pilot"]
    list_select_related = ["division"]
    search_fields = ["=code", "^short_name", "^name"]
    search_help_text = "代码，或名称开头的几个字"
    autocomplete_fields = ["division"]
    readonly_fields = ["status", "dissolved_date", "dissolution_document", "successor", "created_at", "updated_at"]

    @admin.display(description="组织", ordering="path")
    def indented(self, organization):
        """Return the short name, indented by depth."""
        return format_html('<span class="depth-{}">{}</span>', min(organization.depth, 6), organization.short_name)

    def get_fields(self, request, obj=None):
        """Return the fields; the parent is asked for once."""
        names = ["name", "short_name", "code", "kind", "level", "division", "aliases"]
        names += [name for name in CHANGEABLE if name not in names]
        return [*names, *self.readonly_fields, "read_version"] if obj else ["parent", *names]

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Scope the parent and carry the version."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "parent" in form.base_fields:
            places = Organization.objects.manageable_by(request.reach, Capability.ORGANIZATION_ADD).running()
            form.base_fields["parent"].queryset = places
            form.base_fields["parent"].required = obj is None
        if "read_version" in form.base_fields:
            form.base_fields["read_version"].initial = obj.version if obj else None
        return form

    def write(self, request, obj, form, change):
        """Add or change by the verb."""
        values = {name: form.cleaned_data[name] for name in CHANGEABLE if name in form.cleaned_data}
        if change:
            version = form.cleaned_data.get("read_version")
            return workflow.change_organization(obj, values, version=version or 0, actor=request.user)
        return workflow.add_organization(form.cleaned_data["parent"], values, actor=request.user)

    def get_actions(self, request):
        """Offer actions to whoever may change."""
        return super().get_actions(request) if self.has_change_permission(request) else {}

    actions = [
        verb_action(
            "rectify",
            "整顿所选组织",
            "整顿期间照常管理党员，页面上会标出“整顿”。",
            workflow.rectify_organization,
            capability=Capability.ORGANIZATION_CHANGE,
        ),
        verb_action(
            "resume",
            "所选组织整顿结束",
            "状态改回“运行”。",
            workflow.resume_organization,
            capability=Capability.ORGANIZATION_CHANGE,
            danger=False,
        ),
    ]


@admin.register(Appointment)
class AppointmentAdmin(ScopedAdmin):
    """Who holds what. Appointing has its page; ending is an action here too."""

    view_capability = Capability.APPOINTMENT_VIEW
    ordering = ["organization__path", "role", "-from_at", "pk"]
    list_display = ["user", "organization", "role", "title", "source", "from_at", "until_at"]
    list_filter = ["role", "source"]
    list_select_related = ["user", "organization"]
    search_fields = ["^user__name", "=user__username"]
    search_help_text = "姓名开头的几个字，或完整的用户名"

    def get_actions(self, request):
        """Offer ending to whoever may end anything."""
        return super().get_actions(request) if request.reach.has(Capability.APPOINTMENT_END) else {}

    actions = [
        verb_action(
            "end",
            "免职",
            "从现在起，这些人不再能以这些职务查看和办理。账号保留，其他任职不变。",
            workflow.end_appointment,
            capability=Capability.APPOINTMENT_END,
        )
    ]


@admin.register(Guidance)
class GuidanceAdmin(ScopedAdmin):
    """Guidance lines, to read."""

    view_capability = Capability.GUIDANCE_VIEW
    ordering = ["organization__path", "line", "from_date", "pk"]
    list_display = ["organization", "guiding_organization", "line", "from_date", "until_date"]
    list_filter = ["line"]
    list_select_related = ["organization", "guiding_organization"]
    search_fields = ["^organization__short_name", "^guiding_organization__short_name"]


@admin.register(Office)
class OfficeAdmin(ScopedAdmin):
    """Offices, to read."""

    view_capability = Capability.APPOINTMENT_VIEW
    ordering = ["organization__path", "duty", "pk"]
    list_display = ["organization", "duty", "holder", "deputy", "absent_from_at", "absent_until_at"]
    list_filter = ["duty"]
    list_select_related = [
        "organization",
        "holder__user",
        "holder__organization",
        "deputy__user",
        "deputy__organization",
    ]
    search_fields = ["^organization__short_name"]


@admin.register(User)
class UserAdmin(ScopedExport, ScopedAdmin):
    """Accounts, to read. Opening one and its codes have pages; locking is an action here too."""

    resource_classes = [UserResource]
    view_capability = export_capability = Capability.USER_VIEW
    ordering = ["name", "username"]
    list_display = ["name", "username", "masked_phone", "is_active", "is_staff", "second_factor_required", "locked_at"]
    list_filter = ["is_active", "is_staff", "second_factor_required"]
    search_fields = ["=username", "^name"]
    search_help_text = "完整的用户名，或姓名开头的几个字"
    fields = [
        "username",
        "name",
        "masked_phone",
        "is_active",
        "is_staff",
        "second_factor_required",
        "must_change_password",
        "date_joined",
        "activated_at",
        "last_login",
        "locked_at",
        "lock_reason",
    ]
    readonly_fields = ["masked_phone"]

    def scoped(self, request):
        """Return the accounts of whoever holds or held a post in the reader's region."""
        return users_visible_to(request.reach)

    @admin.display(description="电话")
    def masked_phone(self, user):
        """Return the phone as everybody who sees the row may see it."""
        return mask_phone(user.phone) if user.phone else "—"

    def get_actions(self, request):
        """Offer locking to whoever may lock."""
        return super().get_actions(request) if request.reach.has(Capability.USER_LOCK) else {}

    actions = [
        verb_action(
            "lock",
            "锁定账号",
            "马上退出所有登录，任职保留但不能使用，直到解除锁定。",
            workflow.lock_user,
            capability=Capability.USER_LOCK,
        ),
        verb_action(
            "unlock",
            "解除锁定",
            "可以重新登录，任职照旧。",
            workflow.unlock_user,
            capability=Capability.USER_LOCK,
            danger=False,
        ),
    ]


class ReferenceAdmin(ScopedImportExport, ScopedAdmin):
    """A table that is everybody's to read and the system administrator's to change."""

    def scoped(self, request):
        """Return every row to whoever may see the table."""
        rows = self.model._default_manager.all()
        return rows if request.reach.has(self.view_capability) else rows.none()

    def write(self, request, obj, form, change):
        """Write by the verb."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return save_reference(
            obj, self.change_capability, fields=form.changed_data, actor=request.user, adding=not change
        )

    def get_readonly_fields(self, request, obj=None):
        """Keep the key of a row as it is."""
        return [self.model._meta.pk.name] if obj else []


@admin.register(Division)
class DivisionAdmin(ReferenceAdmin):
    """Divisions."""

    resource_classes = [DivisionResource]
    view_capability = export_capability = Capability.DIVISION_VIEW
    add_capability = change_capability = import_capability = Capability.DIVISION_CHANGE
    ordering = ["code"]
    list_display = ["code", "name", "level", "parent", "valid_from", "valid_until"]
    list_filter = ["level"]
    list_select_related = ["parent"]
    search_fields = ["^code", "^name"]
    autocomplete_fields = ["parent", "successor"]


@admin.register(Workday)
class WorkdayAdmin(ReferenceAdmin):
    """The official calendar."""

    resource_classes = [WorkdayResource]
    view_capability = export_capability = Capability.WORKDAY_VIEW
    add_capability = change_capability = import_capability = Capability.WORKDAY_CHANGE
    ordering = ["-date"]
    list_display = ["date", "is_workday", "note", "source"]
    list_filter = ["is_workday"]

    def get_changeform_initial_data(self, request):
        """Begin with the day after the last one that is there."""
        last = Workday.objects.filter(date__lt=date.max).order_by("-date").first()
        return {"date": (last.date if last else timezone.localdate()) + timedelta(days=1)}
