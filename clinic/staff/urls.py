"""Addresses of the staff pages. Names are `staff:<noun>-<verb>`; the view and its template are called alike."""

from django.conf import settings
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from clinic.staff.views import follow_ups, mailbox, stock, treatments

app_name = "staff"

urlpatterns: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="staff:follow-up-list"), name="start"),
    path("follow-ups/", follow_ups.FollowUpList.as_view(), name="follow-up-list"),
    path("follow-ups/<uuid:public_id>/", follow_ups.FollowUpShow.as_view(), name="follow-up-show"),
    path("follow-ups/<uuid:public_id>/contact/", follow_ups.FollowUpContact.as_view(), name="follow-up-contact"),
    path("follow-ups/<uuid:public_id>/snooze/", follow_ups.FollowUpSnooze.as_view(), name="follow-up-snooze"),
    path("follow-ups/<uuid:public_id>/stop/", follow_ups.FollowUpStop.as_view(), name="follow-up-stop"),
    path("follow-ups/<uuid:public_id>/wake/", follow_ups.FollowUpWake.as_view(), name="follow-up-wake"),
    path("patients/<uuid:public_id>/treatments/new/", treatments.TreatmentRecord.as_view(), name="treatment-record"),
    path("stock/", stock.VialList.as_view(), name="vial-list"),
    path("stock/receive/", stock.VialReceive.as_view(), name="vial-receive"),
    path("stock/<uuid:public_id>/make-up/", stock.VialReconstitute.as_view(), name="vial-reconstitute"),
    path("treatments/<uuid:public_id>/", treatments.TreatmentShow.as_view(), name="treatment-show"),
]

# Only the demonstration keeps letters where they can be read.
if settings.DEMO:
    urlpatterns += [
        path("mailbox/", mailbox.MailboxList.as_view(), name="mailbox-list"),
        path("mailbox/<slug:name>/", mailbox.MailboxShow.as_view(), name="mailbox-show"),
        path("mailbox/<slug:name>/body/", mailbox.MailboxBody.as_view(), name="mailbox-body"),
    ]
