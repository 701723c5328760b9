"""Moving a visit to another time: the old one is given back only if the new one is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.practice.models import Practitioner
from clinic.practice.roles import Permission
from clinic.scheduling.models import Appointment, AppointmentState
from clinic.scheduling.services import (
    BookingRefused,
    ChangeRefused,
    OutsideTheWindow,
    OutsideWindow,
    TimeNotOffered,
    TimeTaken,
    move,
    outside_window,
    practitioners_of,
    value_of,
    words_of,
)
from clinic.scheduling.services.calendars import PractitionersDay, calendar_of
from clinic.scheduling.slots import by_day
from clinic.staff.forms.appointments import OTHER, MoveForm, TimesForm
from clinic.staff.forms.fields import LATEST
from clinic.staff.views.appointments import OneAppointment

#: So many days are listed at once.
DAYS = timedelta(days=6)


class AppointmentMove(OneAppointment):
    """The free times of a week, from the visit's own day on or from a chosen one, and any other time with a reason."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        appointment = self.load(public_id)
        if appointment.state != AppointmentState.BOOKED:
            messages.info(request, _("This visit cannot be moved any more."))
            return redirect("staff:appointment-show", appointment.public_id)
        practitioners = practitioners_of(appointment.clinic)
        return self.offer(appointment, practitioners, self.form(appointment, practitioners))

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        appointment = self.load(public_id)
        practitioners = practitioners_of(appointment.clinic)
        form = self.form(appointment, practitioners, request.POST)
        if not form.is_valid():
            return self.offer(appointment, practitioners, form, status=422)
        cleaned = form.cleaned_data
        practitioner = next((one for one in practitioners if one.public_id == cleaned["practitioner_id"]), None)
        try:
            if practitioner is None:
                raise TimeNotOffered
            move(
                by=self.actor,
                appointment=appointment,
                practitioner=practitioner,
                starts_at=cleaned["starts_at"],
                overbooked_reason=cleaned["overbooked_reason"],
                window_reason=cleaned["window_reason"],
                reason=cleaned["reason"],
                with_letter=cleaned["with_letter"],
                now=self.now,
            )
        except ChangeRefused as refused:
            messages.error(request, str(refused.message))
        except OutsideTheWindow as refused:
            form.add_error("window_reason", _("To book this day all the same, say why."))
            return self.offer(self.load(public_id), practitioners, form, status=422, outside=refused.outside)
        except BookingRefused as refused:
            form.turn_down(refused)
            stands = self.load(public_id)
            on, follow_up = cleaned["starts_at"].astimezone(stands.clinic.zone).date(), stands.follow_up
            outside = outside_window(follow_up, on) if follow_up else None
            status = 409 if isinstance(refused, TimeTaken) else 422
            return self.offer(stands, practitioners, form, status=status, outside=outside)
        else:
            when = date_format(appointment.starts_at.astimezone(appointment.clinic.zone), "l j F Y, H:i")
            told = _("The visit of %(patient)s is moved to %(when)s with %(practitioner)s.")
            messages.success(request, told % {"patient": appointment.patient, "when": when, "practitioner": practitioner})
        return redirect("staff:appointment-show", appointment.public_id)

    def form(self, appointment: Appointment, practitioners: Sequence[Practitioner], data: Any = None) -> MoveForm:
        known = {"practitioner": str(appointment.practitioner.public_id)}
        return MoveForm(data, practitioners=practitioners, zone=appointment.clinic.zone, initial=known)

    def offer(
        self,
        appointment: Appointment,
        practitioners: Sequence[Practitioner],
        form: MoveForm,
        *,
        status: int = 200,
        outside: OutsideWindow | None = None,
    ) -> HttpResponse:
        """The page with the free times that the address asks for."""
        clinic, follow_up = appointment.clinic, appointment.follow_up
        today = self.now.astimezone(clinic.zone).date()
        times = TimesForm(self.request.GET, practitioners=practitioners)
        asked = times.cleaned_data if times.is_valid() else {}
        first = asked.get("from_on") or max(appointment.starts_at.astimezone(clinic.zone).date(), today)
        last = min(first + DAYS, LATEST)
        chosen = [one for one in practitioners if asked.get("practitioner") in (None, "", str(one.public_id))]
        days = calendar_of(
            clinic=clinic,
            practitioners=chosen,
            visible=self.patients(),
            from_on=first,
            until_on=last,
            kind=appointment.kind,
            now=self.now,
        )
        self.viewed(appointment.patient, appointment)
        context = {
            "appointment": appointment,
            "patient": appointment.patient,
            "form": form,
            "times": times,
            "days": [_day(on, found, appointment) for on, found in by_day((one for one in days if one.free), lambda one: one.on)],
            "first": first,
            "last": last,
            "earlier_on": first - DAYS - timedelta(days=1) if first > today else None,
            "later_on": last + timedelta(days=1),
            "chosen": form["choice"].value(),
            "asks_for_other": form["choice"].value() == OTHER or bool({"practitioner", "day", "at"} & set(form.errors)),
            "warning": words_of(outside, follow_up) if outside and follow_up else "",
        }
        with timezone.override(clinic.zone):
            return render(self.request, "staff/appointment-move.html", context, status=status if times.is_valid() else 422)


def _day(on: date, found: Sequence[PractitionersDay], appointment: Appointment) -> dict[str, Any]:
    """One day of the list: its times by practitioner, the visit's own first."""
    own = appointment.practitioner_id
    return {
        "on": on,
        "outside": outside_window(appointment.follow_up, on) if appointment.follow_up else None,
        "people": [
            {
                "practitioner": one.practitioner,
                "times": [{"value": value_of(one.practitioner.public_id, at), "starts_at": at} for at in one.free],
            }
            for one in sorted(found, key=lambda one: (one.practitioner.pk != own, one.practitioner.name))
        ],
    }
