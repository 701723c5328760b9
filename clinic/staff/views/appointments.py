"""A visit's own page, and what becomes of it: cancelled, arrived, missed."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.patients.services import visible_to
from clinic.practice.roles import Permission
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import (
    BookingRefused,
    ChangeRefused,
    cancel,
    mark_arrived,
    mark_missed,
)
from clinic.staff.forms.appointments import CancelForm
from clinic.staff.pages import StaffPage


class _OneAppointment(StaffPage):
    """A page or a button about one visit."""

    def appointments(self) -> QuerySet[Appointment]:
        """Every visit within the page's scope."""
        return Appointment.objects.filter(patient__in=self.patients())

    def load(self, public_id: UUID) -> Appointment:
        """The visit with what its page shows; 404 outside the scope."""
        appointment = (
            self.appointments()
            .select_related("patient__clinic", "practitioner", "clinic", "kind", "follow_up__condition__indication")
            .filter(public_id=public_id)
            .first()
        )
        if appointment is None:
            raise self.denied("Appointment")
        return appointment

    def show(self, appointment: Appointment, form: CancelForm, *, status: int = 200) -> HttpResponse:
        """The visit, its history, and what can still be done to it."""
        zone = appointment.clinic.zone
        may_book = visible_to(self.user, Permission.BOOK).filter(pk=appointment.patient_id).exists()
        has_day_come = appointment.starts_at.astimezone(zone).date() <= self.now.astimezone(zone).date()
        self.viewed(appointment.patient, appointment)
        context = {
            "appointment": appointment,
            "patient": appointment.patient,
            "changes": appointment.changes.select_related("by_user").order_by("-id"),
            "form": form,
            "may_cancel": may_book and appointment.is_coming,
            "may_arrive": may_book and has_day_come and appointment.state in ("BOOKED", "MISSED"),
            "may_miss": may_book and appointment.is_coming and appointment.starts_at <= self.now,
        }
        with timezone.override(zone):
            return render(self.request, "staff/appointment-show.html", context, status=status)


class AppointmentShow(_OneAppointment):
    """One visit."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        return self.show(self.load(public_id), CancelForm())


class AppointmentCancel(_OneAppointment):
    """Cancels a visit with a reason; the form stands on the visit's page."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        return redirect("staff:appointment-show", self.load(public_id).public_id)

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        appointment = self.load(public_id)
        form = CancelForm(request.POST)
        if not form.is_valid():
            return self.show(appointment, form, status=422)
        try:
            cancel(by=self.actor, appointment=appointment, now=self.now, **form.cleaned_data)
        except ChangeRefused as refused:
            messages.error(request, str(refused.message))
        else:
            messages.success(request, _("The visit is cancelled and its time is free."))
        return redirect("staff:appointment-show", appointment.public_id)


class _Mark(_OneAppointment):
    """A button that says what became of the visit."""

    permission = Permission.BOOK
    mark: ClassVar[Any]

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        appointment = self.load(public_id)
        try:
            type(self).mark(by=self.actor, appointment=appointment, now=self.now)
        except (ChangeRefused, BookingRefused) as refused:
            messages.error(request, str(refused.message))
        else:
            messages.success(request, self.word() % {"patient": appointment.patient})
        return redirect("staff:appointment-show", appointment.public_id)

    def word(self) -> str:
        """What to tell the person."""
        raise NotImplementedError


class AppointmentArrive(_Mark):
    """The patient is in the house."""

    mark = staticmethod(mark_arrived)

    def word(self) -> str:
        return _("%(patient)s has arrived.")


class AppointmentMiss(_Mark):
    """The patient did not come."""

    mark = staticmethod(mark_missed)

    def word(self) -> str:
        return _("The visit of %(patient)s is noted as missed; the follow-up is open again.")
