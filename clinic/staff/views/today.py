"""The staff home: what needs a hand now, and today's visits. And the visits of which nobody said what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.practice.models import Membership
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.scheduling.models import Appointment, AppointmentState
from clinic.staff.kept import change_seen_by
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of
from clinic.staff.today import begins_at, numbers
from clinic.staff.visit_lines import VisitLine, visit_lines, with_facts

#: So many of today's visits are shown: more than any clinic sees in a day.
MOST_VISITS = 300


class _Visits(StaffPage):
    """What the pages with visits share: those of the patients of the clinics where the person may see them."""

    permission = Permission.VIEW_PATIENTS

    def here(self) -> list[Membership]:
        """What the person is at the clinics where they hold the page's permission."""
        return [one for one in memberships_of(self.user) if one.may(self.permission)]

    def lines(self, visits: Sequence[Appointment]) -> list[VisitLine]:
        return visit_lines(visits, memberships=self.here(), user_id=self.user.pk, now=self.now)


class Today(_Visits):
    """Red alerts first, then everything that waits for a person, each number with its list; then today's visits."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = numbers(self.user, memberships_of(self.user), now=self.now, newest_change=change_seen_by(request))
        lines = self.lines(self.visits())
        self.listed("Appointment", len(lines))
        context = {
            "alerts": [one for one in found if one.is_alert and one.count],
            "numbers": [one for one in found if not one.is_alert and one.count],
            "at_rest": [one for one in found if not one.count],
            "own": [line for line in lines if line.is_own],
            "others": [line for line in lines if not line.is_own],
            "several_clinics": len(self.here()) > 1,
            "today": self.now.astimezone(self.here()[0].clinic.zone),
        }
        return render(request, "staff/today.html", context)

    def visits(self) -> list[Appointment]:
        """Today's visits at each clinic, in the order of the day; what was cancelled is none."""
        spans = {}
        for one in self.here():
            today = self.now.astimezone(one.clinic.zone).date()
            spans[one.clinic_id] = (begins_at(today, one.clinic), begins_at(today + timedelta(days=1), one.clinic))
        visits = Appointment.objects.on_days(spans).filter(patient__clinic__in=spans).exclude(state=AppointmentState.CANCELLED)
        return list(with_facts(visits).order_by("starts_at", "id")[:MOST_VISITS])


class VisitUnnotedList(_Visits):
    """Visits before today that are still booked or arrived: somebody is to say what came of them. The oldest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        days = {one.clinic_id: begins_at(self.now.astimezone(one.clinic.zone).date(), one.clinic) for one in self.here()}
        seen = Appointment.objects.filter(patient__clinic__in=list(days))
        page = page_of(with_facts(seen.unnoted(days)), params=request.GET, order=("starts_at", "id"), scope=seen)
        lines = self.lines(page.rows)
        self.listed("Appointment", len(lines))
        context = {"page": page, "lines": lines, "several_clinics": len(days) > 1, "here": request.get_full_path()}
        return render(request, "staff/visit-unnoted-list.html", context)
