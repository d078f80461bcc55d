"""Addresses below /enterprises/."""

from django.urls import path

from members.views import enterprises

urlpatterns = [
    path("", enterprises.enterprise_list, name="enterprise_list"),
    path("export/", enterprises.enterprise_export, name="enterprise_export"),
    path("new/", enterprises.enterprise_create, name="enterprise_create"),
    path("<int:pk>/", enterprises.enterprise_detail, name="enterprise_detail"),
    path("<int:pk>/change/", enterprises.enterprise_change, name="enterprise_change"),
]
