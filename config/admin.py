"""The admin site: signs in through the portal's own page, so that lock-out and second factor hold there too."""

from functools import wraps

from allauth.account.views import logout
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path

from branches.rules import opens_admin


class PortalAdminSite(AdminSite):
    """The registry tables for staff; a signed-in person without staff duty gets the same 404 as for no page."""

    site_header = f"{settings.SITE_NAME} 管理后台"
    site_title = settings.SITE_NAME
    index_title = "登记表"
    enable_nav_sidebar = False

    def register(self, model_or_iterable, admin_class=None, **options):
        """Register scoped admins only: tables of libraries (tokens, tasks, log-ins) have no scope and no door here."""
        if getattr(admin_class, "is_scoped", False):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self):
        """Return the addresses; 查看站点 finds nothing: no row has such a page, and Django looks for it in no scope."""
        nothing = path("r/<path:content_type_id>/<path:object_id>/", self.admin_view(_no_page), name="view_on_site")
        return [nothing if getattr(url, "name", "") == "view_on_site" else url for url in super().get_urls()]

    def has_permission(self, request):
        """Let in whoever holds a role that works here at this instant; a superuser has no rows but may look in."""
        user = request.user
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return False
        return user.is_superuser or opens_admin(request.reach.roles)

    def admin_view(self, view, cacheable=False):
        """Guard a page: nobody signed in goes to the portal's door, whoever has no business here finds no page."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def answer(request, *args, **kwargs):
            if not self.has_permission(request):
                if request.user.is_authenticated:
                    raise Http404
                return redirect_to_login(request.get_full_path())
            return guarded(request, *args, **kwargs)

        return answer

    def login(self, request, extra_context=None):
        """Send people to the portal's sign-in page; whoever is signed in already has no business here."""
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next", "/admin/"))

    def password_change(self, request, extra_context=None):
        """Passwords are changed in one place, with its rules and its trace."""
        return redirect("account_change_password")

    def logout(self, request, extra_context=None):
        """Sign out by the portal's own way, which leaves a trace and ends the session's record."""
        return logout(request)


def _no_page(request, **names):
    raise Http404
