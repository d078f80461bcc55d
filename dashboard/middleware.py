"""Refusals that any door may raise become pages; what no database can hold is refused before a door opens."""

from django.core.exceptions import BadRequest
from django.http import Http404

from dashboard.views import errors
from foundation.audit.trail import Conflict, NotAllowed

LARGEST_KEY = 2**63 - 1
NUL = "\0"


class Refusals:
    """Answer 409 with its own sentence when somebody else was first or the life-cycle forbids the step."""

    def __init__(self, get_response):
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request):
        """Pass on; a door that is no page says so in words. See process_view and process_exception."""
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET" and not response.content:
            words = errors.wrong_method(request)
            words.headers["Allow"] = response.headers.get("Allow", "")
            return words
        return response

    def process_view(self, request, view, args, kwargs):
        """Answer 404 to a key beyond 64 bits, which no row can have, and 400 to a NUL, which PostgreSQL cannot hold.

        SQLite raises OverflowError for the one, PostgreSQL ValueError or DataError for the other.
        """
        for value in kwargs.values():
            if (isinstance(value, int) and value > LARGEST_KEY) or (isinstance(value, str) and NUL in value):
                raise Http404
        for sent in (request.GET, request.POST):
            if any(NUL in text for name, values in sent.lists() for text in (name, *values)):
                raise BadRequest("填写的内容里有看不见的控制字符，请删去重填。")

    def process_exception(self, request, exception):
        """Turn Conflict and NotAllowed into the page of 409; leave everything else alone."""
        if isinstance(exception, Conflict | NotAllowed):
            return errors.conflict(request, str(exception))
        return None
