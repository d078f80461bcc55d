"""What every template knows."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from foundation.notifications.workflow import unread_shown

LARGE_TEXT_COOKIE = "large_text"


def site_facts() -> dict:
    """Return what the pages say about the site; empty values hide their line. No query."""
    return {
        "name": settings.SITE_NAME,
        "tagline": settings.SITE_TAGLINE,
        "host_unit": settings.SITE_HOST_UNIT,
        "contact": settings.SITE_CONTACT,
        "identifier": settings.SITE_IDENTIFIER,
        "icp": settings.SITE_ICP,
        "police": settings.SITE_POLICE,
        "police_number": "".join(letter for letter in settings.SITE_POLICE if letter.isdigit()),
    }


def wants_large_text(request) -> bool:
    """Return whether 大字版 is on: the account's own choice, or the cookie of who is not signed in."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return user.large_text
    return request.COOKIES.get(LARGE_TEXT_COOKIE) == "1"


def site(request) -> dict:
    """Add the site's facts and the reader's text size. No query beyond the sign-in itself."""
    return {"site": site_facts(), "large_text": wants_large_text(request)}


def unread(request) -> dict:
    """Add how many notifications the reader has not read, for the bell: no query, the number came with the account."""
    user = getattr(request, "user", None)
    return {"unread_notifications": SimpleLazyObject(lambda: unread_shown(user)) if user is not None else 0}
