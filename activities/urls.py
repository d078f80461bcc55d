"""Addresses of branch life, under /activities/."""

from django.urls import path

from activities.views import activities, acts, calendar, conferences, instructors, record, visits

app_name = "activities"
urlpatterns = [
    path("", activities.activity_list, name="list"),
    path("record/", record.record, name="record"),
    path("new/", acts.create, name="create"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/organizations/<int:pk>/", calendar.branch_calendar, name="branch_calendar"),
    path("rules/", calendar.rules, name="rules"),
    path("instructors/", instructors.instructors, name="instructors"),
    path("visits/", visits.visit_list, name="visit_list"),
    path("visits/new/", visits.visit_record, name="visit_record"),
    path("visits/<int:pk>/", visits.visit_detail, name="visit_detail"),
    path("visits/<int:pk>/withdraw/", visits.visit_withdraw, name="visit_withdraw"),
    path("follow-ups/", visits.follow_up_list, name="follow_up_list"),
    path("follow-ups/<int:pk>/answer/", visits.follow_up_answer, name="follow_up_answer"),
    path("follow-ups/<int:pk>/close/", visits.follow_up_close, name="follow_up_close"),
    path("conferences/", conferences.conference_list, name="conference_list"),
    path("conferences/new/", conferences.conference_create, name="conference_create"),
    path("conferences/<int:pk>/", conferences.conference_detail, name="conference_detail"),
    path("conferences/<int:pk>/change/", conferences.conference_change, name="conference_change"),
    path("conferences/<int:pk>/meetings/new/", conferences.meeting_create, name="meeting_create"),
    path("meetings/<int:pk>/", conferences.meeting_detail, name="meeting_detail"),
    path("meetings/<int:pk>/print/", conferences.meeting_print, name="meeting_print"),
    path("meetings/<int:pk>/amend/", conferences.meeting_amend, name="meeting_amend"),
    path("meetings/<int:pk>/items/new/", conferences.item_create, name="item_create"),
    path("items/", conferences.item_list, name="item_list"),
    path("items/<int:pk>/", conferences.item_detail, name="item_detail"),
    path("items/<int:pk>/progress/", conferences.item_progress, name="item_progress"),
    path("<int:pk>/", activities.detail, name="detail"),
    path("<int:pk>/minutes/", activities.minutes, name="minutes"),
    path("<int:pk>/notify/", acts.notify, name="notify"),
    path("<int:pk>/hold/", record.hold, name="hold"),
    path("<int:pk>/amend/", record.amend, name="amend"),
    path("<int:pk>/cancel/", acts.cancel, name="cancel"),
    path("<int:pk>/make-up/", acts.make_up, name="make_up"),
    path("<int:pk>/organizations/<int:organization>/roll/", record.join, name="join"),
]
