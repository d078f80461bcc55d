"""`/`: the public home for who is not signed in, else the desk that fits the posts held now."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from branches.choices import Role
from branches.statistics import hand_overs_waiting
from dashboard.desk import committee_desk
from dashboard.navigation import navigation
from dashboard.views.instructor import instructor_desk, looked_after
from dashboard.views.secretary import branch_desk, branches_of


@require_safe
def home(request):
    """Answer with the public home, the committee desk, the desk of a branch, an instructor's or the simple one."""
    if not request.user.is_authenticated:
        return render(request, "dashboard/public_home.html")
    if request.reach.has(Capability.STATISTICS_VIEW) and request.reach.roles & {Role.CLERK, Role.LEADER}:
        context = committee_desk(request.reach) | {"hand_overs": hand_overs_waiting(request.reach)}
        return render(request, "dashboard/committee_desk.html", context)
    if branches := branches_of(request.reach):
        return render(request, "dashboard/branch_desk.html", branch_desk(request, branches) | simple_desk(request))
    if branches := looked_after(request.reach):
        desk = instructor_desk(request, branches)
        return render(request, "dashboard/instructor_desk.html", desk | simple_desk(request))
    return render(request, "dashboard/simple_desk.html", simple_desk(request))


def simple_desk(request) -> dict:
    """Return the posts of the reader and the pages open to him; an outsider learns whom to ask. Two queries."""
    posts = [{"organization": post.name, "role": Role(post.role).label} for post in request.reach.posts]
    doors = [line for group in navigation(request) for line in group if line["url"] != "/"]
    waiting = hand_overs_waiting(request.reach)
    return {"posts": posts, "doors": doors, "at": timezone.now(), "hand_overs": waiting}
