"""Which times there are to choose from, and whether a chosen one was among them."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling import slots
from clinic.scheduling.hours_exceptions import ExceptionKind, HoursException
from clinic.scheduling.models import Appointment, Availability, Closure, VisitKind
from clinic.scheduling.slots import Away, Busy, Closed, Hours, SpecialHours, WeeklyHours
from clinic.treatments.models import FollowUp
from clinic.treatments.window import suggested_date

#: The visit for which a follow-up brings somebody back.
TREATMENT = "TREATMENT"
#: How far around the wanted day free times are looked for: a little first, more if there are not enough.
REACHES = (timedelta(days=7), timedelta(days=21), timedelta(days=60))
AROUND = REACHES[-1]
#: How far ahead anything can be booked.
HORIZON = timedelta(days=2 * 365)

_VALUE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@(\d{8}T\d{4})Z", re.ASCII)
_STAMP = "%Y%m%dT%H%M"


@dataclass(frozen=True)
class OfferedTime:
    """A time that somebody can choose. `on` is the clinic's local day; `ends_at` is when the visit ends."""

    practitioner: Practitioner
    starts_at: datetime
    ends_at: datetime
    on: date

    @property
    def value(self) -> str:
        """What a form sends back for this time: no integer key, nothing about a patient."""
        return value_of(self.practitioner.public_id, self.starts_at)


class OutsideWindow(StrEnum):
    """A day on which the patient would come too early or too late."""

    EARLY = "EARLY"
    LATE = "LATE"


def value_of(practitioner: uuid.UUID, starts_at: datetime) -> str:
    """Return how a form names a practitioner (by public id) and a time; `read_value` turns it back."""
    return f"{practitioner}@{starts_at.astimezone(UTC):{_STAMP}}Z"


def read_value(value: str) -> tuple[uuid.UUID, datetime]:
    """Return the practitioner's public id and the time (UTC) that `value` names. Raises ValueError for anything else."""
    found = _VALUE.fullmatch(value)
    if found is None:
        raise ValueError("This does not name a time.")
    at = datetime.strptime(found[2], _STAMP).replace(tzinfo=UTC)
    if not date.min + HORIZON < at.date() < date.max - HORIZON:
        raise ValueError("This is no time of any zone.")
    return uuid.UUID(found[1]), at


def standard_kind(clinic: Clinic) -> VisitKind | None:
    """The kind of visit for which follow-ups are booked; None if the clinic has none yet."""
    return VisitKind.objects.filter(clinic=clinic, code=TREATMENT).first()


def practitioners_of(clinic: Clinic) -> list[Practitioner]:
    """Those who treat patients at `clinic` now, by name."""
    return list(Practitioner.objects.filter(clinics=clinic, is_active=True).order_by("name", "pk"))


def others_treat_at(clinic: Clinic, practitioner: Practitioner) -> bool:
    """Whether somebody besides `practitioner` has hours at `clinic`."""
    rows = Availability.objects.filter(clinic=clinic, practitioner__is_active=True, practitioner__clinics=clinic)
    return rows.exclude(practitioner=practitioner).exists()


def outside_window(follow_up: FollowUp, on: date) -> OutsideWindow | None:
    """Whether a visit on the local day `on` would be before the earliest date or after the window has closed."""
    if on < follow_up.opens_on:
        return OutsideWindow.EARLY
    return OutsideWindow.LATE if on > follow_up.closes_on else None


def offer_times(
    *,
    follow_up: FollowUp,
    practitioner: Practitioner | None = None,
    limit: int,
    now: datetime,
    from_on: date | None = None,
    per_day: int | None = None,
    may_be_early: bool = False,
) -> list[OfferedTime]:
    """Return at most `limit` free times for the visit that `follow_up` waits for, in the order of time.

    Times are those nearest to the suggested date; with `from_on`, the first ones from that day on; once the window has closed,
    the soonest. None lies before the earliest date of the follow-up, unless staff ask for it (`may_be_early`). `per_day` leaves
    at most so many of a practitioner's day, spread over it, so that several days have room; `practitioner` limits to one.
    Five queries, whatever is found; the follow-up's patient and clinic should be loaded.
    """
    clinic = follow_up.patient.clinic
    zone = clinic.zone
    kind = standard_kind(clinic)
    if kind is None:
        return []
    today = now.astimezone(zone).date()
    earliest = today if may_be_early else max(today, follow_up.opens_on)
    aim = today if today > follow_up.closes_on else suggested_date(follow_up)
    target = min(max(from_on or aim, earliest), today + HORIZON)
    first = target if from_on else max(earliest, target - AROUND)
    last = min(target + AROUND, today + HORIZON)
    hours = hours_of(clinic, practitioner)
    closures = closures_between(clinic, first, last)
    busy = busy_between([person.pk for person in hours], first, last)

    def found_between(first: date, last: date) -> list[OfferedTime]:
        found = [
            OfferedTime(person, at, at + timedelta(minutes=kind.minutes), at.astimezone(zone).date())
            for person, weekly in hours.items()
            for at in slots.free_times(
                weekly,
                busy[person.pk],
                closures_for(closures, person),
                minutes=kind.minutes,
                buffer=kind.buffer_minutes,
                from_on=first,
                until_on=last,
                zone=zone,
                now=now,
            )
        ]
        return found if per_day is None else slots.thin_out(found, per_day, group=lambda time: (time.practitioner.pk, time.on))

    found: list[OfferedTime] = []
    for reach in REACHES:
        # Whatever lies further away is never among the nearest once there are more than enough within reach.
        found = found_between(max(first, target - reach), min(last, target + reach))
        if len(found) > limit:
            break
    chosen = slots.nearest(found, target, limit, day=lambda time: time.on, order=lambda time: time.starts_at)
    return sorted(chosen, key=lambda time: (time.starts_at, time.practitioner.name, time.practitioner.pk))


def is_within_hours(*, practitioner: Practitioner, clinic: Clinic, kind: VisitKind, starts_at: datetime) -> bool:
    """Whether the practitioner sees patients at `clinic` for the whole of a visit that begins at `starts_at`."""
    day = starts_at.astimezone(clinic.zone).date()
    return slots.is_within_hours(
        hours_of(clinic, practitioner).get(practitioner, []),
        closures_for(closures_between(clinic, day, day), practitioner),
        starts_at=starts_at,
        minutes=kind.minutes,
        zone=clinic.zone,
    )


def could_be_offered(*, practitioner: Practitioner, clinic: Clinic, kind: VisitKind, starts_at: datetime, now: datetime) -> bool:
    """Whether `starts_at` is, or was before others booked, one of the times that a patient is shown.

    A time that fell out of the list because somebody took it, or one near it, still counts: whether it is free is not asked.
    """
    zone = clinic.zone
    day = starts_at.astimezone(zone).date()
    hours = hours_of(clinic, practitioner).get(practitioner, [])
    closures = closures_for(closures_between(clinic, day, day), practitioner)
    busy = busy_between([practitioner.pk], day, day)[practitioner.pk]
    return any(
        starts_at
        in slots.free_times(
            hours,
            taken,
            closures,
            minutes=kind.minutes,
            buffer=kind.buffer_minutes,
            from_on=day,
            until_on=day,
            zone=zone,
            now=now,
        )
        for taken in ([], busy)
    )


def hours_of(clinic: Clinic, practitioner: Practitioner | None = None) -> dict[Practitioner, list[Hours]]:
    """The hours, with their exceptions, of each practitioner who has any at `clinic` (or of the one), by name. Two queries."""
    rows = Availability.objects.filter(clinic=clinic, practitioner__is_active=True, practitioner__clinics=clinic).select_related(
        "practitioner"
    )
    exceptions = HoursException.objects.filter(
        Q(practitioner__isnull=True) | Q(practitioner__is_active=True, practitioner__clinics=clinic), clinic=clinic
    ).select_related("practitioner")
    if practitioner is not None:
        rows = rows.filter(practitioner=practitioner)
        exceptions = exceptions.filter(Q(practitioner__isnull=True) | Q(practitioner=practitioner))
    found: dict[Practitioner, list[Hours]] = defaultdict(list)
    for row in rows:
        found[row.practitioner].append(weekly_in(row))
    for_all: list[Hours] = []
    for one in exceptions.distinct():
        kept = for_all if one.practitioner is None else found[one.practitioner]
        kept.append(exception_in(one))
    return {person: found[person] + for_all for person in sorted(found, key=lambda person: (person.name, person.pk))}


def weekly_in(row: Availability) -> WeeklyHours:
    """The weekly hours as free times are found by."""
    return WeeklyHours(row.weekday, row.starts, row.ends, row.valid_from, row.valid_until)


def exception_in(row: HoursException) -> Hours:
    """The exception as free times are found by."""
    if row.kind == ExceptionKind.AWAY:
        return Away(row.on, row.starts, row.ends)
    return SpecialHours(row.on, row.starts, row.ends)


def closures_between(clinic: Clinic, first: date, last: date) -> list[tuple[int | None, Closed]]:
    """The closures of `clinic` that touch these days, each with the key of the practitioner it is of, or None. One query."""
    rows = Closure.objects.filter(Q(clinic=clinic), from_on__lte=last, until_on__gte=first)
    return [(who, (start, end)) for who, start, end in rows.values_list("practitioner_id", "from_on", "until_on")]


def closures_for(closures: list[tuple[int | None, Closed]], practitioner: Practitioner) -> list[Closed]:
    """Those of `closures` on which `practitioner` sees nobody: their own and the whole clinic's."""
    return [closed for who, closed in closures if who is None or who == practitioner.pk]


def busy_between(practitioners: Iterable[int], first: date, last: date) -> dict[int, list[Busy]]:
    """What these practitioners have booked around these days, at any clinic: nobody is in two places at once."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=3)
    busy: dict[int, list[Busy]] = defaultdict(list)
    for who, starts_at, ends_at in Appointment.objects.taking(start, end).spans(practitioners):
        busy[who].append((starts_at, ends_at))
    return busy
