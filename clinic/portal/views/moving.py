"""Moving a visit: the patient sees the free times and takes one; until then the visit stands as it is."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from clinic.links import mark_used
from clinic.portal.forms import ChooseTimeForm
from clinic.portal.situation import Situation, may_move, situation_of, time_before
from clinic.portal.views.links import Again, BookingPage
from clinic.practice.models import Practitioner
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import (
    AlreadyBooked,
    AskTheClinic,
    ChangeRefused,
    NothingToBook,
    TimeNotOffered,
    TimeTaken,
    move,
)


class VisitMove(BookingPage):
    """Shows the times to which the booked visit could be moved, and moves it to the chosen one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the times; change nothing."""
        return self._ask(situation_of(self.link, now=self.now))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Move; a second press finds the visit where it was to go, and shows it."""
        situation = situation_of(self.link, now=self.now)
        visit = situation.visit
        if visit is None or not may_move(self.link, situation, now=self.now):
            return self.back()
        form = ChooseTimeForm(request.POST)
        if not form.is_valid():
            return self._ask(situation, form=form, status=400)
        practitioner_id, starts_at = form.cleaned_data["time"]
        try:
            move(
                by=self.actor,
                appointment=visit,
                practitioner=self._who(visit, practitioner_id),
                starts_at=starts_at,
                now=self.now,
            )
        except TimeNotOffered as refused:
            return self._ask(situation, form=form, problem=str(refused.message), status=400)
        except (TimeTaken, AlreadyBooked) as refused:
            return self._ask(situation_of(self.link, now=self.now), form=form, problem=str(refused.message), status=409)
        except (AskTheClinic, ChangeRefused, NothingToBook):
            # What stood in the way came about a moment ago: the page says it.
            return self.back()
        mark_used(self.link, now=self.now)
        return self.back("moved")

    def _who(self, visit: Appointment, public_id: UUID) -> Practitioner:
        if public_id == visit.practitioner.public_id:
            return visit.practitioner
        found = Practitioner.objects.filter(clinics=self.clinic, is_active=True, public_id=public_id).first()
        if found is None:
            raise TimeNotOffered
        return found

    def _ask(
        self, situation: Situation, *, form: ChooseTimeForm | None = None, problem: str = "", status: int = 200
    ) -> HttpResponse:
        visit, follow_up = situation.visit, situation.follow_up
        if visit is None or follow_up is None or not may_move(self.link, situation, now=self.now):
            return self.back()
        before = time_before(situation, now=self.now)
        again = None
        if before is not None and before.from_practitioner is not None and before.from_at is not None:
            again = Again(before.from_practitioner, before.from_at)
        return self.choosing(
            "visit-move", follow_up=follow_up, again=again, form=form, problem=problem, status=status, visit=visit
        )
