"""Addresses below /registration/."""

from django.urls import path

from members.views import registration

urlpatterns = [
    path("", registration.registration_list, name="registration_list"),
    path("claim/", registration.registration_claim, name="registration_claim"),
    path("withdraw/", registration.registration_withdraw, name="registration_withdraw"),
    path("<int:pk>/<slug:step>/", registration.registration_answer, name="registration_answer"),
]
