"""The base of every admin of the house: rows in scope, permissions by capability, changes by verbs.

Django's own model permissions and its log are not asked: a member of staff without an appointment sees nothing, and
the audit trail is the only history. A row outside the scope answers like one that does not exist: 404.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core import signing
from django.core.exceptions import BadRequest, ImproperlyConfigured, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import connection, models, transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from import_export.admin import ExportMixin, ImportMixin
from import_export.forms import ConfirmImportForm, ExportForm, ImportForm

from branches.capabilities import Capability
from branches.querysets import ScopedQuerySet, users_visible_to
from branches.resources import FORMATS, MAX_BYTES
from branches.rules import may
from foundation.accounts.models import User
from foundation.audit import trail
from foundation.audit.models import Entry
from foundation.audit.trail import Conflict, NotAllowed


class CappedPaginator(Paginator):
    """Counts to 10,000 and no further: the exact number of a big table is worth no scan of it."""

    CAP = 10_000

    @cached_property
    def count(self) -> int:
        """Return the number of rows, 10,000 for more. One query that stops there."""
        if isinstance(self.object_list, models.QuerySet):
            return min(self.object_list.order_by()[: self.CAP + 1].count(), self.CAP)
        return min(len(self.object_list), self.CAP)


class RefusedForm(forms.ModelForm):
    """A form that also shows what a verb refused after it had been valid."""

    refusal: ClassVar[ValidationError | None] = None

    def full_clean(self):
        """Validate, then add the refusal at its fields."""
        super().full_clean()
        if self.refusal is None or not self.is_bound:
            return
        refusal = self.refusal
        by_field = refusal.error_dict if hasattr(refusal, "error_dict") else {None: refusal.error_list}
        for name, errors in by_field.items():
            self.add_error(name if name in self.fields else None, errors)


class NamedAutocomplete(AutocompleteSelect):
    """Django's box with a word in it that says what to do."""

    def build_attrs(self, base_attrs, extra_attrs=None):
        """Add the placeholder."""
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": "请选择，可输入查找"}

    def optgroups(self, name, value, attr=None):
        """Show what was chosen; what can be no key is none, whoever sent it."""
        return super().optgroups(name, [key for key in value if self._may_be_key(key)], attr)

    def _may_be_key(self, key) -> bool:
        field = self.field.remote_field.get_related_field()
        try:
            value = field.to_python(key)
        except ValidationError:
            return False
        if not isinstance(value, int):
            return True
        low, high = connection.ops.integer_field_range(field.get_internal_type())
        return (low is None or low <= value) and (high is None or value <= high)


class ScopedAdmin(admin.ModelAdmin):
    """An admin over rows in scope. Name the capabilities; None means that nobody may.

    A model whose queryset is no ScopedQuerySet overrides `scoped`. Changes go through `write`, which calls a verb and
    returns the written row.
    """

    is_scoped = True  # config.admin registers nothing else
    LONGEST_SEARCH = 120  # characters
    view_capability: Capability | None = None
    add_capability: Capability | None = None
    change_capability: Capability | None = None

    form = RefusedForm
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count per filter value is a scan per filter value
    list_per_page = 50
    list_max_show_all = 50
    actions_on_top = True
    object_history_template = "admin/trail.html"

    class Media:
        js = ["js/admin.js"]

    def __init__(self, model, admin_site):
        """Check what must hold for every admin: no listing of foreign rows, no search that scans."""
        super().__init__(model, admin_site)
        for name in self.search_fields:
            if name[0] not in "^=":
                raise ImproperlyConfigured(f"{type(self).__name__}: search {name} by prefix (^) or exactly (=)")
        for name in self.list_filter:
            field = model._meta.get_field(name) if isinstance(name, str) and "__" not in name else None
            if field is not None and field.is_relation:
                raise ImproperlyConfigured(f"{type(self).__name__}: a filter by {name} would list every row of it")

    # --- rows ---------------------------------------------------------------------------------------------------
    def scoped(self, request) -> models.QuerySet:
        """Return the rows this reader may see."""
        rows = self.model._default_manager.all()
        if not isinstance(rows, ScopedQuerySet):
            raise ImproperlyConfigured(f"{type(self).__name__} does not say which rows of it one may see")
        if self.view_capability is None:
            return rows.none()
        return rows.manageable_by(request.reach, self.view_capability)

    def get_queryset(self, request):
        """Return the rows in scope, in the admin's order. Lists, autocomplete, actions and pop-ups all come here."""
        rows = self.scoped(request)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_object(self, request, object_id, from_field=None):
        """Return the row of an address, None for what can be no key: the admin writes a NUL in addresses as _00."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field or None)

    def get_search_results(self, request, queryset, search_term):
        """Search for what could be a name or a code: a longer text only makes the database refuse the pattern."""
        return super().get_search_results(request, queryset, search_term[: self.LONGEST_SEARCH])

    def get_field_queryset(self, db, db_field, request):
        """Return what a foreign key may point to: rows in scope only, whatever was posted."""
        return self.choices_of(db_field.remote_field.model, request)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Scope the choices of a foreign key."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", NamedAutocomplete(db_field, self.admin_site, using=kwargs.get("using")))
        kwargs.setdefault("queryset", self.choices_of(db_field.remote_field.model, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        """Scope the choices of a many-to-many field."""
        kwargs.setdefault("queryset", self.choices_of(db_field.remote_field.model, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choices_of(self, model, request) -> models.QuerySet:
        """Return the rows of another model that this reader may choose."""
        registered = self.admin_site._registry.get(model)
        if registered is not None and isinstance(registered, ScopedAdmin):
            return registered.get_queryset(request)
        rows = model._default_manager.all()
        if isinstance(rows, ScopedQuerySet):
            return rows.visible_to(request.reach)
        return users_visible_to(request.reach) if model is User else rows.none()

    def lookup_allowed(self, lookup, value, request=None):
        """Allow only the filters shown: other look-ups would ask about fields one may not read."""
        shown = {name if isinstance(name, str) else name[0] for name in self.get_list_filter(request) if name}
        return lookup.removesuffix("__exact").removesuffix("__isnull") in shown

    # --- permission -----------------------------------------------------------------------------------------------
    def has_view_permission(self, request, obj=None):
        """Return whether the reader sees the table; rows are scoped by the queryset."""
        return self.view_capability is not None and may(request.reach, self.view_capability)

    def has_module_permission(self, request):
        """Return whether the reader sees anything of this table."""
        return self.has_view_permission(request)

    def has_add_permission(self, request):
        """Return whether the reader may add a row anywhere."""
        return self.add_capability is not None and may(request.reach, self.add_capability)

    def has_change_permission(self, request, obj=None):
        """Return whether the reader may change this row, or any."""
        if self.change_capability is None or not may(request.reach, self.change_capability):
            return False
        if obj is None or obj.pk is None:
            return True
        rows = self.model._default_manager.all()
        if isinstance(rows, ScopedQuerySet):
            return rows.manageable_by(request.reach, self.change_capability).filter(pk=obj.pk).exists()
        return True

    def has_delete_permission(self, request, obj=None):
        """Nothing is deleted here: rows end, are dissolved or expire."""
        return False

    def delete_view(self, request, object_id, extra_context=None):
        """There is no such page, for any row."""
        raise Http404

    # --- changes --------------------------------------------------------------------------------------------------
    def write(self, request, obj, form, change):
        """Call the verb for a valid form and return the written row."""
        raise PermissionDenied

    def save_model(self, request, obj, form, change):
        """Write by the verb. What it refuses is shown in the form (changeform_view)."""
        written = self.write(request, obj, form, change)
        obj.pk = written.pk

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Show and take the form; a verb's refusal brings the form back with the sentence at its field."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError as error:
            request.refusal = error
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Return a form class of this request alone, with the refusal of the verb if there was one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        own = type(form.__name__, (form,), {} if refusal is None else {"refusal": refusal})
        # Declared fields are shared by all forms of a class: what is set on one of them for this reader (choices in his
        # scope, the version he read) would be another's who is answered at the same moment.
        own.base_fields = deepcopy(form.base_fields)
        return own

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404

    # The audit trail is the log: Django's would keep names of persons and show them to whoever opens its table.
    def log_addition(self, request, obj, message):
        """Write nothing; the verb wrote its entry."""

    def log_change(self, request, obj, message):
        """Write nothing; the verb wrote its entry."""

    def log_deletions(self, request, queryset):
        """Write nothing; nothing is deleted."""

    def entries_of(self, request, obj):
        """Return the entries about a row that its reader may see, newest first, as a queryset or a list."""
        return Entry.objects.for_object(obj)

    def history_view(self, request, object_id, extra_context=None):
        """Show the newest hundred entries of the audit trail about a row in scope."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"{self.opts.verbose_name}：变更记录",
            "entries": self.entries_of(request, obj)[:100],
            "object": obj,
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)


def verb_action(
    name: str,
    label: str,
    consequence: str,
    act: Callable,
    *,
    capability: Capability,
    reason: bool = True,
    danger: bool = True,
) -> Callable:
    """Return an admin action that asks first and then calls `act(row, actor=, reason=)` for every selected row.

    Offered to whoever holds the capability anywhere; the verb asks for the row. Rows it refuses are named with its
    sentence, the others are done.
    """

    def action(modeladmin, request, queryset):
        if not may(request.reach, capability):
            raise PermissionDenied
        given = request.POST.get("reason", "").strip()
        if "confirmed" in request.POST and (given or not reason):
            _do(modeladmin, request, queryset, label, act, given)
            return None
        context = {
            **modeladmin.admin_site.each_context(request),
            "title": label,
            "consequence": consequence,
            "rows": queryset,
            "name": name,
            "needs_reason": reason,
            "missing": "confirmed" in request.POST,
            "danger": danger,
            "opts": modeladmin.opts,
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)

    action.__name__ = name
    return admin.action(description=label)(action)


def _do(modeladmin, request, queryset, label, act, reason) -> None:
    done = 0
    for row in queryset:
        try:
            with transaction.atomic():
                act(row, actor=request.user, reason=reason)
            done += 1
        except ValidationError as error:
            modeladmin.message_user(request, f"{row}：{' '.join(error.messages)}", messages.ERROR)
        except (PermissionDenied, Conflict, NotAllowed) as error:
            modeladmin.message_user(request, f"{row}：{error}", messages.ERROR)
    if done:
        modeladmin.message_user(request, f"{label}：{done} 项，已办好", messages.SUCCESS)


class ScopedExport(ExportMixin):
    """Export of the rows in scope, by its own capability, with an audit entry. Put before ScopedAdmin."""

    export_capability: Capability | None = None
    export_formats = list(FORMATS)
    export_form_class = ExportForm
    to_encoding = "utf-8-sig"  # spreadsheet programs then read it as UTF-8

    def export_action(self, request):
        """Show the form and answer with the file; a filter that means nothing is a bad request, as in no list."""
        try:
            return super().export_action(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error

    def get_valid_export_item_pks(self, request):
        """Return the keys one may name: those in reach, so that a foreign one is refused like one that is none."""
        return self.get_export_queryset(request).values_list("pk", flat=True)

    def has_export_permission(self, request):
        """Return whether the reader may export anything of this table."""
        return self.export_capability is not None and may(request.reach, self.export_capability)

    def get_export_queryset(self, request):
        """Return the filtered rows that lie in the reader's region of the export capability."""
        rows = super().get_export_queryset(request)
        if isinstance(rows, ScopedQuerySet):
            mine = self.model._default_manager.manageable_by(request.reach, self.export_capability)
            return rows.filter(pk__in=mine.order_by().values("pk"))
        return rows

    def _do_file_export(self, file_format, request, queryset, export_form=None):
        with transaction.atomic():
            trail.record(
                f"{self.opts.model_name}.exported",
                None,
                actor=request.user,
                details={
                    "rows": queryset.count(),
                    "format": file_format.get_extension(),
                    "filters": sorted(request.GET),
                },
            )
        response = super()._do_file_export(file_format, request, queryset, export_form=export_form)
        name = f"{self.opts.verbose_name}-{timezone.localdate():%Y-%m-%d}.{file_format.get_extension()}"
        response["Content-Disposition"] = content_disposition_header(True, name)
        return response


class SmallFileForm(ImportForm):
    """The first step of an import: a file that may be held in memory."""

    def clean_import_file(self):
        """Refuse what is too big before it is read."""
        file = self.cleaned_data["import_file"]
        if file.size > MAX_BYTES:
            raise ValidationError(f"文件最大 {MAX_BYTES // 1024 // 1024} MB。更多的行请分几个文件。")
        return file


class OwnFileForm(ConfirmImportForm):
    """The second step of an import: of a file that the same person has just uploaded, in a format there is."""

    signer: ClassVar[signing.Signer]
    formats: ClassVar[int]

    def clean_import_file_name(self):
        """Return the name of the file. Raises ValidationError for one that was not signed for this person."""
        try:
            return self.signer.unsign(self.cleaned_data["import_file_name"])
        except signing.BadSignature as error:
            raise ValidationError("没有这份文件，请重新选文件。") from error

    def clean_format(self):
        """Return the number of the format. Raises ValidationError for one there is not."""
        return self._number("format", self.formats)

    def clean_resource(self):
        """Return the number of the resource, "" for the only one. Raises ValidationError for one there is not."""
        return self.cleaned_data["resource"] and self._number("resource", 1)

    def _number(self, name: str, below: int) -> str:
        if self.cleaned_data[name] not in {str(number) for number in range(below)}:
            raise ValidationError("没有这个选项。")
        return self.cleaned_data[name]


class ScopedImport(ImportMixin):
    """Import of small tables by verbs, with preview. Rosters have their own pipeline. Put before ScopedAdmin."""

    import_capability: Capability | None = None
    import_formats = list(FORMATS)
    import_form_class = SmallFileForm
    skip_admin_log = True

    def get_confirm_form_class(self, request):
        """Return the form of the second step, which knows whose file it takes."""
        own = {"signer": self._signer(request), "formats": len(self.import_formats)}
        return type(OwnFileForm.__name__, (OwnFileForm,), own)

    def get_confirm_form_initial(self, request, import_form):
        """Sign the name of the stored file for whoever uploaded it."""
        initial = super().get_confirm_form_initial(request, import_form)
        if initial:
            initial["import_file_name"] = self._signer(request).sign(initial["import_file_name"])
        return initial

    def _signer(self, request) -> signing.Signer:
        return signing.Signer(salt=f"branches.admin.import {self.opts.label_lower} {request.user.pk}")

    def process_import(self, request, **kwargs):
        """Write what was shown; sent a second time it says that it has been done."""
        try:
            return super().process_import(request, **kwargs)
        except FileNotFoundError:
            self.message_user(request, "这份文件已经导入过，或者放得太久。请重新选文件。", messages.WARNING)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")

    def has_import_permission(self, request):
        """Return whether the reader may import into this table."""
        return self.import_capability is not None and may(request.reach, self.import_capability)

    def get_import_resource_kwargs(self, request, **kwargs):
        """Hand the reader to the resource: it looks up rows in his scope only."""
        return super().get_import_resource_kwargs(request, **kwargs) | {"actor": request.user, "reach": request.reach}


class ScopedImportExport(ScopedImport, ScopedExport):
    """Both, with both buttons above the list."""

    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
