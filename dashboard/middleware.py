"""Refusals that any door may raise become pages."""

from dashboard.views import errors
from foundation.audit.trail import Conflict, NotAllowed


class Refusals:
    """Answer 409 with its own sentence when somebody else was first or the life-cycle forbids the step."""

    def __init__(self, get_response):
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request):
        """Pass on; see process_exception."""
        return self.get_response(request)

    def process_exception(self, request, exception):
        """Turn Conflict and NotAllowed into the page of 409; leave everything else alone."""
        if isinstance(exception, Conflict | NotAllowed):
            return errors.conflict(request, str(exception))
        return None
