"""Addresses below /imports/."""

from django.urls import path, register_converter

import members.views.imports as imports
from members.roster.report import KINDS


class ReportKind:
    """The workbooks one can fetch of a batch."""

    regex = "|".join(KINDS)

    def to_python(self, value: str) -> str:
        """Return the kind."""
        return value

    def to_url(self, value: str) -> str:
        """Return the kind."""
        return value


register_converter(ReportKind, "report")

urlpatterns = [
    path("", imports.import_list, name="import_list"),
    path("new/", imports.import_create, name="import_create"),
    path("template/", imports.import_template, name="import_template"),
    path("<int:pk>/", imports.import_detail, name="import_detail"),
    path("<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("<int:pk>/columns/", imports.import_columns, name="import_columns"),
    path("<int:pk>/plan/", imports.import_plan, name="import_plan"),
    path("<int:pk>/leave-out/", imports.import_leave_out, name="import_leave_out"),
    path("<int:pk>/confirm/", imports.import_confirm, name="import_confirm"),
    path("<int:pk>/cancel/", imports.import_cancel, name="import_cancel"),
    path("<int:pk>/undo/", imports.import_undo, name="import_undo"),
    path("<int:pk>/<report:kind>/", imports.import_report, name="import_report"),
    path("<int:pk>/<report:kind>/file/", imports.import_report_file, name="import_report_file"),
]
