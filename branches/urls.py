"""Addresses below /organizations/."""

from django.urls import path

from branches.views import appointments, exports, guidance, handover, organizations, seconded, terms, users

app_name = "branches"

urlpatterns = [
    path("", organizations.organization_list, name="organization_list"),
    path("export/", exports.organization_export, name="organization_export"),
    path("new/", organizations.organization_create, name="organization_create"),
    path("<int:pk>/", organizations.organization_detail, name="organization_detail"),
    path("<int:pk>/change/", organizations.organization_change, name="organization_change"),
    path("<int:pk>/move/", organizations.organization_move, name="organization_move"),
    path("<int:pk>/start/", organizations.organization_start, name="organization_start"),
    path("<int:pk>/rectify/", organizations.organization_rectify, name="organization_rectify"),
    path("<int:pk>/resume/", organizations.organization_resume, name="organization_resume"),
    path("<int:pk>/dissolve/", organizations.organization_dissolve, name="organization_dissolve"),
    path("<int:pk>/guidance/new/", guidance.guidance_create, name="guidance_create"),
    path("<int:pk>/offices/new/", guidance.office_create, name="office_create"),
    path("<int:pk>/appointments/new/", appointments.appointment_create, name="appointment_create"),
    path("<int:pk>/terms/new/", terms.term_create, name="term_create"),
    path("<int:pk>/users/new/", users.user_create, name="user_create"),
    path("guidance/<int:pk>/end/", guidance.guidance_end, name="guidance_end"),
    path("offices/<int:pk>/assign/", guidance.office_assign, name="office_assign"),
    path("offices/<int:pk>/arrange/", guidance.office_arrange, name="office_arrange"),
    path("appointments/", appointments.appointment_list, name="appointment_list"),
    path("appointments/vacant/", appointments.vacancy_list, name="vacancy_list"),
    path("appointments/hand-overs/", handover.hand_over_list, name="hand_over_list"),
    path("appointments/<int:pk>/hand-over/", handover.hand_over, name="hand_over"),
    path("appointments/<int:pk>/hand-over/print/", handover.hand_over_print, name="hand_over_print"),
    path("appointments/<int:pk>/hand-over/note/", handover.hand_over_note, name="hand_over_note"),
    path("appointments/<int:pk>/hand-over/acknowledge/", handover.hand_over_acknowledge, name="hand_over_acknowledge"),
    path("appointments/first-secretaries/", seconded.first_secretary_list, name="first_secretary_list"),
    path("terms/", terms.term_list, name="term_list"),
    path("terms/<int:pk>/end/", terms.term_change, name="term_change"),
    path("appointments/<int:pk>/end/", appointments.appointment_end, name="appointment_end"),
    path("users/", users.user_list, name="user_list"),
    path("users/<int:pk>/", users.user_detail, name="user_detail"),
    path("users/<int:pk>/reset-code/", users.user_reset_code, name="user_reset_code"),
    path("users/<int:pk>/lock/", users.user_lock, name="user_lock"),
    path("users/<int:pk>/unlock/", users.user_unlock, name="user_unlock"),
    path("users/<int:pk>/second-factor/", users.user_second_factor, name="user_second_factor"),
]
