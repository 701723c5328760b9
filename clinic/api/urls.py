"""Addresses for programs. Names are `api:<noun>-<verb>`."""

from django.urls import URLPattern, path

from clinic.api import reports

app_name = "api"

urlpatterns: list[URLPattern] = [
    path("reports/", reports.ReportTake.as_view(), name="report-take"),
]
