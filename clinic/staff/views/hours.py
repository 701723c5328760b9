"""When a clinic sees patients: its hours, its closed days, its kinds of visit, and the visits that lie outside."""

from __future__ import annotations

import uuid
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from clinic.practice.models import Clinic, Practitioner
from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where
from clinic.scheduling.models import VisitKind
from clinic.scheduling.services import practitioners_of, to_be_moved
from clinic.staff.hours_lines import exceptional, person_hours, visit_lines
from clinic.staff.pages import StaffPage

#: So many visits that have to be moved are shown at once; they are told to be more.
MOST_SHOWN = 100


class HoursPage(StaffPage):
    """A page about the hours of one clinic. Whoever books may read it."""

    permission = Permission.BOOK

    def get_clinic(self, public_id: uuid.UUID) -> Clinic:
        """One of the person's clinics; 404 (and a DENIED row) for any other."""
        clinic = self.clinics().filter(public_id=public_id).first()
        if clinic is None:
            raise self.denied("Clinic")
        return clinic

    def get_practitioner(self, clinic: Clinic, public_id: uuid.UUID) -> Practitioner:
        """Somebody who treats at `clinic` now; 404 for anybody else."""
        found = next((one for one in practitioners_of(clinic) if one.public_id == public_id), None)
        if found is None:
            raise self.denied("Practitioner")
        return found

    def today(self, clinic: Clinic) -> date:
        return self.now.astimezone(clinic.zone).date()


class HoursFirst(HoursPage):
    """Leads to the hours of the person's first clinic."""

    def get(self, request: HttpRequest) -> HttpResponse:
        clinic = self.clinics().order_by("name", "pk").first()
        if clinic is None:
            raise self.denied("Clinic")
        return redirect("staff:hours-show", clinic.public_id)


class HoursShow(HoursPage):
    """All that says when patients are seen at a clinic."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        today = self.today(clinic)
        context = {
            "clinic": clinic,
            "others": list(self.clinics().exclude(pk=clinic.pk).order_by("name", "pk")),
            "may_manage": clinics_where(self.user, Permission.MANAGE_CLINIC).filter(pk=clinic.pk).exists(),
            "people": person_hours(clinic, practitioners_of(clinic), today),
            "exceptions": exceptional(clinic, today),
            "kinds": VisitKind.objects.filter(clinic=clinic).order_by("name"),
            "to_move": to_be_moved(clinic=clinic, now=self.now, most=0).count,
        }
        return render(request, "staff/hours-show.html", context)


class MoveList(HoursPage):
    """The visits at times at which their practitioner sees nobody: open as work until there is none."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        displaced = to_be_moved(clinic=clinic, now=self.now, most=MOST_SHOWN)
        self.listed("Appointment", len(displaced.visits))
        context = {"clinic": clinic, "lines": visit_lines(displaced.visits, clinic), "count": displaced.count, "most": MOST_SHOWN}
        with timezone.override(clinic.zone):
            return render(request, "staff/move-list.html", context)
