"""Addresses below /members/."""

from django.urls import path

from members.views.membership import lists, lost_contact, pages, transfers

urlpatterns = [
    path("", lists.member_list, name="member_list"),
    path("coverage/", lists.coverage, name="coverage"),
    path("transfers/", transfers.transfer_list, name="transfer_list"),
    path("transfers/<int:pk>/", transfers.transfer_detail, name="transfer_detail"),
    path("transfers/<int:pk>/print/", transfers.transfer_print, name="transfer_print"),
    path("transfers/<int:pk>/submit/", transfers.transfer_submit, name="transfer_submit"),
    path("transfers/<int:pk>/send-back/", transfers.transfer_send_back, name="transfer_send_back"),
    path("transfers/<int:pk>/approve/", transfers.transfer_approve, name="transfer_approve"),
    path("transfers/<int:pk>/receive/", transfers.transfer_receive, name="transfer_receive"),
    path("transfers/<int:pk>/return/", transfers.transfer_return, name="transfer_return"),
    path("transfers/<int:pk>/withdraw/", transfers.transfer_withdraw, name="transfer_withdraw"),
    path("lost/", lost_contact.lost_list, name="lost_list"),
    path("lost/<int:pk>/", lost_contact.lost_detail, name="lost_detail"),
    path("lost/<int:pk>/attempt/", lost_contact.lost_attempt, name="lost_attempt"),
    path("lost/<int:pk>/decide/", lost_contact.lost_decide, name="lost_decide"),
    path("lost/<int:pk>/close/", lost_contact.lost_close, name="lost_close"),
    path("lost/<int:pk>/approve/", lost_contact.lost_approve, name="lost_approve"),
    path("lost/<int:pk>/refuse/", lost_contact.lost_refuse, name="lost_refuse"),
    path("lost/<int:pk>/restore/", lost_contact.lost_restore, name="lost_restore"),
    path("lost/<int:pk>/remove/", lost_contact.lost_remove, name="lost_remove"),
    path("lost/<int:pk>/file/", lost_contact.lost_file, name="lost_file"),
    path("<int:pk>/", pages.member_detail, name="member_detail"),
    path("<int:pk>/phone/", pages.member_phone, name="member_phone"),
    path("<int:pk>/change/", pages.member_change, name="member_change"),
    path("<int:pk>/absence/", pages.member_absence, name="member_absence"),
    path("<int:pk>/end/", pages.member_end, name="member_end"),
    path("<int:pk>/place/", pages.member_place, name="member_place"),
    path("<int:pk>/transfer/", transfers.transfer_create, name="transfer_create"),
    path("<int:pk>/lost/", lost_contact.lost_open, name="lost_open"),
    path("ties/<int:pk>/notify/", pages.tie_notify, name="tie_notify"),
    path("ties/<int:pk>/report-in/", pages.tie_report_in, name="tie_report_in"),
    path("ties/<int:pk>/decline/", pages.tie_decline, name="tie_decline"),
    path("ties/<int:pk>/end/", pages.tie_end, name="tie_end"),
]
