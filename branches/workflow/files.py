"""The frozen branch file of a year: written once, never changed, its digest says so."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from branches.capabilities import Capability
from branches.choices import BRANCHES
from branches.constraints import checked, in_words
from branches.models import BranchFileSnapshot, Organization
from branches.scope import reach_of
from foundation.audit import trail


def digest_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a file's content, whatever the order of its keys. No query."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_intact(snapshot: BranchFileSnapshot) -> bool:
    """Return whether a snapshot still says what was frozen. No query."""
    return digest_of(snapshot.content) == snapshot.digest


def freeze_file(
    organization: Organization, year: int, content: dict[str, Any], *, actor, at: datetime | None = None
) -> BranchFileSnapshot:
    """Freeze the file of a branch for a year and return the snapshot; a year is frozen once.

    `content` is plain data as `dashboard.branch_file.assemble` gives it. Raises PermissionDenied, ValidationError.
    """
    at = at or timezone.now()
    if actor is not None and not reach_of(actor, at).covers(Capability.BRANCH_FILE_FREEZE, organization):
        raise PermissionDenied("支部档案由委员会的专干冻结。")
    if organization.kind not in BRANCHES:
        raise ValidationError("只有支部有档案。")
    today = timezone.localdate(at)
    if year not in (today.year, today.year - 1):
        raise ValidationError({"year": "只能冻结今年和去年的档案。"})
    snapshot = BranchFileSnapshot(
        organization=organization,
        year=year,
        content=content,
        digest=digest_of(content),
        frozen_at=at,
        frozen_by=actor,
    )
    checked(snapshot, exclude=["organization", "frozen_by"])
    with transaction.atomic():
        with in_words(BranchFileSnapshot):
            snapshot.save(force_insert=True)
        trail.record(
            "branch_file.freeze",
            snapshot,
            actor=actor,
            organization_id=organization.pk,
            fields={"year": (None, year), "digest": (None, snapshot.digest)},
            label=f"{organization.short_name} {year}",
        )
    return snapshot
