"""Addresses of branch life, under /activities/."""

from django.urls import path

from activities.views import activities, acts, calendar, record

app_name = "activities"
urlpatterns = [
    path("", activities.activity_list, name="list"),
    path("record/", record.record, name="record"),
    path("new/", acts.create, name="create"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/organizations/<int:pk>/", calendar.branch_calendar, name="branch_calendar"),
    path("rules/", calendar.rules, name="rules"),
    path("<int:pk>/", activities.detail, name="detail"),
    path("<int:pk>/minutes/", activities.minutes, name="minutes"),
    path("<int:pk>/notify/", acts.notify, name="notify"),
    path("<int:pk>/hold/", record.hold, name="hold"),
    path("<int:pk>/amend/", record.amend, name="amend"),
    path("<int:pk>/cancel/", acts.cancel, name="cancel"),
    path("<int:pk>/make-up/", acts.make_up, name="make_up"),
    path("<int:pk>/organizations/<int:organization>/roll/", record.join, name="join"),
]
