"""Addresses of the registry. Each subject has its own file with its own prefix."""

from django.urls import include, path

app_name = "members"

urlpatterns = [
    path("imports/", include("members.urls.imports")),
]
