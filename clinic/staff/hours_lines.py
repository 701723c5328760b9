"""What the pages of hours say: the weekly hours of each practitioner, the exceptions to come, the visits that lie outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.hours_exceptions import ExceptionKind, HoursException
from clinic.scheduling.models import Appointment, Availability, Closure
from clinic.staff.forms.hours import written_spans


@dataclass(frozen=True, slots=True)
class Period:
    """Weekly hours as long as they stay the same: the words for when, and (weekday, times) of each day with any."""

    words: str
    days: tuple[tuple[str, str], ...]
    is_now: bool


@dataclass(frozen=True, slots=True)
class PersonHours:
    """The weekly hours of one practitioner, now and to come."""

    practitioner: Practitioner
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A closure or a single day that differs, still to come or running."""

    from_on: date
    days: str
    times: str
    who: str
    reason: str
    is_public_holiday: bool
    #: The page that takes it back.
    end_url: str


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit that lies outside the hours."""

    name: str
    starts_at: datetime
    practitioner: str
    kind: str
    url: str
    move_url: str


def person_hours(clinic: Clinic, people: Sequence[Practitioner], today: date) -> list[PersonHours]:
    """By practitioner: the periods from the one that holds today on. One query."""
    rows: dict[int, list[Availability]] = defaultdict(list)
    for row in Availability.objects.filter(clinic=clinic, practitioner__in=people).order_by("weekday", "starts"):
        rows[row.practitioner_id].append(row)
    return [PersonHours(person, tuple(_periods(rows[person.pk], today))) for person in people]


def _periods(rows: Sequence[Availability], today: date) -> Iterable[Period]:
    """A period begins wherever something begins or has just ended; those that are over are left out."""
    starts = {row.valid_from for row in rows} | {
        date.fromordinal(row.valid_until.toordinal() + 1) for row in rows if row.valid_until and row.valid_until < date.max
    }
    begins = sorted(starts)
    for at, begin in enumerate(begins):
        after = begins[at + 1] if at + 1 < len(begins) else None
        last = date.fromordinal(after.toordinal() - 1) if after else None
        if last is not None and last < today:
            continue
        holding = [row for row in rows if row.valid_from <= begin and (row.valid_until is None or begin <= row.valid_until)]
        by_day: dict[int, list[tuple[time, time]]] = defaultdict(list)
        for row in holding:
            by_day[row.weekday].append((row.starts, row.ends))
        days = tuple((str(WEEKDAYS[day]), written_spans(spans)) for day, spans in sorted(by_day.items()))
        if days or last is not None or begin > today:
            yield Period(_period_words(begin, last, today), days, begin <= today)


def _period_words(begin: date, last: date | None, today: date) -> str:
    if begin <= today:
        return _("now, until %(day)s") % {"day": date_format(last, "j M Y")} if last else _("now")
    if last is None:
        return _("from %(day)s") % {"day": date_format(begin, "j M Y")}
    return _("%(first)s to %(last)s") % {"first": date_format(begin, "j M Y"), "last": date_format(last, "j M Y")}


def exceptional(clinic: Clinic, today: date) -> list[Exceptional]:
    """The closures and single days of `clinic` that are not over, in the order of their days. Two queries."""
    closures = Closure.objects.filter(clinic=clinic, until_on__gte=today).select_related("practitioner")
    lines = [
        Exceptional(
            closure.from_on,
            _days(closure.from_on, closure.until_on),
            _("closed"),
            _who(closure.practitioner),
            closure.reason,
            closure.is_public_holiday,
            reverse("staff:closure-end", args=[closure.public_id]),
        )
        for closure in closures
    ]
    rows = HoursException.objects.filter(clinic=clinic, on__gte=today).select_related("practitioner")
    ordered = rows.order_by("on", "kind", "practitioner_id", "starts")
    for _key, alike in groupby(ordered, key=_one_exception):
        of_it = list(alike)
        first, times = of_it[0], written_spans((one.starts, one.ends) for one in of_it)
        word = _("away %(times)s") if first.kind == ExceptionKind.AWAY else _("sees patients %(times)s")
        lines.append(
            Exceptional(
                first.on,
                _days(first.on, first.on),
                word % {"times": times},
                _who(first.practitioner),
                first.reason,
                False,
                reverse("staff:exception-end", args=[first.public_id]),
            )
        )
    return sorted(lines, key=lambda line: (line.from_on, line.who))


def _one_exception(row: HoursException) -> tuple[date, str, int | None, int | None]:
    """Other hours of a day are one exception, however many rows they have; of the others each is its own."""
    return row.on, row.kind, row.practitioner_id, row.pk if row.kind == ExceptionKind.AWAY else None


def visit_lines(visits: Iterable[Appointment], clinic: Clinic) -> list[VisitLine]:
    """The visits in lines. Somebody who has gone to another clinic's care is not named."""
    return [
        VisitLine(
            str(visit.patient) if visit.patient.clinic_id == clinic.pk else _("a patient of another clinic"),
            visit.starts_at,
            str(visit.practitioner),
            str(visit.kind),
            reverse("staff:appointment-show", args=[visit.public_id]),
            reverse("staff:appointment-move", args=[visit.public_id]),
        )
        for visit in visits
    ]


def _days(first: date, last: date) -> str:
    if first == last:
        return date_format(first, "D j M Y")
    return _("%(first)s to %(last)s") % {"first": date_format(first, "D j M"), "last": date_format(last, "D j M Y")}


def _who(practitioner: Practitioner | None) -> str:
    return _("the whole clinic") if practitioner is None else str(practitioner)
