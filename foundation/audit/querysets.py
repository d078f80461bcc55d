"""Questions to the trail. Scope is the caller's: what an organisation may see is decided above this floor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models


class AppendOnly(models.QuerySet):
    """A queryset that only adds and reads; the database refuses the rest as well (triggers.py)."""

    def update(self, **kwargs):
        """Refuse."""
        raise TypeError("The audit trail is append-only.")

    def delete(self):
        """Refuse."""
        raise TypeError("The audit trail is append-only.")

    def bulk_update(self, objs, fields, batch_size=None):
        """Refuse."""
        raise TypeError("The audit trail is append-only.")

    def update_or_create(self, defaults=None, create_defaults=None, **kwargs):
        """Refuse."""
        raise TypeError("The audit trail is append-only.")


class EntryQuerySet(AppendOnly):
    """Entries of the trail."""

    def newest_first(self) -> EntryQuerySet:
        """Return the entries, newest first, in an order that never ties."""
        return self.order_by("-id")

    def for_person(self, person_id: int) -> EntryQuerySet:
        """Return what concerns one person, newest first. One index."""
        return self.filter(person_id=person_id).newest_first()

    def for_object(self, target: models.Model) -> EntryQuerySet:
        """Return the history of one object, newest first. One index."""
        return self.filter(object_type=target._meta.label_lower, object_id=str(target.pk)).newest_first()

    def by_actor(self, actor: Any) -> EntryQuerySet:
        """Return what one account did (a user or its id), newest first. One index."""
        return self.filter(actor_id=getattr(actor, "pk", actor)).newest_first()

    def between(self, from_at: datetime, until_at: datetime) -> EntryQuerySet:
        """Return the entries with from_at <= at < until_at (aware datetimes), newest first."""
        return self.filter(at__gte=from_at, at__lt=until_at).newest_first()

    def with_action(self, action: str) -> EntryQuerySet:
        """Return the entries of one verb ("driver.reveal") or of a whole subject ("driver."), newest first."""
        if action.endswith("."):
            return self.filter(action__prefix=action).newest_first()
        return self.filter(action=action).newest_first()

    def at_organizations(self, organization_ids: Iterable[int]) -> EntryQuerySet:
        """Return the entries written for the given organisations, newest first."""
        return self.filter(organization_id__in=organization_ids).newest_first()

    def unsealed(self) -> EntryQuerySet:
        """Return the entries without a number yet, in the order of their ids."""
        return self.filter(sequence=None).order_by("id")

    def sealed(self) -> EntryQuerySet:
        """Return the entries of the chain in the order of the chain."""
        return self.filter(sequence__isnull=False).order_by("sequence")
