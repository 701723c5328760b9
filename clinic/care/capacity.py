"""What comes towards a clinic in the next half year: windows against free times."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from clinic.care.serving import Served, Waiting, serve_in_order
from clinic.care.stages import Stage
from clinic.care.worklist import with_stage
from clinic.practice.models import Clinic
from clinic.scheduling.services import free_by_day
from clinic.treatments.models import FollowUp
from clinic.treatments.window import suggested_date

WEEKS = 26
_WEEK = timedelta(days=7)
_WAITING = (Stage.OVERDUE, Stage.CLOSING, Stage.OPEN, Stage.APPROACHING, Stage.WAITING)


@dataclass(frozen=True, slots=True)
class Week:
    """One week, from Monday `begins_on`."""

    begins_on: date
    #: Follow-ups without a visit that are best seen in it; in the first week also all those best seen before it.
    wanted: int
    #: Of those without a visit: whose window closes in it.
    closing: int
    #: Free times for a visit, of all practitioners.
    free: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """A follow-up whose window closes before its turn comes. `on` is the turn, if there is one."""

    follow_up: FollowUp
    on: date | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weeks ahead of a clinic, and who would be pushed past their window."""

    weeks: tuple[Week, ...]
    #: Those whose window closes first, each with patient and indication; at most as many as were asked for.
    pushed: tuple[Pushed, ...]
    pushed_count: int
    #: Without a visit and past their window already.
    overdue: int
    #: On hold, snoozed or paused: not counted in any week.
    held: int


class _Row(NamedTuple):
    """As much of a follow-up as is counted."""

    pk: int
    own_on: date | None
    suggested_from: date | None
    opens_on: date
    closes_on: date
    stage: str


def forecast(*, clinic: Clinic, follow_ups: QuerySet[FollowUp], now: datetime, most: int) -> Forecast:
    """Return the next WEEKS weeks of `clinic`: who of `follow_ups` wants to come, and what is free.

    Counted are the follow-ups that run, have no visit booked and are not on hold. That people will be treated in the meantime
    and come again is not counted. Seven queries, whatever is found.
    """
    today = now.astimezone(clinic.zone).date()
    monday = today - timedelta(days=today.weekday())
    last = monday + WEEKS * _WEEK - timedelta(days=1)
    room = free_by_day(clinic=clinic, from_on=today, until_on=last, now=now)
    rows = _rows(follow_ups.filter(patient__clinic=clinic), today, last)
    waiting = [row for row in rows if row.stage != Stage.ON_HOLD]
    turns = serve_in_order([Waiting(row.pk, row.opens_on, row.closes_on) for row in waiting], room, from_on=today)
    pushed = [turn for turn in turns if turn.is_pushed(from_on=today, until_on=last)]
    wanted = Counter(max(0, (suggested_date(row) - monday).days // 7) for row in waiting)
    closing = Counter((row.closes_on - monday).days // 7 for row in waiting if row.closes_on >= today)
    free: Counter[int] = Counter()
    for day, number in room.items():
        free[(day - monday).days // 7] += number
    return Forecast(
        tuple(Week(monday + at * _WEEK, wanted[at], closing[at], free[at]) for at in range(WEEKS)),
        _named(pushed[:most]),
        len(pushed),
        sum(row.closes_on < today for row in waiting),
        len(rows) - len(waiting),
    )


def _rows(follow_ups: QuerySet[FollowUp], today: date, last: date) -> list[_Row]:
    running = follow_ups.filter(state="ACTIVE", opens_on__lte=last)
    waiting: QuerySet[Any] = with_stage(running, today)
    staged = waiting.filter(stage__in=(*_WAITING, Stage.ON_HOLD))
    return [_Row(*row) for row in staged.order_by("closes_on", "id").values_list(*_Row._fields)]


def _named(turns: list[Served]) -> tuple[Pushed, ...]:
    found = FollowUp.objects.filter(pk__in=[turn.waiting.key for turn in turns])
    by_key = {one.pk: one for one in found.select_related("patient", "condition__indication")}
    return tuple(Pushed(by_key[turn.waiting.key], turn.on) for turn in turns)
