"""When each practitioner of a clinic sees patients, what a change would make of that, and which visits then lie outside."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling import slots
from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.models import Appointment, AppointmentChange, Availability, ChangeKind, Closure
from clinic.scheduling.services.offering import exception_in, weekly_in
from clinic.scheduling.slots import Away, Closed, Hours, SpecialHours, WeeklyHours

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Timetable:
    """When one practitioner sees patients at a clinic. Without any rows: never."""

    hours: tuple[Hours, ...] = ()
    closures: tuple[Closed, ...] = ()
    #: When what decides over a day was written, as (first day, last day, moment). What is older than it is not there.
    written: tuple[tuple[date, date, datetime], ...] = ()

    def written_at(self, day: date) -> datetime:
        """When the newest of what decides over `day` was written; long ago, where that is not known."""
        return max((at for first, last, at in self.written if first <= day <= last), default=_LONG_AGO)


#: What a change would make of the timetable of the practitioner with this key.
Proposed = Callable[[int, Timetable], Timetable]


@dataclass(frozen=True)
class Displaced:
    """Visits still to come at times at which their practitioner sees nobody."""

    #: In the order of time, each with patient, practitioner and kind; at most as many as were asked for.
    visits: tuple[Appointment, ...]
    #: How many there are.
    count: int
    #: Stands for exactly these visits, however many.
    token: str


def closing(practitioner: Practitioner | None, from_on: date, until_on: date) -> Proposed:
    """As if nobody, or this practitioner, saw patients on these days."""
    return _for(practitioner, lambda table: replace(table, closures=(*table.closures, (from_on, until_on))))


def going_away(practitioner: Practitioner | None, on: date, starts: time, ends: time) -> Proposed:
    """As if nobody, or this practitioner, saw patients during these hours of a day."""
    return _for(practitioner, lambda table: replace(table, hours=(*table.hours, Away(on, starts, ends))))


def seeing_only(practitioner: Practitioner, on: date, spans: Iterable[tuple[time, time]]) -> Proposed:
    """As if this practitioner saw patients on the day `on` during `spans` alone."""
    special = tuple(SpecialHours(on, starts, ends) for starts, ends in spans)

    def change(table: Timetable) -> Timetable:
        others = (row for row in table.hours if not (isinstance(row, SpecialHours) and row.on == on))
        return replace(table, hours=(*others, *special))

    return _for(practitioner, change)


def keeping_hours(practitioner: Practitioner, new: Sequence[WeeklyHours], from_on: date, until_on: date | None) -> Proposed:
    """As if these weekly hours held from `from_on` to `until_on`."""

    def change(table: Timetable) -> Timetable:
        weekly = [row for row in table.hours if isinstance(row, WeeklyHours)]
        exceptions = [row for row in table.hours if not isinstance(row, WeeklyHours)]
        changed = slots.changed_hours(weekly, new, from_on=from_on, until_on=until_on)
        return replace(table, hours=(*changed, *exceptions))

    return _for(practitioner, change)


def all_of(proposals: Sequence[Proposed]) -> Proposed:
    """As if all of these were done, one after the other."""

    def change(key: int, table: Timetable) -> Timetable:
        for proposed in proposals:
            table = proposed(key, table)
        return table

    return change


def displaced_by(*, clinic: Clinic, proposed: Proposed, now: datetime, most: int) -> Displaced:
    """Return the visits to come at `clinic` that lie within the hours now and would not after what is proposed.

    Nothing is written. The number of queries is the same whatever is found.
    """
    tables = timetables(clinic)
    empty = Timetable()
    found = [
        visit
        for visit in _coming(clinic, now)
        if _is_seen(visit, tables.get(visit.person, empty), clinic)
        and not _is_seen(visit, proposed(visit.person, tables.get(visit.person, empty)), clinic)
    ]
    return _read(found, most)


def change_or_show(
    *, clinic: Clinic, proposed: Proposed, change: Callable[[], object], confirmed: str, now: datetime, most: int
) -> Displaced | None:
    """Do `change` unless it displaces visits that nobody has confirmed; then return those, having written nothing.

    `proposed` tells what `change` makes of the hours, `confirmed` is the token of the visits that somebody was shown. What
    `change` refuses is refused before anything is shown. A visit that is booked in between is shown anew.
    """
    with transaction.atomic():
        displaced = displaced_by(clinic=clinic, proposed=proposed, now=now, most=most)
        change()
        if displaced.token == confirmed or not displaced.count:
            return None
        transaction.set_rollback(True)
    return displaced


def to_be_moved(*, clinic: Clinic, now: datetime, most: int) -> Displaced:
    """Return the visits to come at `clinic` at times at which their practitioner sees nobody there.

    Nothing stores this: a visit leaves the list by being moved or cancelled, or when the hours hold it again. Staff may put a
    visit outside the hours with a reason; such a one is listed only if what closes its time was written later than that.
    The number of queries is the same whatever is found.
    """
    tables = timetables(clinic)
    found = []
    for visit in _coming(clinic, now):
        table = tables.get(visit.person, Timetable())
        if _is_seen(visit, table, clinic):
            continue
        day = visit.starts_at.astimezone(clinic.zone).date()
        if not (visit.placed_reason and visit.placed_at > table.written_at(day)):
            found.append(visit)
    return _read(found, most)


def timetables(clinic: Clinic) -> dict[int, Timetable]:
    """By practitioner's key: the timetable of everybody who treats at `clinic` now. Four queries."""
    people = list(Practitioner.objects.filter(clinics=clinic, is_active=True).values_list("pk", flat=True))
    hours: dict[int | None, list[Hours]] = defaultdict(list)
    closures: dict[int | None, list[Closed]] = defaultdict(list)
    written: dict[int | None, list[tuple[date, date, datetime]]] = defaultdict(list)
    for row in Availability.objects.filter(clinic=clinic):
        hours[row.practitioner_id].append(weekly_in(row))
        if row.changed_at is not None:
            # Hours that end say of every later day that they are no more.
            written[row.practitioner_id].append((row.valid_from, date.max, row.changed_at))
    for one in HoursException.objects.filter(clinic=clinic):
        hours[one.practitioner_id].append(exception_in(one))
        written[one.practitioner_id].append((one.on, one.on, one.changed_at))
    for closure in Closure.objects.filter(clinic=clinic):
        closures[closure.practitioner_id].append((closure.from_on, closure.until_on))
        if closure.changed_at is not None:
            written[closure.practitioner_id].append((closure.from_on, closure.until_on, closure.changed_at))
    return {
        pk: Timetable(
            (*hours[pk], *hours[None]),
            (*closures[pk], *closures[None]),
            (*written[pk], *written[None]),
        )
        for pk in people
    }


def _for(practitioner: Practitioner | None, change: Callable[[Timetable], Timetable]) -> Proposed:
    key = practitioner.pk if practitioner is not None else None
    return lambda pk, table: change(table) if key in (None, pk) else table


@dataclass(frozen=True, slots=True)
class _Visit:
    """As much of an appointment as decides."""

    pk: int
    public_id: UUID
    person: int
    starts_at: datetime
    ends_at: datetime
    minutes: int
    placed_at: datetime
    placed_reason: str


def _coming(clinic: Clinic, now: datetime) -> list[_Visit]:
    """The visits to come, in the order of time, each with when and why it was put where it is. One query."""
    placed = AppointmentChange.objects.filter(
        appointment=OuterRef("pk"), kind__in=(ChangeKind.BOOKED, ChangeKind.MOVED)
    ).order_by("-id")
    rows = (
        Appointment.objects.coming()
        .filter(clinic=clinic, starts_at__gt=now)
        .annotate(
            minutes=F("kind__minutes"),
            placed_at=Subquery(placed.values("at")[:1]),
            placed_reason=Subquery(placed.values("reason")[:1]),
        )
        .order_by("starts_at", "pk")
        .values_list("pk", "public_id", "practitioner_id", "starts_at", "ends_at", "minutes", "placed_at", "placed_reason")
    )
    return [_Visit(*row[:6], row[6] or _LONG_AGO, row[7] or "") for row in rows]


def _is_seen(visit: _Visit, table: Timetable, clinic: Clinic) -> bool:
    minutes = min(visit.minutes, (visit.ends_at - visit.starts_at).total_seconds() / 60)
    return slots.is_within_hours(table.hours, table.closures, starts_at=visit.starts_at, minutes=int(minutes), zone=clinic.zone)


def _read(found: list[_Visit], most: int) -> Displaced:
    rows = Appointment.objects.filter(pk__in=[visit.pk for visit in found[:most]]).select_related(
        "patient", "practitioner", "kind", "clinic"
    )
    named = " ".join(str(visit.public_id) for visit in found)
    token = hashlib.sha256(named.encode()).hexdigest()[:32] if found else ""
    return Displaced(tuple(rows.order_by("starts_at", "pk")), len(found), token)
