"""Addresses of verification, of calls and declarations, below /members/."""

from django.urls import path

from members.views.declarations import campaigns, desk
from members.views.verification import acts, lists, pages

urlpatterns = [
    path("verifications/", lists.verification_list, name="verification_list"),
    path("verifications/funnel/", lists.verification_funnel, name="verification_funnel"),
    path("verifications/new/", acts.verification_create, name="verification_create"),
    path("verifications/collect/", acts.verification_collect, name="verification_collect"),
    path("verifications/<int:pk>/", pages.verification_detail, name="verification_detail"),
    path("verifications/<int:pk>/phone/", pages.verification_phone, name="verification_phone"),
    path("verifications/<int:pk>/assign/", acts.verification_assign, name="verification_assign"),
    path("verifications/<int:pk>/check/", acts.verification_check, name="verification_check"),
    path("verifications/<int:pk>/register/", acts.verification_register, name="verification_register"),
    path("verifications/<int:pk>/link/", acts.verification_link, name="verification_link"),
    path("verifications/<int:pk>/confirm/", acts.verification_confirm, name="verification_confirm"),
    path("verifications/<int:pk>/refute/", acts.verification_refute, name="verification_refute"),
    path("verifications/<int:pk>/close/", acts.verification_close, name="verification_close"),
    path("calls/", campaigns.recruit_list, name="recruit_list"),
    path("calls/new/", campaigns.recruit_create, name="recruit_create"),
    path("calls/<int:pk>/", campaigns.recruit_detail, name="recruit_detail"),
    path("calls/<int:pk>/notice/", campaigns.recruit_notice, name="recruit_notice"),
    path("calls/<int:pk>/end/", campaigns.recruit_end, name="recruit_end"),
    path("declarations/", desk.declaration_list, name="declaration_list"),
    path("declarations/<int:pk>/", desk.declaration_detail, name="declaration_detail"),
    path("declarations/<int:pk>/turn/", desk.declaration_turn, name="declaration_turn"),
    path("declarations/<int:pk>/return/", desk.declaration_return, name="declaration_return"),
    path("declarations/<int:pk>/duplicate/", desk.declaration_duplicate, name="declaration_duplicate"),
]
