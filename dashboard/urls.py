"""Addresses of the home page, search, help, feedback, health."""

from django.urls import path

from dashboard.views import audit, branch_file, feedback, health, help, home, search

app_name = "dashboard"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("help/", help.contents, name="help"),
    path("help/design/", help.design, name="design"),
    path("help/<slug:topic>/", help.topic, name="help_topic"),
    path("privacy/", help.privacy, name="privacy"),
    path("feedback/", feedback.feedback, name="feedback"),
    path("organizations/<int:pk>/file/", branch_file.branch_file, name="branch_file"),
    path("organizations/<int:pk>/file/freeze/", branch_file.branch_file_freeze, name="branch_file_freeze"),
    path("organizations/<int:pk>/file/<int:year>/", branch_file.branch_file_snapshot, name="branch_file_snapshot"),
    path("audit/", audit.entries, name="audit"),
    path("audit/verify/", audit.verify, name="audit_verify"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
