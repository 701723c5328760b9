"""What the invented clinics have planned: a public holiday, somebody who is away, and hours of a season."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from clinic.management.seed.practice import Place
from clinic.scheduling.models import Appointment, Availability
from clinic.scheduling.services import be_away, change_weekly_hours, close, proposals, set_special_hours, take_over_holidays
from clinic.scheduling.slots import WeeklyHours


def plan_ahead(place: Place, at: datetime) -> None:
    """At `at` the administrator plans: the absence falls on a booked visit, which then stands as to be moved."""
    today = place.today(at)
    first, second = place.practitioners
    by, clinic = place.admin, place.clinic
    holiday = next(
        (one.on for year in (today.year, today.year + 1) for one in proposals(clinic=clinic, year=year) if _suits(one.on, today)),
        None,
    )
    if holiday is not None:
        take_over_holidays(by=by, clinic=clinic, days=[holiday], now=at)
    absent_on = _booked_day(place, at) or today + timedelta(days=9)
    be_away(
        by=by,
        clinic=clinic,
        practitioner=second,
        on=absent_on,
        starts=time(9),
        ends=time(12),
        reason="Course",
        now=at,
    )
    ahead = today + timedelta(days=21 - today.weekday())
    set_special_hours(
        by=by, clinic=clinic, practitioner=first, on=ahead, spans=[(time(12), time(18))], reason="Evening clinic", now=at
    )
    close(
        by=by,
        clinic=clinic,
        practitioner=first,
        from_on=ahead + timedelta(days=28),
        until_on=ahead + timedelta(days=29),
        reason="Congress",
        now=at,
    )
    summer = next(date(year, 7, 1) for year in (today.year, today.year + 1) if date(year, 7, 1) > today + timedelta(days=30))
    hours = Availability.objects.filter(clinic=clinic, practitioner=first, valid_until__isnull=True)
    early = [WeeklyHours(row.weekday, time(8), time(12)) for row in hours if row.starts < time(12)]
    change_weekly_hours(
        by=by,
        clinic=clinic,
        practitioner=first,
        hours=early,
        from_on=summer,
        until_on=summer + timedelta(days=61),
        now=at,
    )


def _suits(day: date, today: date) -> bool:
    return day > today + timedelta(days=45) and day.weekday() < 5


def _booked_day(place: Place, at: datetime) -> date | None:
    """The day of the first visit with the second practitioner that is more than three days ahead, in a morning."""
    zone = place.clinic.zone
    coming = Appointment.objects.coming().filter(
        clinic=place.clinic, practitioner=place.practitioners[1], starts_at__gt=at + timedelta(days=3)
    )
    days = (one.starts_at.astimezone(zone) for one in coming.order_by("starts_at"))
    return next((one.date() for one in days if one.time() < time(12)), None)
