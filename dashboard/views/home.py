"""`/`: the public home for who is not signed in, else the desk that fits the posts held now."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.capabilities import Capability
from branches.choices import Role
from branches.models import Organization
from branches.statistics import posts_required, tree_counts, vacant
from dashboard.navigation import navigation
from dashboard.views.secretary import branch_desk, branches_of
from members.choices import DEVELOPMENT_OPEN, DevelopmentStage, DevelopmentWhen
from members.models import Development, Driver, Enterprise, RegistrationTransfer, RosterImport
from members.statistics import coverage, driver_counts, open_transfers, pipeline, recent_imports

VACANCIES_SHOWN = 5


@require_safe
def home(request):
    """Answer with the public home, the committee desk, the desk of a branch or the simple desk."""
    if not request.user.is_authenticated:
        return render(request, "dashboard/public_home.html")
    if request.reach.has(Capability.STATISTICS_VIEW) and request.reach.roles & {Role.CLERK, Role.LEADER}:
        return render(request, "dashboard/committee_desk.html", committee_desk(request.reach))
    if branches := branches_of(request.reach):
        return render(request, "dashboard/branch_desk.html", branch_desk(request, branches) | simple_desk(request))
    return render(request, "dashboard/simple_desk.html", simple_desk(request))


def committee_desk(reach) -> dict:
    """Return the figures of the committee desk, each counted from the rows its link shows. Nine queries at most."""
    at = timezone.now()
    organizations = Organization.objects.visible_to(reach)
    # Where one may see posts, as the list behind the figure: who only handles cases at a unit learns of no vacancy.
    staffed = Organization.objects.manageable_by(reach, Capability.APPOINTMENT_VIEW)
    empty_posts = vacant(staffed, Role.SECRETARY, at)
    context = {
        "at": at,
        "tree": tree_counts(organizations),
        "vacancies": list(empty_posts[:VACANCIES_SHOWN]),
        "vacancy_count": empty_posts.order_by().count(),
        "posts_required": posts_required(staffed, Role.SECRETARY).order_by().count(),
        "drivers": driver_counts(Driver.objects.visible_to(reach), timezone.localdate(at)),
        "coverage": coverage(Enterprise.objects.visible_to(reach)),
        "may_upload": reach.has(Capability.ROSTER_IMPORT_UPLOAD),
        "has_imports": reach.has(Capability.ROSTER_IMPORT_VIEW),
        "has_transfers": reach.has(Capability.DRIVER_CLAIM_REGISTRATION),
    }
    if context["has_imports"]:
        context["imports"] = recent_imports(RosterImport.objects.visible_to(reach))
    if context["has_transfers"]:
        context["transfers"] = open_transfers(RegistrationTransfer.objects.visible_to(reach))
    if reach.has(Capability.DEVELOPMENT_VIEW):
        found = pipeline(Development.objects.visible_to(reach), timezone.localdate(at))
        context["pipeline"] = {
            "open": found.open,
            "stages": [
                {"code": one.value, "label": one.label, "number": found.by_stage[one]}
                for one in DevelopmentStage
                if one in DEVELOPMENT_OPEN
            ],
            "times": [
                {"code": one.value, "label": one.label, "number": found.by_time[one]}
                for one in DevelopmentWhen
                if found.by_time[one]
            ],
        }
    return context


def simple_desk(request) -> dict:
    """Return the posts of the reader and the pages open to him; an outsider learns whom to ask. One query."""
    posts = [{"organization": post.name, "role": Role(post.role).label} for post in request.reach.posts]
    doors = [line for group in navigation(request) for line in group if line["url"] != "/"]
    return {"posts": posts, "doors": doors, "at": timezone.now()}
