"""Changing when patients are seen: weekly hours, single days, closures, kinds of visit. Nothing that was is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.services import Problem, Refused
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling import slots
from clinic.scheduling.hours_exceptions import ExceptionKind, HoursException
from clinic.scheduling.models import Availability, Closure
from clinic.scheduling.services.offering import weekly_in
from clinic.scheduling.slots import WeeklyHours

_DAY = timedelta(days=1)
#: So far ahead hours and closures can be set: further than anything can be booked.
FURTHEST = timedelta(days=5 * 366)
#: The longest that one closure lasts. Whoever is away for longer has other hours, or treats there no more.
LONGEST = timedelta(days=366)


class HoursRefused(Refused):
    """Nothing was changed; each problem names the argument it is about."""


def change_weekly_hours(
    *,
    by: audit.Actor,
    clinic: Clinic,
    practitioner: Practitioner,
    hours: Sequence[WeeklyHours],
    from_on: date,
    until_on: date | None,
    now: datetime,
) -> None:
    """Let `hours` be the practitioner's weekly hours at `clinic` from `from_on` to `until_on` (None: for good).

    What holds before stays as it is and ends the day before; what was to hold after `until_on` goes on then; a change that was
    planned for days in between gives way. Of `hours` only weekday and times count. Without any the practitioner sees nobody.
    Raises HoursRefused unless the times of a day are in order and apart, and `from_on` is a day to come (today, if there are
    no hours today yet: a day that has begun is changed by an exception).
    """
    today = now.astimezone(clinic.zone).date()
    with transaction.atomic():
        # Whoever else changes this practitioner's hours, or books, waits here.
        Practitioner.objects.select_for_update(no_key=True).get(pk=practitioner.pk)
        rows = list(Availability.objects.filter(clinic=clinic, practitioner=practitioner))
        has_begun = any(row.valid_from <= today and (row.valid_until is None or row.valid_until >= today) for row in rows)
        _refuse(
            [
                *_span_problems(hours),
                *_day_problems("from_on", from_on, today, earliest=today + _DAY if has_begun else today),
                *_order_problems(from_on, until_on),
            ]
        )
        old = {row.pk: weekly_in(row) for row in rows}
        for row in rows:
            _cut(row, slots.changed_hours([old[row.pk]], [], from_on=from_on, until_on=until_on), now)
        Availability.objects.bulk_create(
            Availability(
                clinic=clinic,
                practitioner=practitioner,
                weekday=one.weekday,
                starts=one.starts,
                ends=one.ends,
                valid_from=from_on,
                valid_until=until_on,
                changed_at=now,
            )
            for one in hours
        )
        _write_down(by, audit.Action.CHANGED, practitioner, clinic, ["availabilities"], now)


def set_special_hours(
    *,
    by: audit.Actor,
    clinic: Clinic,
    practitioner: Practitioner,
    on: date,
    spans: Sequence[tuple[time, time]],
    reason: str,
    now: datetime,
) -> list[HoursException]:
    """Let `spans` be all the hours of the practitioner at `clinic` on the one day `on`, and return their rows.

    Other hours set for that day before give way. Raises HoursRefused for a day that is over, for no spans at all (that is a
    closure), and for spans out of order or not apart.
    """
    today = now.astimezone(clinic.zone).date()
    problems = _day_problems("on", on, today, earliest=today)
    if not spans:
        problems.append(Problem("spans", _("Enter the hours of this day; a day on which nobody is seen is a closure.")))
    _refuse([*problems, *_apart_problems("spans", spans), *_reason_problems(reason)])
    with transaction.atomic():
        Practitioner.objects.select_for_update(no_key=True).get(pk=practitioner.pk)
        before = HoursException.objects.filter(clinic=clinic, practitioner=practitioner, on=on, kind=ExceptionKind.OTHER_HOURS)
        before.delete()
        rows = HoursException.objects.bulk_create(
            HoursException(
                clinic=clinic,
                practitioner=practitioner,
                kind=ExceptionKind.OTHER_HOURS,
                on=on,
                starts=starts,
                ends=ends,
                reason=reason.strip(),
                changed_at=now,
            )
            for starts, ends in spans
        )
        for row in rows:
            _write_down(by, audit.Action.CREATED, row, clinic, ["on", "starts", "ends", "practitioner"], now)
    return rows


def close(
    *,
    by: audit.Actor,
    clinic: Clinic,
    practitioner: Practitioner | None,
    from_on: date,
    until_on: date,
    reason: str,
    is_public_holiday: bool = False,
    now: datetime,
) -> Closure:
    """See nobody at `clinic` (or nobody with this practitioner there) on these days, and return the closure.

    Visits on them stand until somebody moves them. Raises HoursRefused for days that are over or out of order, and without a
    reason.
    """
    today = now.astimezone(clinic.zone).date()
    problems = [
        *_day_problems("from_on", from_on, today, earliest=today),
        *_order_problems(from_on, until_on),
        *_reason_problems(reason),
    ]
    if until_on - from_on > LONGEST:
        problems.append(Problem("until_on", _("A closure lasts a year at the most.")))
    _refuse(problems)
    with transaction.atomic():
        closure = Closure.objects.create(
            clinic=clinic,
            practitioner=practitioner,
            from_on=from_on,
            until_on=until_on,
            reason=reason.strip(),
            is_public_holiday=is_public_holiday,
            changed_at=now,
        )
        _write_down(by, audit.Action.CREATED, closure, clinic, ["from_on", "until_on", "practitioner"], now)
    return closure


def be_away(
    *,
    by: audit.Actor,
    clinic: Clinic,
    practitioner: Practitioner | None,
    on: date,
    starts: time,
    ends: time,
    reason: str,
    now: datetime,
) -> HoursException:
    """See nobody at `clinic` (or nobody with this practitioner there) on the day `on` from `starts` to `ends`; return the row.

    Raises HoursRefused for a day that is over, times out of order, and without a reason.
    """
    today = now.astimezone(clinic.zone).date()
    problems = [*_day_problems("on", on, today, earliest=today), *_reason_problems(reason)]
    if starts >= ends:
        problems.append(Problem("ends", _("This is not after the beginning.")))
    _refuse(problems)
    with transaction.atomic():
        row = HoursException.objects.create(
            clinic=clinic,
            practitioner=practitioner,
            kind=ExceptionKind.AWAY,
            on=on,
            starts=starts,
            ends=ends,
            reason=reason.strip(),
            changed_at=now,
        )
        _write_down(by, audit.Action.CREATED, row, clinic, ["on", "starts", "ends", "practitioner"], now)
    return row


def end_closure(*, by: audit.Actor, closure: Closure, now: datetime) -> None:
    """See patients again: a closure that has not begun goes; one that runs ended yesterday, and its days until then stay.

    Raises HoursRefused if it is over: what was is not changed.
    """
    with transaction.atomic():
        closure = Closure.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=closure.pk)
        today = now.astimezone(closure.clinic.zone).date()
        if closure.until_on < today:
            raise HoursRefused([Problem("", _("This closure is over."))])
        is_running = closure.from_on < today
        action = audit.Action.CHANGED if is_running else audit.Action.DELETED
        _write_down(by, action, closure, closure.clinic, ["until_on"] if is_running else [], now)
        if is_running:
            closure.until_on, closure.changed_at = today - _DAY, now
            closure.save(update_fields=["until_on", "changed_at"])
        else:
            closure.delete()


def end_exception(*, by: audit.Actor, exception: HoursException, now: datetime) -> None:
    """Let the weekly hours hold again; of other hours, all those of that day go. Raises HoursRefused for a day that is over."""
    with transaction.atomic():
        exception = HoursException.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=exception.pk)
        if exception.on < now.astimezone(exception.clinic.zone).date():
            raise HoursRefused([Problem("", _("This day is over."))])
        rows = HoursException.objects.filter(pk=exception.pk)
        if exception.kind == ExceptionKind.OTHER_HOURS:
            rows = HoursException.objects.filter(
                clinic=exception.clinic_id, practitioner=exception.practitioner_id, on=exception.on, kind=exception.kind
            )
        for row in rows:
            _write_down(by, audit.Action.DELETED, row, exception.clinic, [], now)
        rows.delete()


def _cut(row: Availability, left: Sequence[WeeklyHours], now: datetime) -> None:
    """Write what is left of `row`: nothing (it never came to hold), itself, or a piece before and one after."""
    if left == [weekly_in(row)]:
        return
    if not left:
        row.delete()
        return
    before = next((one for one in left if one.valid_from == row.valid_from), left[0])
    row.valid_from, row.valid_until, row.changed_at = before.valid_from, before.valid_until, now
    row.save(update_fields=["valid_from", "valid_until", "changed_at"])
    for one in left:
        if one is not before:
            Availability.objects.create(
                clinic_id=row.clinic_id,
                practitioner_id=row.practitioner_id,
                weekday=one.weekday,
                starts=one.starts,
                ends=one.ends,
                valid_from=one.valid_from,
                valid_until=one.valid_until,
                changed_at=now,
            )


def _write_down(
    by: audit.Actor,
    action: audit.Action,
    what: Practitioner | HoursException | Closure,
    clinic: Clinic,
    fields: Iterable[str],
    now: datetime,
) -> None:
    audit.record(by=by, action=action, what=what, clinic_id=clinic.pk, fields=fields, now=now)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise HoursRefused(problems)


def _day_problems(field: str, day: date, today: date, *, earliest: date) -> list[Problem]:
    if day < earliest:
        words = (
            _("This day is over.") if day < today else _("Tomorrow at the earliest: for today, set other hours of a single day.")
        )
        return [Problem(field, words)]
    return [Problem(field, _("At most five years ahead."))] if day > today + FURTHEST else []


def _order_problems(from_on: date, until_on: date | None) -> list[Problem]:
    if until_on is not None and until_on < from_on:
        return [Problem("until_on", _("This is before the first day."))]
    return []


def _reason_problems(reason: str) -> list[Problem]:
    return [] if reason.strip() else [Problem("reason", _("Say why."))]


def _span_problems(hours: Iterable[WeeklyHours]) -> list[Problem]:
    by_day: dict[int, list[tuple[time, time]]] = {}
    for one in hours:
        by_day.setdefault(one.weekday, []).append((one.starts, one.ends))
    return [problem for day, spans in by_day.items() for problem in _apart_problems(f"day_{day}", spans)]


def _apart_problems(field: str, spans: Sequence[tuple[time, time]]) -> list[Problem]:
    """What is wrong with the times of one day. They may touch: a break of no length is none."""
    last: time | None = None
    for starts, ends in sorted(spans):
        if starts >= ends:
            return [Problem(field, _("The end of a time is not after its beginning."))]
        if last is not None and starts < last:
            return [Problem(field, _("These times overlap."))]
        last = ends
    return []
