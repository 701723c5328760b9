"""Loads what the policy looks at, for a whole batch of patients in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from clinic.reminders import fact_rows
from clinic.reminders.addresses import is_deliverable
from clinic.reminders.fact_rows import FollowUpRow, PatientRow, Small, VisitRow
from clinic.reminders.hours import SendingHours
from clinic.reminders.situation import Address, FollowUpFacts, Letter, Situation, VisitFacts
from clinic.scheduling.models import COMING_STATES, UNCLEAR_AFTER, AppointmentState

_FALLEN = (AppointmentState.CANCELLED, AppointmentState.MISSED)
_TOLD_OF = (*COMING_STATES, AppointmentState.CANCELLED)


def load(patient_ids: Iterable[int], *, at: datetime) -> dict[int, Situation]:
    """Return the situation of each of these patients as the database has it now, in five queries.

    `at` bounds what is looked at: visits that were over by then and letters long gone are left out.
    """
    patients = fact_rows.patients(patient_ids)
    ids = list(patients)
    rows = fact_rows.follow_ups(ids, at)
    told_of = {row.pk: row for row in rows}
    visits = fact_rows.visits(ids, list(told_of), at)
    small = fact_rows.small(patients, at)
    follow_ups: dict[int, list[FollowUpFacts]] = defaultdict(list)
    void: dict[int, list[FollowUpFacts]] = defaultdict(list)
    by_follow_up: dict[int | None, list[VisitRow]] = defaultdict(list)
    told: dict[int, list[VisitFacts]] = defaultdict(list)
    for visit in visits:
        by_follow_up[visit.follow_up_id].append(visit)
        if visit.starts_at > at and visit.state in _TOLD_OF:
            told[visit.patient_id].append(_visit(visit, told_of.get(visit.follow_up_id or 0)))
    hours = {pk: _hours(row) for pk, row in patients.items()}
    for row in rows:
        facts = _follow_up(row, hours[row.patient_id].zone, by_follow_up.get(row.pk, []), small, at)
        (follow_ups if row.void_at is None else void)[row.patient_id].append(facts)
    letters = fact_rows.letters(ids, list(told_of), [v.pk for those in told.values() for v in those], at)
    return {
        pk: _situation(row, hours[pk], follow_ups[pk], void[pk], told[pk], letters[pk], small, at) for pk, row in patients.items()
    }


@lru_cache(maxsize=1024)
def sending_hours(time_zone: str, opens: time, closes: time, weekdays: frozenset[int]) -> SendingHours:
    """Return when a clinic's letters may go."""
    return SendingHours(ZoneInfo(time_zone), opens, closes, weekdays)


def _hours(row: PatientRow) -> SendingHours:
    return sending_hours(row.time_zone, row.sending_from, row.sending_until, frozenset(row.weekdays))


def _situation(
    row: PatientRow,
    hours: SendingHours,
    follow_ups: list[FollowUpFacts],
    void: list[FollowUpFacts],
    visits: list[VisitFacts],
    letters: Mapping[str, Letter],
    small: Small,
    at: datetime,
) -> Situation:
    return Situation(
        patient_id=row.pk,
        clinic_id=row.clinic_id,
        hours=hours,
        language=row.language,
        mark=row.mark,
        revision=row.revision,
        status=row.status,
        address=_address(row.email, row.pk in small.suppressed),
        consents=frozenset(small.consents[row.pk]),
        on_hold=row.held_from is not None and row.held_from <= hours.local_date(at),
        asked_to_be_called=row.pk in small.asked_to_be_called,
        follow_ups=tuple(follow_ups),
        void_follow_ups=tuple(void),
        visits=tuple(visits),
        letters=letters,
        tasks=frozenset(small.tasks[row.pk]),
        open_tasks=frozenset(small.open_tasks[row.pk]),
        engine_paused=row.engine_paused,
        clinic_paused=row.clinic_paused_at is not None,
        domain_held_until=small.held_domains.get(row.pk),
    )


def _follow_up(row: FollowUpRow, zone: ZoneInfo, visits: list[VisitRow], small: Small, at: datetime) -> FollowUpFacts:
    """A visit long past of which nobody said what became of it no longer counts as booked."""
    fallen = {visit.fell_through_at or visit.created_at: visit for visit in visits if visit.state in _FALLEN}
    coming = [visit.starts_at for visit in visits if visit.state in COMING_STATES]
    last = fallen[max(fallen)] if fallen else None
    booked_until = max(coming) + UNCLEAR_AFTER if coming else None
    return FollowUpFacts(
        pk=row.pk,
        indication_id=row.indication_id,
        opens_on=row.opens_on,
        closes_on=row.closes_on,
        suggested_on=row.own_on or row.suggested_from or row.opens_on,
        created_on=row.created_at.astimezone(zone).date(),
        snoozed_until=row.snoozed_until,
        is_booked=booked_until is not None and booked_until > at,
        is_visit_unclear=booked_until is not None and booked_until <= at,
        booked_until=booked_until,
        fallen_through=sum(visit.state in _FALLEN for visit in visits),
        fell_through_at=max(fallen, default=None),
        missed=_visit(last, row) if last is not None and last.state == AppointmentState.MISSED else None,
        contacts=tuple(small.contacts.get(row.pk, ())),
        corrected_at=row.void_at or (row.signed_at if row.version and row.version > 1 else None),
    )


def _visit(row: VisitRow, follow_up: FollowUpRow | None) -> VisitFacts:
    """A visit without a row of its making (entered from elsewhere) is no news, but its reminders go."""
    return VisitFacts(
        pk=row.pk,
        follow_up_id=row.follow_up_id,
        indication_id=follow_up.indication_id if follow_up else None,
        starts_at=row.starts_at,
        state=row.state,
        change=row.change,
        sequence=row.sequence,
        changed_at=row.changed_at or row.created_at,
        by_patient=row.by_patient,
        with_letter=row.with_letter,
    )


def _address(email: str, is_suppressed: bool) -> Address:
    if not is_deliverable(email):
        return Address.MISSING
    return Address.SUPPRESSED if is_suppressed else Address.USABLE
