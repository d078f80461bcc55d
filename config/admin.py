"""The admin site: signs in through the portal's own page, so that lock-out and second factor hold there too."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect


class PortalAdminSite(AdminSite):
    """The registry tables for staff; a signed-in person without staff duty gets the same 404 as for no page."""

    site_header = f"{settings.SITE_NAME} 管理后台"
    site_title = settings.SITE_NAME
    index_title = "登记表"
    enable_nav_sidebar = False

    def login(self, request, extra_context=None):
        """Send people to the portal's sign-in page; whoever is signed in already has no business here."""
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next", "/admin/"))

    def logout(self, request, extra_context=None):
        """Sign out where everybody does: traced there."""
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        """Change the password where everybody does: the rules, the duty and the trace are there."""
        return redirect("account_change_password")
