"""The reach of whoever asks, read once per request and handed on explicitly."""

from django.utils.functional import SimpleLazyObject

from branches.scope import Reach, reach_of


class CurrentReach:
    """Put `request.reach` in place; no query until somebody looks at it."""

    def __init__(self, get_response):
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request):
        """Attach the lazy reach."""
        request.reach = SimpleLazyObject(lambda: reach_of(request.user))
        return self.get_response(request)


__all__ = ["CurrentReach", "Reach"]
