"""The calendar as people read it: every visit and free time put into words once and given its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import value_of
from clinic.scheduling.services.calendars import PractitionersDay
from clinic.staff.forms.calendar import DAY, WEEK
from clinic.staff.pictures.calendar_grid import Hours, Place, Span, lanes_of


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit: where it stands and what its link says."""

    url: str
    place: Place
    at: str
    until: str
    who: str
    for_what: str
    state: str
    state_word: str
    is_overbooked: bool
    is_short: bool


@dataclass(frozen=True, slots=True)
class FreeLine:
    """A free time. Without `url` the reader may not book it."""

    url: str
    place: Place
    at: str
    is_free: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class TakenLine:
    """Time that is taken by what the reader does not see, or for which the practitioner is away: `why` says so."""

    place: Place
    times: str
    why: str


@dataclass(frozen=True, slots=True)
class Column:
    """One practitioner's day."""

    practitioner: Practitioner
    on: date
    is_today: bool
    hours: str
    closed: tuple[str, ...]
    bands: tuple[Place, ...]
    gaps: tuple[Place, ...]
    #: Visits, free and taken times in the order of time.
    lines: tuple[VisitLine | FreeLine | TakenLine, ...]
    now_at: Place | None
    day_url: str
    week_url: str

    @property
    def visits(self) -> int:
        return sum(isinstance(one, VisitLine) for one in self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell: nobody comes, and nobody could."""
        return not (self.lines or self.closed or self.bands)


@dataclass(frozen=True, slots=True)
class Board:
    """Columns that stand side by side on the same hours."""

    title: str
    columns: tuple[Column, ...] = field(default=())


def hours_shown(days: Sequence[PractitionersDay], zone: ZoneInfo) -> Hours:
    """The hours that everything on these days fits into."""
    spans: list[Span] = []
    for day in days:
        spans += [*day.hours, *day.elsewhere, *(span for span, _why in day.away), *(_span(visit) for visit in day.visits)]
    return Hours.covering(spans, sorted({day.on for day in days}), zone)


def column_of(day: PractitionersDay, hours: Hours, *, clinic: Clinic, may_book: bool, back_to: str, now: datetime) -> Column:
    """One practitioner's day in words, on these hours."""
    zone = clinic.zone
    spans: list[Span] = [_span(visit) for visit in day.visits]
    spans += [*day.elsewhere, *(span for span, _why in day.away)]
    spans += [(at, at + timedelta(minutes=day.free_minutes)) for at in day.free]
    lanes = iter(lanes_of(spans))
    lines: list[tuple[datetime, VisitLine | FreeLine | TakenLine]] = []
    for visit in day.visits:
        lane, of = next(lanes)
        lines.append((visit.starts_at, _visit(visit, hours.place(_span(visit), day.on, lane=lane, lanes=of), zone)))
    unseen = [*((span, _("taken elsewhere")) for span in day.elsewhere), *day.away]
    for (start, end), why in unseen:
        lane, of = next(lanes)
        lines.append((start, TakenLine(hours.place((start, end), day.on, lane=lane, lanes=of), _times(start, end, zone), why)))
    for at in day.free:
        lane, of = next(lanes)
        place = hours.place((at, at + timedelta(minutes=day.free_minutes)), day.on, lane=lane, lanes=of)
        lines.append((at, FreeLine(_booking(clinic, day.practitioner, at, back_to) if may_book else "", place, clock(at, zone))))
    is_today = now.astimezone(zone).date() == day.on
    row = hours.row(now, day.on)
    return Column(
        practitioner=day.practitioner,
        on=day.on,
        is_today=is_today,
        hours=", ".join(_times(start, end, zone) for start, end in day.hours),
        closed=day.closed,
        bands=() if day.closed else tuple(hours.place(span, day.on) for span in day.hours),
        gaps=tuple(hours.gaps(day.on)),
        lines=tuple(line for _at, line in sorted(lines, key=lambda pair: pair[0])),
        now_at=Place(row, 1) if is_today and 0 < row < hours.rows else None,
        day_url=address(clinic, [day.practitioner.public_id], DAY, day.on),
        week_url=address(clinic, [day.practitioner.public_id], WEEK, day.on),
    )


def boards_by_practitioner(columns: Iterable[Column], title: str) -> list[Board]:
    """A board for each practitioner, with a column for each day: a week. `title` names the days."""
    boards: dict[Practitioner, list[Column]] = {}
    for column in columns:
        boards.setdefault(column.practitioner, []).append(column)
    return [
        Board(f"{person.name}, {title}", tuple(one for one in days if one.on.weekday() < 5 or not one.is_empty))
        for person, days in boards.items()
    ]


def address(clinic: Clinic, practitioners: Iterable[object], view: str, on: date) -> str:
    """The address of a calendar: of these practitioners (their public ids), or of everybody where none is named."""
    named = [("with", str(one)) for one in practitioners]
    params = [("clinic", str(clinic.public_id)), *named, ("view", view), ("on", f"{on:%Y-%m-%d}")]
    return f"{reverse('staff:calendar-show')}?{urlencode(params)}"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """The time of day; of an hour that the day has twice, which of the two."""
    local = moment.astimezone(zone)
    text = date_format(local, "H:i")
    return _("%(time)s (second)") % {"time": text} if local.fold else text


def _times(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    return f"{clock(start, zone)} – {clock(end, zone)}"


def _span(visit: Appointment) -> Span:
    return visit.starts_at, visit.visit_ends_at


def _visit(visit: Appointment, place: Place, zone: ZoneInfo) -> VisitLine:
    condition = visit.follow_up.condition if visit.follow_up else None
    return VisitLine(
        url=reverse("staff:appointment-show", args=[visit.public_id]),
        place=place,
        at=clock(visit.starts_at, zone),
        until=clock(visit.visit_ends_at, zone),
        who=str(visit.patient),
        for_what=str(condition.indication) if condition else str(visit.kind),
        state=visit.state,
        state_word=visit.get_state_display(),
        is_overbooked=bool(visit.overbooked_reason),
        is_short=place.rows < 5,
    )


def _booking(clinic: Clinic, practitioner: Practitioner, at: datetime, back_to: str) -> str:
    query = {"clinic": str(clinic.public_id), "time": value_of(practitioner.public_id, at), "next": back_to}
    return f"{reverse('staff:appointment-start')}?{urlencode(query)}"
