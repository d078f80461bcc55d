"""Addresses of the registry. Each subject has its own file with its own prefix."""

from django.urls import include, path

from members.views.membership import cards

app_name = "members"

urlpatterns = [
    path("drivers/", include("members.urls.drivers")),
    path("enterprises/", include("members.urls.enterprises")),
    path("vehicles/", include("members.urls.vehicles")),
    path("registration/", include("members.urls.registration")),
    path("members/development/", include("members.urls.development")),
    path("members/", include("members.urls.membership")),
    path("cards/<str:token>/", cards.card_check, name="card_check"),
    path("members/", include("members.urls.verification")),
    path("join/", include("members.urls.join")),
    path("exports/", include("members.urls.exports")),
    path("imports/", include("members.urls.imports")),
]
