"""What the tests of accounts share: an account with a password, a browser at an address, the door."""

import time

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse

from foundation.accounts.models import User
from foundation.audit.models import Entry

PASSWORD = "Kuang-Ye-1949"
LOGIN = "/accounts/login/"


def account(username="zhouxw", name="周晓雯", password=PASSWORD, **fields) -> User:
    """Store an account with a password."""
    return User.objects.create_user(username, name, password, **fields)


def browser(address="192.0.2.1", **options) -> Client:
    """Return a fresh browser at an address."""
    return Client(REMOTE_ADDR=address, **options)


def sign_in(client, username="zhouxw", password=PASSWORD, **more):
    """Send the sign-in form."""
    return client.post(LOGIN, {"login": username, "password": password} | more)


def is_signed_in(client) -> bool:
    """Return whether a page for the signed-in opens."""
    return client.get(reverse("account_profile")).status_code == 200


def actions(username="zhouxw") -> list[str]:
    """Return the audit entries of an account in the order written."""
    pk = str(User.objects.get(username=username).pk)
    return list(
        Entry.objects.filter(object_type="accounts.user", object_id=pk).order_by("id").values_list("action", flat=True)
    )


def enrol(user) -> str:
    """Bind a phone to an account without the pages; return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def digits(secret: str, steps: int = 0) -> str:
    """Return the six digits a phone shows now, or some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
