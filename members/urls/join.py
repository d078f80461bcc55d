"""Addresses of self-declaration, for everybody: below /join/. Codes of calls have eight letters, words have fewer."""

from django.urls import path

from members.views.declarations import public

urlpatterns = [
    path("", public.join, name="join"),
    path("done/", public.join_done, name="join_done"),
    path("receipt/", public.join_receipt, name="join_receipt"),
    path("<slug:slug>/", public.join_call, name="join_call"),
]
