"""Addresses of the patient's pages: `/p/<token>/…`, no account, no health word."""

from django.urls import URLPattern, path

from clinic.portal.views import emails, links, moving, visits

app_name = "portal"

urlpatterns: list[URLPattern] = [
    path("<str:token>/", links.LinkShow.as_view(), name="link-show"),
    path("<str:token>/book/", visits.VisitBook.as_view(), name="visit-book"),
    path("<str:token>/call/", visits.CallAsk.as_view(), name="call-ask"),
    path("<str:token>/cancel/", visits.VisitCancel.as_view(), name="visit-cancel"),
    path("<str:token>/move/", moving.VisitMove.as_view(), name="visit-move"),
    path("<str:token>/stop/", emails.EmailsStop.as_view(), name="emails-stop"),
    path("<str:token>/visit.ics", visits.VisitDownload.as_view(), name="visit-download"),
    # A mail program may have cut off the slash at the end.
    path("<str:token>", links.LinkShow.as_view(), name="link-cut"),
    path("", links.LinkMissing.as_view(), name="link-none"),
    path("<path:rest>", links.LinkMissing.as_view(), name="link-missing"),
]
