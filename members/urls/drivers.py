"""Addresses below /drivers/."""

from django.urls import path

from members.views import drivers, duplicates, search
from members.views.membership import tags

urlpatterns = [
    path("", drivers.driver_list, name="driver_list"),
    path("search/", search.search, name="search"),
    path("new/", drivers.driver_create, name="driver_create"),
    path("bulk/", drivers.driver_bulk, name="driver_bulk"),
    path("columns/", drivers.columns_save, name="columns_save"),
    path("filters/", drivers.filter_save, name="filter_save"),
    path("filters/<int:pk>/delete/", drivers.filter_delete, name="filter_delete"),
    path("duplicates/", duplicates.driver_duplicates, name="driver_duplicates"),
    path("of-organization/<int:pk>/", drivers.of_organization, name="of_organization"),
    path("<int:pk>/", drivers.driver_detail, name="driver_detail"),
    path("<int:pk>/change/", drivers.driver_change, name="driver_change"),
    path("<int:pk>/verify/", drivers.driver_verify, name="driver_verify"),
    path("<int:pk>/reveal/", drivers.driver_reveal, name="driver_reveal"),
    path("<int:pk>/vehicles/new/", drivers.driver_assign_vehicle, name="driver_assign_vehicle"),
    path("<int:pk>/vehicles/<int:link>/end/", drivers.driver_end_vehicle, name="driver_end_vehicle"),
    path("<int:pk>/credential/", drivers.driver_set_credential, name="driver_set_credential"),
    path("<int:pk>/backbone/", tags.driver_backbone, name="driver_backbone"),
    path("<int:pk>/merge/<int:other>/", duplicates.driver_merge, name="driver_merge"),
]
