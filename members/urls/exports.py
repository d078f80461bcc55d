"""Addresses below /exports/."""

from django.urls import path

from members.views import exports

urlpatterns = [
    path("", exports.export_list, name="export_list"),
    path("new/", exports.export_create, name="export_create"),
    path("<int:pk>/", exports.export_detail, name="export_detail"),
    path("<int:pk>/progress/", exports.export_progress, name="export_progress"),
    path("<int:pk>/file/", exports.export_download, name="export_download"),
]
