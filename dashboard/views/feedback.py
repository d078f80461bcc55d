"""意见建议: one form, answered with a number."""

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.forms import FeedbackForm
from dashboard.views.errors import too_many
from foundation.accounts.lockout import counted_address
from grievances.workflow import lodge_feedback

PER_HOUR = 10  # from one address; a household or an office still gets through, a machine does not


@require_http_methods(["GET", "POST"])
def feedback(request):
    """Show the form; store what was said and answer with its number. Works signed out."""
    signed_in = request.user.is_authenticated
    context = {"layout": "base.html" if signed_in else "base_public.html"}
    if request.method == "GET":
        return render(request, "dashboard/feedback.html", context | {"form": FeedbackForm()})
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return render(request, "dashboard/feedback.html", context | {"form": form}, status=422)
    if not _within_rate(request):
        return too_many(request, 3600)
    try:
        said = lodge_feedback(**form.cleaned_data, user=request.user if signed_in else None, at=timezone.now())
    except ValidationError as refused:
        form.add_error(None, refused)
        return render(request, "dashboard/feedback.html", context | {"form": form}, status=422)
    return render(request, "dashboard/feedback_done.html", context | {"number": said.number})


def _within_rate(request) -> bool:
    key = f"feedback:{counted_address(request)}"  # behind a proxy all share the proxy's own address
    cache.add(key, 0, timeout=3600)
    try:
        return cache.incr(key) <= PER_HOUR
    except ValueError:  # the hour ended between the two calls
        return True
