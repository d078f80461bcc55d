"""Addresses below /members/development/."""

from django.urls import path

from members.views.development import acts, file, lists

urlpatterns = [
    path("", lists.development_list, name="development_list"),
    path("new/", lists.development_create, name="development_create"),
    path("<int:pk>/", file.development_detail, name="development_detail"),
    path("<int:pk>/print/", file.development_print, name="development_print"),
    path("<int:pk>/steps/<int:number>/", acts.development_step, name="development_step"),
    path("<int:pk>/approve/<int:number>/", acts.development_approve, name="development_approve"),
    path("<int:pk>/refuse/<int:number>/", acts.development_refuse, name="development_refuse"),
    path("<int:pk>/take-back/<int:number>/", acts.development_take_back, name="development_take_back"),
    path("<int:pk>/override/<int:number>/", acts.development_override, name="development_override"),
    path("<int:pk>/review/", acts.development_review, name="development_review"),
    path("<int:pk>/sponsors/<slug:kind>/", acts.development_sponsors, name="development_sponsors"),
    path("<int:pk>/end/", acts.development_end, name="development_end"),
]
