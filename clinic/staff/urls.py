"""Addresses of the staff pages. Names are `staff:<noun>-<verb>`; the view and its template are called alike."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

app_name = "staff"

urlpatterns: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="staff:follow-up-list"), name="start"),
]
