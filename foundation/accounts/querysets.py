"""Questions about users."""

from collections.abc import Callable

from django.contrib.auth.models import BaseUserManager
from django.db import models

_brought: dict[str, Callable[[], models.Expression]] = {}


def bring_along(name: str, expression: Callable[[], models.Expression]) -> None:
    """Have the account of every signed-in request come with one more value, in the query that reads it anyway.

    For what stands on every page. `expression()` is made anew for each request and may refer to the account by
    `OuterRef("pk")`; the value is found as the attribute `name`. The lower floor knows nothing above it: an app that
    has such a value registers it here, in `ready()`.
    """
    _brought[name] = expression


class UserQuerySet(models.QuerySet):
    """Users, narrowed. Scope by organisation is asked in branches, which knows the posts."""

    def open_for_sign_in(self):
        """Return the users who may sign in: active and not locked by the administration. No query of its own."""
        return self.filter(is_active=True, locked_at__isnull=True)

    def with_what_pages_show(self):
        """Return the users with the values that `bring_along` was told of. No query of its own."""
        return self.annotate(**{name: expression() for name, expression in _brought.items()})


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    """Creates users; finds them by user name whatever its case."""

    def create_user(self, username, name="", password=None, **fields):
        """Store and return a user; without a password the account waits for its one-time code.

        Raises ValueError when the user name is empty.
        """
        if not username:
            raise ValueError("a user needs a user name")
        user = self.model(username=username, name=name or username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username, name="", password=None, **fields):
        """Store and return a user for installation: the product itself needs none."""
        return self.create_user(username, name, password, **{"is_staff": True, "is_superuser": True, **fields})
