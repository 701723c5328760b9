"""Booking a visit that no follow-up waits for: a first one, a check, a talk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.practice.models import Practitioner
from clinic.practice.roles import Permission
from clinic.scheduling.models import VisitKind
from clinic.scheduling.services import (
    BookingRefused,
    TimeNotOffered,
    TimeTaken,
    book,
    practitioners_of,
    read_value,
    standard_kind,
    value_of,
)
from clinic.scheduling.services.calendars import calendar_of
from clinic.staff.forms.appointments import PlainBookForm
from clinic.staff.pages import StaffPage


class AppointmentBookPlain(StaffPage):
    """The free times of one day, by practitioner, and any other time with a reason."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        practitioners = practitioners_of(patient.clinic)
        try:
            person, at = read_value(request.GET.get("time", ""))
        except ValueError:
            return self.show(patient, practitioners, self.form(patient, practitioners), self.today(patient))
        local = at.astimezone(patient.clinic.zone)
        chosen = {"choice": value_of(person, at), "practitioner": str(person), "day": local.date(), "at": local.time()}
        return self.show(patient, practitioners, self.form(patient, practitioners, initial=chosen), local.date())

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        practitioners = practitioners_of(patient.clinic)
        form = self.form(patient, practitioners, request.POST)
        if not form.is_valid():
            return self.show(patient, practitioners, form, form.cleaned_data.get("day") or self.today(patient), status=422)
        cleaned, zone = form.cleaned_data, patient.clinic.zone
        on = cleaned["starts_at"].astimezone(zone).date()
        practitioner = next((one for one in practitioners if one.public_id == cleaned["practitioner_id"]), None)
        try:
            if practitioner is None:
                raise TimeNotOffered
            appointment = book(
                by=self.actor,
                patient=patient,
                practitioner=practitioner,
                clinic=patient.clinic,
                kind=next(one for one in self.kinds if one.code == cleaned["kind"]),
                starts_at=cleaned["starts_at"],
                overbooked_reason=cleaned["overbooked_reason"],
                with_letter=cleaned["with_letter"],
                now=self.now,
            )
        except BookingRefused as refused:
            form.turn_down(refused)
            return self.show(patient, practitioners, form, on, status=409 if isinstance(refused, TimeTaken) else 422)
        when = date_format(appointment.starts_at.astimezone(zone), "l j F Y, H:i")
        told = _("%(patient)s is booked for %(when)s with %(practitioner)s.")
        messages.success(request, told % {"patient": patient, "when": when, "practitioner": practitioner})
        return redirect(self.came_from(reverse("staff:appointment-show", args=[appointment.public_id])))

    def form(
        self, patient: Patient, practitioners: Sequence[Practitioner], data: Any = None, initial: dict[str, Any] | None = None
    ) -> PlainBookForm:
        self.kinds = list(VisitKind.objects.filter(clinic=patient.clinic).order_by("name", "pk"))
        standard = standard_kind(patient.clinic)
        first = {"kind": standard.code if standard else ""}
        return PlainBookForm(
            data, kinds=self.kinds, practitioners=practitioners, zone=patient.clinic.zone, initial={**first, **(initial or {})}
        )

    def show(
        self, patient: Patient, practitioners: Sequence[Practitioner], form: PlainBookForm, on: date, *, status: int = 200
    ) -> HttpResponse:
        """The page with what is free on the local day `on`."""
        clinic = patient.clinic
        days = calendar_of(
            clinic=clinic, practitioners=practitioners, visible=self.patients(), from_on=on, until_on=on, now=self.now
        )
        people = [
            (day.practitioner, [(value_of(day.practitioner.public_id, at), at) for at in day.free]) for day in days if day.free
        ]
        offered = {value for _person, times in people for value, _at in times}
        chosen = form["choice"].value()
        self.viewed(patient)
        context = {
            "patient": patient,
            "form": form,
            "on": on,
            "people": people,
            "chosen": chosen,
            "asks_for_other": (bool(chosen) and chosen not in offered) or bool({"practitioner", "day", "at"} & set(form.errors)),
            "back_to": self.came_from(reverse("staff:patient-show", args=[patient.public_id])),
        }
        with timezone.override(clinic.zone):
            return render(self.request, "staff/appointment-book-plain.html", context, status=status)

    def today(self, patient: Patient) -> date:
        return self.now.astimezone(patient.clinic.zone).date()
