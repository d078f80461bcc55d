"""Pages of the roster import."""

from members.views.imports.batch import (
    import_cancel,
    import_columns,
    import_confirm,
    import_detail,
    import_leave_out,
    import_plan,
    import_progress,
    import_undo,
)
from members.views.imports.history import import_create, import_list, import_template
from members.views.imports.reports import import_report, import_report_file

__all__ = [
    "import_cancel",
    "import_columns",
    "import_confirm",
    "import_create",
    "import_detail",
    "import_leave_out",
    "import_list",
    "import_plan",
    "import_progress",
    "import_report",
    "import_report_file",
    "import_template",
    "import_undo",
]
