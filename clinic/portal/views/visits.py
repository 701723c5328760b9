"""What a patient does about a visit: book it, cancel it, keep it in a calendar, ask to be phoned instead."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from clinic.links import mark_used
from clinic.portal.forms import CallForm, CancelForm, ChooseTimeForm
from clinic.portal.situation import Situation, Task, situation_of
from clinic.portal.views.links import BookingPage
from clinic.practice.models import Practitioner
from clinic.scheduling.calendar_file import CONTENT_TYPE, calendar_file
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import (
    BY_THE_PATIENT,
    AlreadyBooked,
    AskTheClinic,
    ChangeRefused,
    NothingToBook,
    TimeNotOffered,
    TimeTaken,
    ask_to_be_called,
    book,
    cancel,
    standard_kind,
)


class VisitBook(BookingPage):
    """Takes the chosen time."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Lead whoever reloads the page of a refused choice back to choosing."""
        return self.back()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Book; a second press finds the visit booked and shows it."""
        situation = situation_of(self.link, now=self.now)
        if situation.task is not Task.CHOOSE:
            return self.back()
        form = ChooseTimeForm(request.POST)
        if not form.is_valid():
            return self.show(situation, form=form, status=400)
        practitioner_id, starts_at = form.cleaned_data["time"]
        try:
            self._book(situation, practitioner_id, starts_at)
        except TimeTaken as refused:
            return self.show(situation_of(self.link, now=self.now), form=form, problem=str(refused.message), status=409)
        except TimeNotOffered as refused:
            return self.show(situation, form=form, problem=str(refused.message), status=400)
        except AlreadyBooked as refused:
            if refused.appointment.follow_up_id != getattr(situation.follow_up, "pk", None):
                return self.show(situation, form=form, problem=str(refused.message), status=409)
            return self.back()
        except (AskTheClinic, NothingToBook):
            # What stood in the way came about a moment ago: the page says it.
            return self.back()
        mark_used(self.link, now=self.now)
        return self.back("booked")

    def _book(self, situation: Situation, practitioner_id: UUID, starts_at: datetime) -> Appointment:
        """Book for the follow-up of the link; a visit that was for none can only be had again as it was."""
        practitioner = Practitioner.objects.filter(clinics=self.clinic, is_active=True, public_id=practitioner_id).first()
        kind = standard_kind(self.clinic)
        if situation.follow_up is None:
            before = situation.cancelled
            if before is None or practitioner != before.practitioner or starts_at != before.starts_at:
                raise TimeNotOffered
            kind = before.kind
        if practitioner is None or kind is None:
            raise TimeNotOffered
        return book(
            by=self.actor,
            patient=self.patient,
            practitioner=practitioner,
            clinic=self.clinic,
            kind=kind,
            starts_at=starts_at,
            follow_up=situation.follow_up,
            now=self.now,
        )


class VisitCancel(BookingPage):
    """Asks whether a visit is really to be cancelled, and cancels it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask."""
        return self._ask(CancelForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Cancel if that was chosen; a second time finds nothing left to cancel."""
        form = CancelForm(request.POST)
        if not form.is_valid():
            return self._ask(form, status=400)
        visit = situation_of(self.link, now=self.now).visit
        if visit is None:
            return self.back()
        if form.cleaned_data["really"] == "no":
            return self.back("kept")
        try:
            cancel(by=self.actor, appointment=visit, reason=BY_THE_PATIENT, now=self.now)
        except ChangeRefused:
            # It has begun, or staff have just dealt with it: the page shows what it is now.
            return self.back()
        mark_used(self.link, now=self.now)
        return self.back("cancelled")

    def _ask(self, form: CancelForm, *, status: int = 200) -> HttpResponse:
        visit = situation_of(self.link, now=self.now).visit
        if visit is None or visit.starts_at <= self.now:
            return self.back()
        return self.page("visit-cancel", visit=visit, form=form, status=status)


class VisitDownload(BookingPage):
    """The booked visit as a file for a calendar program."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the file; when nothing is booked, lead to the page that says so."""
        visit = situation_of(self.link, now=self.now).visit
        if visit is None:
            return self.back()
        response = HttpResponse(calendar_file(visit, host=settings.SITE_HOST, now=self.now), content_type=CONTENT_TYPE)
        response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
        return response


class CallAsk(BookingPage):
    """Asks when a call would suit, and gives the clinic the task to phone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask."""
        return self._ask(CallForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Pass the wish on, once."""
        if not self._may_ask():
            return self.back()
        form = CallForm(request.POST)
        if not form.is_valid():
            return self._ask(form, status=400)
        with translation.override(self.clinic.language):
            # Who reads this is a member of staff.
            note = form.in_words()
        ask_to_be_called(patient=self.patient, note=note, now=self.now)
        mark_used(self.link, now=self.now)
        return self.back("asked")

    def _ask(self, form: CallForm, *, status: int = 200) -> HttpResponse:
        if not self._may_ask():
            return self.back()
        return self.page("call-ask", form=form, status=status)

    def _may_ask(self) -> bool:
        """Only who has something to book asks to be called, and only if the clinic knows a number."""
        return bool(self.patient.phone) and situation_of(self.link, now=self.now).task in (Task.CHOOSE, Task.PHONE)
