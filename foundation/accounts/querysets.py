"""Questions about users."""

from django.contrib.auth.models import BaseUserManager
from django.db import models


class UserQuerySet(models.QuerySet):
    """Users, narrowed. Scope by organisation is asked in branches, which knows the posts."""

    def open_for_sign_in(self):
        """Return the users who may sign in: active and not locked by the administration. No query of its own."""
        return self.filter(is_active=True, locked_at__isnull=True)


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
