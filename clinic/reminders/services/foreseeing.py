"""What is owed on a later day if nothing changes until then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.reminders import facts
from clinic.reminders.days_ahead import Foreseen, foresee, gone
from clinic.reminders.plans import load_book
from clinic.reminders.services.explaining import Coming, coming_of
from clinic.reminders.situation import PlanBook, Situation


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which this local day begins and is over."""
    return datetime.combine(day, time.min, tzinfo=zone), datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


def owed_on(*, patient_ids: Iterable[int], day: date, at: datetime) -> list[Coming]:
    """Return what goes to these patients on that day of their clinic, today or later, soonest first, if nothing changes.

    What goes before that day is taken to have gone; nobody books, answers or is put on hold meanwhile. A hold that begins by
    then, a visit that is over by then and a plan that is in force by then count. In twelve queries for any number.
    """
    now = facts.load(set(patient_ids), at=at)
    if not now:
        return []
    starts = {pk: max(at, day_bounds(day, situation.hours.zone)[0]) for pk, situation in now.items()}
    first = min(starts.values())
    # Loaded for the day: whether a hold has begun, and which visits are over.
    then = now if first == at else facts.load(set(now), at=first)
    plans, later = load_book(at), load_book(first)
    coming = []
    for pk, situation in now.items():
        until = day_bounds(day, situation.hours.zone)[1]
        before = list(foresee(situation, in_force(situation, plans, later), at=at, until=starts[pk]))
        if pk in then:
            on_the_day = _after(then[pk], before)
            coming += [
                coming_of(one.decision, on_the_day, one.at)
                for one in foresee(on_the_day, in_force(situation, later, later), at=starts[pk], until=until)
            ]
    return sorted(coming, key=lambda one: (one.when, one.patient_id))


def in_force(situation: Situation, plans: PlanBook, later: PlanBook) -> Callable[[datetime], PlanBook]:
    """Which plans hold for this patient at a moment: a version that begins on the way holds from then on."""
    changes_at = plans.changes_at.get(situation.clinic_id)
    return lambda at: plans if changes_at is None or at < changes_at else later


def _after(situation: Situation, before: list[Foreseen]) -> Situation:
    """The situation on the day, with everything gone that goes before it."""
    for one in before:
        situation = gone(situation, one.decision, one.at)
    return situation
