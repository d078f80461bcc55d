"""Addresses of notifications: one's own inbox and choices, and what providers refused."""

from django.urls import path

from foundation.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("read-all/", views.read_all, name="read_all"),
    path("preferences/", views.preferences, name="preferences"),
    path("deliveries/", views.deliveries, name="deliveries"),
    path("deliveries/resend/", views.resend_all, name="resend_all"),
    path("deliveries/<int:pk>/resend/", views.resend, name="resend"),
    path("<int:pk>/read/", views.read, name="read"),
]
