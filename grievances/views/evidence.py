"""Answering with a file of a case: as an attachment, never shown as a page of this site."""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse

from grievances.models import Evidence
from grievances.workflow.evidence import TYPES


def file_response(evidence: Evidence, path: Path) -> FileResponse:
    """Return the file. The caller has asked who may have it (workflow.open_evidence, or the complainant's session)."""
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=evidence.name, content_type=TYPES[evidence.kind]
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
