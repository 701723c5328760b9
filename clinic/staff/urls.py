"""Addresses of the staff pages. Names are `staff:<noun>-<verb>`; the view and its template are called alike."""

from django.conf import settings
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from clinic.staff.views import mailbox

app_name = "staff"

urlpatterns: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="staff:follow-up-list"), name="start"),
]

# Only the demonstration keeps letters where they can be read.
if settings.DEMO:
    urlpatterns += [
        path("mailbox/", mailbox.MailboxList.as_view(), name="mailbox-list"),
        path("mailbox/<slug:name>/", mailbox.MailboxShow.as_view(), name="mailbox-show"),
        path("mailbox/<slug:name>/body/", mailbox.MailboxBody.as_view(), name="mailbox-body"),
    ]
