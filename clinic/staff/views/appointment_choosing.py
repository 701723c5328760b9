"""From a free time in the calendar to the patient it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from clinic.patients.models import Patient, PatientStatus
from clinic.practice.models import Clinic, Practitioner
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import outside_window, value_of
from clinic.staff.forms.appointments import ForWhomForm
from clinic.staff.pages import StaffPage
from clinic.staff.views.patients import ORDER
from clinic.treatments.models import FollowUp, FollowUpState

#: Somebody on the telephone gives a name; more patients than this are told apart by a further word.
MOST = 20


class AppointmentStart(StaffPage):
    """A free time is chosen; now the patient is looked for, and which of their follow-ups the visit is for."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = [one.clinic for one in memberships_of(self.user) if one.may(self.permission)]
        form = ForWhomForm(request.GET, clinics=clinics)
        if not form.is_valid():
            return render(request, "staff/appointment-start.html", {"form": form}, status=422)
        clinic, (person, at) = form.chosen_clinic, form.cleaned_data["time"]
        practitioner = Practitioner.objects.filter(clinics=clinic, public_id=person).first()
        if practitioner is None:
            raise self.denied("Practitioner")
        sought = form.cleaned_data["q"]
        found = self.found(clinic, sought) if sought else []
        if found:
            self.listed("Patient", len(found))
        query = urlencode({"time": value_of(person, at), "next": self.came_from(reverse("staff:calendar-show"))})
        context = {
            "form": form,
            "clinic": clinic,
            "practitioner": practitioner,
            "at": at,
            "sought": sought,
            "rows": self.rows(found[:MOST], at.astimezone(clinic.zone).date(), query),
            "has_more": len(found) > MOST,
            "back_to": self.came_from(reverse("staff:calendar-show")),
        }
        with timezone.override(clinic.zone):
            return render(request, "staff/appointment-start.html", context)

    def found(self, clinic: Clinic, sought: str) -> list[Patient]:
        """The patients of the clinic whom the words may mean, and one more than is shown where there are too many."""
        alive = self.patients().filter(clinic=clinic).exclude(status=PatientStatus.DECEASED)
        return list(alive.found_by(sought).order_by(*ORDER)[: MOST + 1])

    def rows(self, patients: Sequence[Patient], on: Any, query: str) -> list[dict[str, Any]]:
        """Each patient with the follow-ups that wait for a visit. Two queries."""
        waiting: dict[int, list[dict[str, Any]]] = defaultdict(list)
        coming = {
            one.follow_up_id: one for one in Appointment.objects.coming().filter(patient__in=patients, follow_up__isnull=False)
        }
        follow_ups = FollowUp.objects.filter(patient__in=patients, state=FollowUpState.ACTIVE).order_by("closes_on", "pk")
        for one in follow_ups.select_related("condition__indication"):
            visit = coming.get(one.pk)
            address = (
                reverse("staff:appointment-show", args=[visit.public_id])
                if visit
                else f"{reverse('staff:appointment-book', args=[one.public_id])}?{query}"
            )
            waiting[one.patient_id].append({"follow_up": one, "visit": visit, "outside": outside_window(one, on), "url": address})
        return [
            {
                "patient": patient,
                "follow_ups": waiting[patient.pk],
                "plain_url": f"{reverse('staff:appointment-book-plain', args=[patient.public_id])}?{query}",
            }
            for patient in patients
        ]
