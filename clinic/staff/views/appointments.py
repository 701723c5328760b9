"""A visit's own page, and what becomes of it: cancelled, arrived, missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.practice.roles import PERMISSIONS, Permission, Role
from clinic.practice.services import memberships_of
from clinic.scheduling.models import Appointment, AppointmentState
from clinic.scheduling.services import (
    BookingRefused,
    ChangeRefused,
    cancel,
    mark_arrived,
    mark_missed,
    mark_treated,
    take_back_mark,
)
from clinic.staff.calendar_lines import address
from clinic.staff.forms.appointments import CancelForm
from clinic.staff.forms.calendar import DAY
from clinic.staff.pages import StaffPage


class OneAppointment(StaffPage):
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
        rights = next(
            (PERMISSIONS[Role(one.role)] for one in memberships_of(self.user) if one.clinic_id == appointment.patient.clinic_id),
            frozenset[Permission](),
        )
        may_book = Permission.BOOK in rights
        is_expected_or_here = appointment.is_coming or appointment.state == AppointmentState.MISSED
        has_day_come = appointment.starts_at.astimezone(zone).date() <= self.now.astimezone(zone).date()
        self.viewed(appointment.patient, appointment)
        context = {
            "appointment": appointment,
            "patient": appointment.patient,
            "changes": appointment.changes.select_related("by_user", "from_practitioner").order_by("-id"),
            "overrides": appointment.overrides.select_related("by").order_by("pk"),
            "shares": self.sharing(appointment),
            "form": form,
            "day_url": address(appointment.clinic, (), DAY, appointment.starts_at.astimezone(zone).date()),
            "may_record": Permission.RECORD_TREATMENTS in rights and has_day_come and is_expected_or_here,
            "may_attend": may_book and has_day_come and is_expected_or_here and appointment.follow_up_id is None,
            "may_take_back": may_book and appointment.state in (AppointmentState.ARRIVED, AppointmentState.MISSED),
            "may_move": may_book and appointment.state == AppointmentState.BOOKED,
            "may_cancel": may_book and appointment.is_coming,
            "may_arrive": may_book and has_day_come and appointment.state in ("BOOKED", "MISSED"),
            "may_miss": may_book and appointment.is_coming and appointment.starts_at <= self.now,
        }
        with timezone.override(zone):
            return render(self.request, "staff/appointment-show.html", context, status=status)

    def sharing(self, appointment: Appointment) -> Sequence[Appointment]:
        """The other visits that take the practitioner at the time of an overbooked one, as far as the reader may see them."""
        if not appointment.overbooked_reason:
            return ()
        others = self.appointments().filter(practitioner=appointment.practitioner_id).exclude(pk=appointment.pk)
        return others.taking(appointment.starts_at, appointment.ends_at).select_related("patient").order_by("starts_at")  # type: ignore[attr-defined, no-any-return]


class AppointmentShow(OneAppointment):
    """One visit."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        return self.show(self.load(public_id), CancelForm())


class AppointmentCancel(OneAppointment):
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


class _Mark(OneAppointment):
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
        return redirect(self.came_from(reverse("staff:appointment-show", args=[appointment.public_id])))

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


class AppointmentAttend(_Mark):
    """The patient came, for a visit that no follow-up waits for; for any other, the treatment that is signed says so."""

    mark = staticmethod(mark_treated)

    def appointments(self) -> QuerySet[Appointment]:
        return super().appointments().filter(follow_up__isnull=True)

    def word(self) -> str:
        return _("%(patient)s was seen.")


class AppointmentTakeBack(_Mark):
    """“Arrived” or “missed” was a slip of the hand."""

    mark = staticmethod(take_back_mark)

    def word(self) -> str:
        return _("Taken back: %(patient)s is expected as before.")
