"""Addresses below /vehicles/."""

from django.urls import path

from members.views import vehicles

urlpatterns = [
    path("", vehicles.vehicle_list, name="vehicle_list"),
    path("new/", vehicles.vehicle_create, name="vehicle_create"),
    path("<int:pk>/", vehicles.vehicle_detail, name="vehicle_detail"),
    path("<int:pk>/change/", vehicles.vehicle_change, name="vehicle_change"),
]
