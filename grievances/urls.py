"""Addresses of grievances."""

from django.http import HttpResponse
from django.urls import path

app_name = "grievances"
urlpatterns = [
    path("grievances/track/", lambda request: HttpResponse(), name="track"),
    path("grievances/<int:pk>/", lambda request, pk: HttpResponse(), name="detail"),
]
