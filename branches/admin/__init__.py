"""The admin of the organisation tree, and the base of every admin of the house (`ScopedAdmin`)."""

from branches.admin.scoped import (
    CappedPaginator,
    ScopedAdmin,
    ScopedExport,
    ScopedImport,
    ScopedImportExport,
    verb_action,
)

__all__ = ["CappedPaginator", "ScopedAdmin", "ScopedExport", "ScopedImport", "ScopedImportExport", "verb_action"]

from branches.admin import tables  # noqa: F401 - registers the tables, which need the base above
