"""Counters for /metrics. Names carry no personal data."""

from foundation.audit.models import Entry
from members.statistics import import_totals


def metrics_lines() -> list[str]:
    """Return the lines of the Prometheus text format. Two queries."""
    totals = import_totals()
    lines = [
        "# HELP portal_import_rows_total Rows of finished roster imports by result.",
        "# TYPE portal_import_rows_total counter",
        *(f'portal_import_rows_total{{result="{result}"}} {number}' for result, number in totals["rows"].items()),
        "# HELP portal_imports Roster imports by state.",
        "# TYPE portal_imports gauge",
        *(f'portal_imports{{state="{state}"}} {number}' for state, number in totals["states"].items()),
        "# HELP portal_audit_unsealed_entries Audit entries that wait for their seal.",
        "# TYPE portal_audit_unsealed_entries gauge",
        f"portal_audit_unsealed_entries {Entry.objects.filter(sequence__isnull=True).count()}",
    ]
    return lines
