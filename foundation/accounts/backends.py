"""Who a user name and a password belong to."""

from django.contrib.auth.backends import ModelBackend

from foundation.accounts import rules
from foundation.accounts.models import User


class AccountBackend(ModelBackend):
    """Django's own check, with the same answer and the same work for every failure.

    The hasher runs exactly once for an unknown name, a wrong password, an account without password and a closed one.
    A closed account also loses the sign-ins it has: `get_user` asks the same question at every request.
    """

    def user_can_authenticate(self, user):
        """Return whether the account is open."""
        return rules.may_sign_in(user)

    def get_user(self, user_id):
        """Return the account of a sign-in with what every page shows of it, None for a closed one. One query."""
        user = User.objects.with_what_pages_show().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
