"""Every act of a signed-in person carries the address and number of the request it came with."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, SimpleLazyObject

from foundation.audit.trail import origin_of


class ActOrigin:
    """Give request.user an `origin` when the user is first looked at; `trail.record` reads it from the actor.

    Stands directly behind the authentication middleware. Nothing ambient: the origin travels with the actor.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Wrap the lazy user; costs no query of its own."""
        signed_in = request.user

        def with_origin():
            signed_in.origin = origin_of(request)  # the lazy object finds its user and hands the attribute on
            return signed_in._wrapped if isinstance(signed_in, LazyObject) else signed_in

        request.user = SimpleLazyObject(with_origin)  # type: ignore[assignment]
        return self.get_response(request)
