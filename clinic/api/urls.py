"""Addresses for programs. Names are `api:<noun>-<verb>`."""

from django.urls import URLPattern, path

from clinic.api import calendars, reports

app_name = "api"

urlpatterns: list[URLPattern] = [
    path("calendars/<str:token>.ics", calendars.CalendarRead.as_view(), name="calendar-read"),
    path("reports/", reports.ReportTake.as_view(), name="report-take"),
]
