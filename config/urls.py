"""All addresses of the portal."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("foundation.accounts.urls")),
    path("notifications/", include("foundation.notifications.urls")),
    path("organizations/", include("branches.urls")),
    path("activities/", include("activities.urls")),
    path("", include("grievances.urls")),
    path("", include("members.urls")),
    path("", include("dashboard.urls")),
]

handler400 = "dashboard.views.errors.bad_request"
handler403 = "dashboard.views.errors.permission_denied"
handler404 = "dashboard.views.errors.page_not_found"
handler500 = "dashboard.views.errors.server_error"
