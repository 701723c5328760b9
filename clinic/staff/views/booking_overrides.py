"""The visits that were booked past a warning, for those who review them."""

from __future__ import annotations

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.scheduling.booking_overrides import BookingOverride, BookingOverrideKind
from clinic.staff.forms.override_filters import MonthForm
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of

#: The newest first; served by the index `booking_override_newest_first`.
ORDER = ("-at", "-id")


class BookingOverrideList(StaffPage):
    """Every booking override at the reader's clinics, the newest first; for one month also how many of each kind and by whom."""

    permission = Permission.REVIEW_OVERRIDES

    def get(self, request: HttpRequest) -> HttpResponse:
        zone = next(one.clinic.zone for one in memberships_of(self.user) if one.may(self.permission))
        form = MonthForm(request.GET)
        if not form.is_valid():
            return render(request, "staff/booking-override-list.html", {"form": form}, status=422)
        seen = BookingOverride.objects.filter(appointment__patient__in=self.patients())
        begins, ends = form.span(zone)
        found = seen.filter(at__gte=begins, at__lt=ends) if begins and ends else seen
        page = page_of(
            found.select_related("appointment__patient", "appointment__practitioner", "by"),
            params=request.GET,
            order=ORDER,
            scope=seen,
        )
        self.listed("BookingOverride", len(page.rows))
        context = {"form": form, "page": page, "rows": page.rows, "zone": zone, "report": self.report(found) if begins else None}
        return render(request, "staff/booking-override-list.html", context)

    def report(self, found: QuerySet[BookingOverride]) -> list[dict[str, object]]:
        """How many of each kind, and by whom, most first: the month's report. One query."""
        counted = found.order_by().values_list("kind", "by__name").annotate(number=Count("pk")).order_by("-number", "kind")
        return [{"kind": BookingOverrideKind(kind).label, "by": by, "number": number} for kind, by, number in counted]
