"""What a clinic's calendar shows: by practitioner and day the hours, what is closed, the visits and what is still free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q

from clinic.patients.querysets import PatientQuerySet
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling import slots
from clinic.scheduling.hours_exceptions import ExceptionKind, HoursException
from clinic.scheduling.models import Appointment, AppointmentState, Closure, VisitKind
from clinic.scheduling.services.offering import closures_for, hours_of, standard_kind
from clinic.scheduling.slots import Busy, Hours

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PractitionersDay:
    """One practitioner's local day at a clinic. Spans and times are in UTC and in order."""

    practitioner: Practitioner
    on: date
    hours: tuple[Busy, ...]
    #: Why nobody is seen, where the day is closed for the clinic or the practitioner.
    closed: tuple[str, ...]
    #: For what part of the day nobody is seen, and why.
    away: tuple[tuple[Busy, str], ...]
    #: The visits at this clinic that the reader may see, with patient, kind and follow-up; cancelled ones are left out.
    visits: tuple[Appointment, ...]
    #: What else takes the practitioner's time: at another clinic, or of a patient whom the reader may not see.
    elsewhere: tuple[Busy, ...]
    #: Beginnings of visits of the standard kind that could still be booked.
    free: tuple[datetime, ...]
    #: When such a visit would end.
    free_minutes: int = 0


@dataclass(frozen=True, slots=True)
class _Closed:
    practitioner_id: int | None
    from_on: date
    until_on: date
    reason: str


def people_of_calendar(*, clinic: Clinic, from_on: date, until_on: date) -> list[Practitioner]:
    """Those who treat at `clinic` now, and whoever else has a visit there on these days, so that none is left out. One query."""
    first, last = slots.first_instant(from_on, time.min, clinic.zone), slots.first_instant(until_on + _DAY, time.min, clinic.zone)
    visits = Appointment.objects.filter(
        practitioner=OuterRef("pk"), clinic=clinic, starts_at__lt=last, ends_at__gt=first
    ).exclude(state=AppointmentState.CANCELLED)
    here = Practitioner.objects.filter(Q(is_active=True, clinics=clinic) | Exists(visits))
    return list(here.order_by("name", "pk").distinct())


def calendar_of(
    *,
    clinic: Clinic,
    practitioners: Collection[Practitioner],
    visible: PatientQuerySet,
    from_on: date,
    until_on: date,
    kind: VisitKind | None = None,
    now: datetime,
) -> list[PractitionersDay]:
    """Return each practitioner's days from `from_on` to `until_on`, both included, in the clinic's zone; day after day.

    What is free is free for a visit of `kind`, or else of the standard one. Whose visits are told in detail is `visible`'s to
    say. The days of one who has left the clinic hold visits and nothing free.
    Six queries, whatever is found.
    """
    zone = clinic.zone
    hours, kind = hours_of(clinic), kind or standard_kind(clinic)
    closures = [
        _Closed(*row)
        for row in Closure.objects.filter(clinic=clinic, from_on__lte=until_on, until_on__gte=from_on)
        .order_by("from_on", "pk")
        .values_list("practitioner_id", "from_on", "until_on", "reason")
    ]
    away = HoursException.objects.filter(clinic=clinic, kind=ExceptionKind.AWAY, on__range=(from_on, until_on))
    parts = list(away.order_by("on", "starts", "pk"))
    begins, ends = slots.first_instant(from_on, time.min, zone), slots.first_instant(until_on + _DAY, time.min, zone)
    taken: dict[int, list[Appointment]] = defaultdict(list)
    for visit in _visits(practitioners, visible, begins - _DAY, ends + _DAY):
        taken[visit.practitioner_id].append(visit)
    found = []
    for person in practitioners:
        weekly = hours.get(person, [])
        shut = [one for one in closures if one.practitioner_id in (None, person.pk)]
        free = _free(person, weekly, shut, taken[person.pk], kind, clinic, from_on, until_on, now)
        for day in _days(from_on, until_on):
            first, last = slots.first_instant(day, time.min, zone), slots.first_instant(day + _DAY, time.min, zone)
            here = [one for one in taken[person.pk] if one.starts_at < last and one.ends_at > first]
            told = [one for one in here if one.clinic_id == clinic.pk and one.is_readable]  # type: ignore[attr-defined]
            found.append(
                PractitionersDay(
                    practitioner=person,
                    on=day,
                    hours=tuple(slots.day_hours(weekly, day, zone)),
                    closed=tuple(one.reason for one in shut if one.from_on <= day <= one.until_on),
                    away=tuple(
                        ((slots.first_instant(day, one.starts, zone), slots.first_instant(day, one.ends, zone)), one.reason)
                        for one in parts
                        if one.on == day and one.practitioner_id in (None, person.pk)
                    ),
                    visits=tuple(told),
                    elsewhere=tuple(
                        (one.starts_at, one.ends_at) for one in here if one not in told and one.state != AppointmentState.MISSED
                    ),
                    free=tuple(free.get(day, ())),
                    free_minutes=kind.minutes if kind else 0,
                )
            )
    return sorted(found, key=lambda one: one.on)


def _visits(people: Collection[Practitioner], visible: PatientQuerySet, begins: datetime, ends: datetime) -> list[Appointment]:
    """Everything but what was cancelled of these practitioners, at whatever clinic, in the order of time."""
    return list(
        Appointment.objects.filter(practitioner__in=people, starts_at__lt=ends, ends_at__gt=begins)
        .exclude(state=AppointmentState.CANCELLED)
        .annotate(is_readable=Exists(visible.filter(pk=OuterRef("patient_id"))))
        .select_related("patient", "kind", "follow_up__condition__indication")
        .order_by("starts_at", "pk")
    )


def _free(
    person: Practitioner,
    weekly: list[Hours],
    shut: list[_Closed],
    taken: list[Appointment],
    kind: VisitKind | None,
    clinic: Clinic,
    from_on: date,
    until_on: date,
    now: datetime,
) -> dict[date, list[datetime]]:
    """The free times of one practitioner by local day."""
    if kind is None or not weekly:
        return {}
    times = slots.free_times(
        weekly,
        [(one.starts_at, one.ends_at) for one in taken if one.state != AppointmentState.MISSED],
        closures_for([(one.practitioner_id, (one.from_on, one.until_on)) for one in shut], person),
        minutes=kind.minutes,
        buffer=kind.buffer_minutes,
        from_on=from_on,
        until_on=until_on,
        zone=clinic.zone,
        now=now,
    )
    return dict(slots.by_day(times, lambda at: at.astimezone(clinic.zone).date()))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
