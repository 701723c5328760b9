"""Booking a visit for a follow-up: the times nearest its suggested date, and any other with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.care.calls import book_on_the_phone
from clinic.practice.models import Clinic, Practitioner
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import (
    AlreadyBooked,
    BookingRefused,
    NothingToBook,
    OfferedTime,
    OutsideTheWindow,
    OutsideWindow,
    TimeNotOffered,
    TimeTaken,
    book,
    offer_times,
    outside_window,
    practitioners_of,
    read_value,
    standard_kind,
    value_of,
    words_of,
)
from clinic.scheduling.slots import by_day
from clinic.staff.forms.appointments import OTHER, BookForm, TimesForm
from clinic.staff.next_letters import letters_sent
from clinic.staff.pages import StaffPage
from clinic.staff.pictures.window_bar import Axis, WindowFacts
from clinic.treatments.models import FollowUp, FollowUpState
from clinic.treatments.window import suggested_date

#: How many times the page lists; of a practitioner's day six, spread over it, unless a day was asked for.
LIMIT, PER_DAY = 60, 6


class AppointmentBook(StaffPage):
    """Free times nearest the suggested date, and any other time with a reason."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        booked = self.booked(follow_up)
        if booked is not None:
            return redirect("staff:appointment-show", booked.public_id)
        if follow_up.state != FollowUpState.ACTIVE:
            messages.info(request, _("This follow-up has ended; there is nothing to book."))
            return redirect("staff:follow-up-show", follow_up.public_id)
        practitioners = practitioners_of(follow_up.patient.clinic)
        return self.show_chosen(follow_up, practitioners)

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        practitioners = practitioners_of(follow_up.patient.clinic)
        form = self.form(follow_up, practitioners, request.POST)
        if not form.is_valid():
            return self.show(follow_up, practitioners, form, status=422)
        on = form.cleaned_data["starts_at"].astimezone(follow_up.patient.clinic.zone).date()
        outside = outside_window(follow_up, on)
        try:
            appointment = self.book(follow_up, practitioners, form)
        except OutsideTheWindow as refused:
            form.add_error("window_reason", _("To book this day all the same, say why."))
            return self.show(follow_up, practitioners, form, status=422, outside=refused.outside)
        except AlreadyBooked as refused:
            if refused.appointment.follow_up_id == follow_up.pk:
                messages.info(request, _("Somebody has booked this visit already."))
                return redirect("staff:appointment-show", refused.appointment.public_id)
            form.add_error(None, str(refused.message))
            return self.show(follow_up, practitioners, form, status=409, outside=outside)
        except NothingToBook as refused:
            messages.info(request, str(refused.message))
            return redirect("staff:follow-up-show", follow_up.public_id)
        except BookingRefused as refused:
            form.turn_down(refused)
            status = 409 if isinstance(refused, TimeTaken) else 422
            return self.show(follow_up, practitioners, form, status=status, outside=outside)
        messages.success(request, self.told(appointment))
        return redirect(self.came_from(reverse("staff:appointment-show", args=[appointment.public_id])))

    def load(self, public_id: UUID) -> FollowUp:
        """The follow-up with its patient and treatment; 404 outside the scope."""
        follow_up = (
            FollowUp.objects.select_related(
                "patient__clinic", "condition__indication", "session__practitioner", "session__product"
            )
            .filter(patient__in=self.patients(), public_id=public_id)
            .first()
        )
        if follow_up is None:
            raise self.denied("FollowUp")
        return follow_up

    def show_chosen(self, follow_up: FollowUp, practitioners: Sequence[Practitioner]) -> HttpResponse:
        """The page as it is opened: with the time that was chosen in the calendar, if one was, and what there is to warn of."""
        zone = follow_up.patient.clinic.zone
        try:
            person, at = read_value(self.request.GET.get("time", ""))
        except ValueError:
            return self.show(follow_up, practitioners, self.form(follow_up, practitioners))
        local = at.astimezone(zone)
        chosen = {"choice": value_of(person, at), "practitioner": str(person), "day": local.date(), "at": local.time()}
        form = self.form(follow_up, practitioners, initial=chosen)
        return self.show(follow_up, practitioners, form, wanted=at, outside=outside_window(follow_up, local.date()))

    def booked(self, follow_up: FollowUp) -> Appointment | None:
        return Appointment.objects.coming().filter(follow_up=follow_up).first()

    def form(
        self,
        follow_up: FollowUp,
        practitioners: Sequence[Practitioner],
        data: Any = None,
        initial: Mapping[str, Any] | None = None,
    ) -> BookForm:
        """The form, for other times with the practitioner who gave the treatment."""
        known = {"practitioner": str(follow_up.session.practitioner.public_id)}
        return BookForm(
            data, practitioners=practitioners, zone=follow_up.patient.clinic.zone, initial={**known, **(initial or {})}
        )

    def book(self, follow_up: FollowUp, practitioners: Sequence[Practitioner], form: BookForm) -> Appointment:
        """Book what the form says. Raises BookingRefused."""
        cleaned = form.cleaned_data
        clinic = follow_up.patient.clinic
        practitioner = next((person for person in practitioners if person.public_id == cleaned["practitioner_id"]), None)
        kind = standard_kind(clinic)
        if practitioner is None or kind is None:
            raise TimeNotOffered
        given = {
            "by": self.actor,
            "follow_up": follow_up,
            "practitioner": practitioner,
            "clinic": clinic,
            "kind": kind,
            "starts_at": cleaned["starts_at"],
            "overbooked_reason": cleaned["overbooked_reason"],
            "window_reason": cleaned["window_reason"],
            "with_letter": cleaned["with_letter"],
            "now": self.now,
        }
        if "on_the_phone" in self.request.POST and self.may_work(clinic):
            return book_on_the_phone(**given)
        return book(patient=follow_up.patient, **given)

    def may_work(self, clinic: Clinic) -> bool:
        """Whether this person may also write down the call."""
        return any(one.clinic_id == clinic.pk and one.may(Permission.WORK_FOLLOW_UPS) for one in memberships_of(self.user))

    def show(
        self,
        follow_up: FollowUp,
        practitioners: Sequence[Practitioner],
        form: BookForm,
        *,
        status: int = 200,
        outside: OutsideWindow | None = None,
        wanted: datetime | None = None,
    ) -> HttpResponse:
        """The page with the times that the address asks for; those of the day of `wanted`, which was chosen elsewhere."""
        clinic = follow_up.patient.clinic
        today = self.now.astimezone(clinic.zone).date()
        times = TimesForm(self.request.GET, practitioners=practitioners)
        asked = times.cleaned_data if times.is_valid() else {}
        from_on = asked.get("from_on") or (wanted.astimezone(clinic.zone).date() if wanted else None)
        chosen = next((person for person in practitioners if str(person.public_id) == asked.get("practitioner")), None)
        offered = offer_times(
            follow_up=follow_up,
            practitioner=chosen,
            limit=LIMIT,
            per_day=None if from_on else PER_DAY,
            from_on=from_on,
            may_be_early=from_on is not None,
            now=self.now,
        )
        facts = _window_facts(follow_up, clinic.zone)
        self.viewed(follow_up.patient, follow_up)
        context = {
            "follow_up": follow_up,
            "patient": follow_up.patient,
            "form": form,
            "times": times,
            "days": [_day(on, found, follow_up) for on, found in by_day(offered, lambda time: time.on)],
            "later_on": offered[-1].on + timedelta(days=1) if offered else None,
            "from_on": from_on,
            "chosen": form["choice"].value(),
            "asks_for_other": form["choice"].value() == OTHER
            or bool({"practitioner", "day", "at"} & set(form.errors))
            or (wanted is not None and form["choice"].value() not in {time.value for time in offered}),
            "outside": outside,
            "warning": words_of(outside, follow_up) if outside else "",
            "may_work": self.may_work(clinic),
            "holds": follow_up.patient.holds.filter(cleared_at__isnull=True, from_on__lte=today).order_by("from_on"),
            "suggested_on": suggested_date(follow_up),
            "facts": facts,
            "axis": Axis.covering(today, facts.days()),
            "next": self.request.GET.get("next", ""),
            "back_to": self.came_from(reverse("staff:follow-up-show", args=[follow_up.public_id])),
        }
        with timezone.override(clinic.zone):
            return render(self.request, "staff/appointment-book.html", context, status=422 if not times.is_valid() else status)

    def told(self, appointment: Appointment) -> str:
        when = date_format(appointment.starts_at.astimezone(appointment.clinic.zone), "l j F Y, H:i")
        return _("%(patient)s is booked for %(when)s with %(practitioner)s.") % {
            "patient": appointment.patient,
            "when": when,
            "practitioner": appointment.practitioner,
        }


def _window_facts(follow_up: FollowUp, zone: Any) -> WindowFacts:
    return WindowFacts(
        treated_on=follow_up.session.performed_on,
        opens_on=follow_up.opens_on,
        closes_on=follow_up.closes_on,
        suggested_from=follow_up.own_on or follow_up.suggested_from,
        suggested_until=follow_up.own_on or follow_up.suggested_until,
        worn_off_on=follow_up.worn_off_on,
        letters_on=tuple(at.astimezone(zone).date() for at in letters_sent([follow_up.pk]).get(follow_up.pk, ())),
    )


def _day(on: date, found: Sequence[OfferedTime], follow_up: FollowUp) -> dict[str, Any]:
    """One day of the list: its times by practitioner, the one who knows the patient first."""
    people: dict[Practitioner, list[OfferedTime]] = {}
    for time in found:
        people.setdefault(time.practitioner, []).append(time)
    known = follow_up.session.practitioner_id
    return {
        "on": on,
        "outside": outside_window(follow_up, on),
        "people": [
            {"practitioner": person, "is_known": person.pk == known, "times": times}
            for person, times in sorted(people.items(), key=lambda pair: (pair[0].pk != known, pair[0].name))
        ],
    }
