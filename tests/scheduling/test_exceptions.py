"""Single days that differ from the weekly hours, and hours that change from a day on, in zones whose clocks change oddly."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clinic.scheduling.slots import (
    Away,
    SpecialHours,
    WeeklyHours,
    changed_hours,
    day_hours,
    exists,
    first_instant,
    free_times,
    is_within_hours,
)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PARIS, LORD_HOWE = ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe")
DUBLIN, APIA = ZoneInfo("Europe/Dublin"), ZoneInfo("Pacific/Apia")
MONDAY = date(2026, 12, 7)
#: Days on which the clocks of these zones change; Apia left out 30 December 2011 altogether.
CHANGES = [
    (LORD_HOWE, date(2026, 4, 5)),
    (LORD_HOWE, date(2026, 10, 4)),
    (DUBLIN, date(2026, 3, 29)),
    (DUBLIN, date(2026, 10, 25)),
    (APIA, date(2011, 12, 29)),
    (APIA, date(2011, 12, 30)),
    (APIA, date(2011, 12, 31)),
]


def at(clock):
    return time.fromisoformat(clock)


def weekly(starts="09:00", ends="12:00", weekday=0, **valid):
    return WeeklyHours(weekday, at(starts), at(ends), **valid)


def every_day(starts, ends):
    return [weekly(starts, ends, weekday=day) for day in range(7)]


def offered(hours, day=MONDAY, *, until=None, zone=PARIS, minutes=30, busy=(), closures=()):
    found = free_times(
        hours, busy, closures, minutes=minutes, buffer=0, from_on=day, until_on=until or day, zone=zone, now=LONG_AGO
    )
    return [f"{moment.astimezone(zone):%H:%M}" for moment in found]


def test_hours_of_one_day_stand_in_place_of_the_weekly_ones():
    hours = [weekly(), SpecialHours(MONDAY, at("15:00"), at("16:00"))]
    assert offered(hours) == ["15:00", "15:30"]
    assert offered(hours, MONDAY + timedelta(days=7)) == offered([weekly()])


def test_hours_of_one_day_hold_where_there_are_no_weekly_ones():
    assert offered([SpecialHours(MONDAY, at("15:00"), at("16:00"))]) == ["15:00", "15:30"]


def test_who_is_away_for_a_part_of_the_day_is_booked_around_it():
    hours = [weekly(), Away(MONDAY, at("10:00"), at("11:00"))]
    assert offered(hours) == ["09:00", "09:30", "11:00", "11:30"]
    assert offered(hours, MONDAY + timedelta(days=7)) == offered([weekly()])


def test_no_visit_runs_into_an_absence():
    assert offered([weekly(), Away(MONDAY, at("09:45"), at("11:00"))]) == ["09:00", "11:00", "11:30"]


def test_absence_cuts_the_hours_of_one_day_too():
    hours = [weekly(), SpecialHours(MONDAY, at("13:00"), at("15:00")), Away(MONDAY, at("13:00"), at("14:00"))]
    assert offered(hours) == ["14:00", "14:30"]


def test_absence_outside_the_hours_changes_nothing_and_one_around_them_leaves_nothing():
    assert offered([weekly(), Away(MONDAY, at("13:00"), at("14:00"))]) == offered([weekly()])
    assert offered([weekly(), Away(MONDAY, at("08:00"), at("18:00"))]) == []


def test_closed_day_is_closed_whatever_its_own_hours():
    assert offered([SpecialHours(MONDAY, at("15:00"), at("16:00"))], closures=[(MONDAY, MONDAY)]) == []


@pytest.mark.parametrize(
    ("clock", "is_within"), [("09:30", True), ("09:45", False), ("10:30", False), ("11:00", True), ("11:45", False)]
)
def test_time_in_an_absence_is_not_within_the_hours(clock, is_within):
    starts_at = datetime.combine(MONDAY, at(clock), PARIS).astimezone(UTC)
    hours = [weekly(), Away(MONDAY, at("10:00"), at("11:00"))]
    assert is_within_hours(hours, [], starts_at=starts_at, minutes=30, zone=PARIS) is is_within


# -- clocks that change ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [LORD_HOWE, DUBLIN, APIA], ids=str)
def test_nine_o_clock_stays_nine_o_clock_all_year(zone):
    found = offered(every_day("09:00", "09:30"), date(2026, 1, 1), until=date(2026, 12, 31), zone=zone)
    assert found == ["09:00"] * 365


@pytest.mark.parametrize("zone", [LORD_HOWE, DUBLIN, APIA], ids=str)
@pytest.mark.parametrize("kind", [SpecialHours, Away])
def test_exception_at_nine_is_at_nine_on_whichever_side_of_the_change(zone, kind):
    for day in (date(2026, 1, 15), date(2026, 7, 15)):
        spans = day_hours([*every_day("08:00", "12:00"), kind(day, at("09:00"), at("10:00"))], day, zone)
        walls = [tuple(f"{one.astimezone(zone):%H:%M}" for one in span) for span in spans]
        assert walls == ([("09:00", "10:00")] if kind is SpecialHours else [("08:00", "09:00"), ("10:00", "12:00")])


def test_half_hour_that_lord_howe_skips_offers_nothing_and_the_doubled_one_is_offered_once():
    assert offered(every_day("01:30", "03:30"), date(2026, 10, 4), zone=LORD_HOWE) == ["01:30", "02:30", "03:00"]
    assert offered(every_day("01:00", "03:00"), date(2026, 4, 5), zone=LORD_HOWE) == ["01:00", "01:30", "02:00", "02:30"]


def test_absence_in_the_hour_that_dublin_skips_takes_nothing_away():
    day = date(2026, 3, 29)
    hours = every_day("00:00", "04:00")
    assert offered([*hours, Away(day, at("01:00"), at("02:00"))], day, zone=DUBLIN) == offered(hours, day, zone=DUBLIN)


def test_absence_in_the_hour_that_dublin_has_twice_takes_both():
    day = date(2026, 10, 25)
    hours = [*every_day("00:00", "03:00"), Away(day, at("01:00"), at("02:00"))]
    assert sum((end - start for start, end in day_hours(hours, day, DUBLIN)), timedelta()) == timedelta(hours=2)
    assert offered(hours, day, zone=DUBLIN) == ["00:00", "00:30", "02:00", "02:30"]


def test_day_that_apia_never_had_offers_nothing():
    day = date(2011, 12, 30)
    assert offered([SpecialHours(day, at("09:00"), at("12:00")), *every_day("09:00", "12:00")], day, zone=APIA) == []
    assert offered(every_day("09:00", "10:00"), date(2011, 12, 29), until=date(2011, 12, 31), zone=APIA) == ["09:00", "09:30"] * 2


# -- for any input --------------------------------------------------------------------------------------------------------

CLOCK = st.times().map(lambda one: one.replace(minute=one.minute - one.minute % 5, second=0, microsecond=0))
PLACES = st.sampled_from(CHANGES) | st.tuples(
    st.sampled_from([LORD_HOWE, DUBLIN, APIA, PARIS]), st.dates(date(2026, 1, 1), date(2026, 12, 31))
)


@st.composite
def spans(draw):
    starts, ends = sorted((draw(CLOCK), draw(CLOCK)))
    assume(starts < ends)
    return starts, ends


@st.composite
def days_with_exceptions(draw):
    zone, day = draw(PLACES)
    return (
        zone,
        day,
        [WeeklyHours(draw(st.integers(0, 6)), *span) for span in draw(st.lists(spans(), max_size=5))],
        [SpecialHours(day + timedelta(days=draw(st.integers(0, 1))), *span) for span in draw(st.lists(spans(), max_size=2))],
        [Away(day + timedelta(days=draw(st.integers(0, 1))), *span) for span in draw(st.lists(spans(), max_size=3))],
    )


def covers(rows, day, zone, moment):
    """Whether one of these rows, taken by itself, holds the moment: said again without joining or cutting."""
    return any(first_instant(day, row.starts, zone) <= moment < first_instant(day, row.ends, zone) for row in rows)


@given(days_with_exceptions(), st.integers(0, 287))
def test_moment_is_within_the_hours_iff_hours_of_the_day_hold_it_and_no_absence_does(given_day, step):
    zone, day, regular, special, away = given_day
    moment = first_instant(day, time(), zone) + timedelta(minutes=5 * step)
    assume(moment.astimezone(zone).date() == day)
    todays = [row for row in special if row.on == day] or [row for row in regular if row.weekday == day.weekday()]
    expected = covers(todays, day, zone, moment) and not covers([row for row in away if row.on == day], day, zone, moment)
    found = day_hours([*away, *regular, *special], day, zone)
    assert any(start <= moment < end for start, end in found) is expected


@given(days_with_exceptions(), st.integers(5, 90))
def test_every_offered_visit_is_within_the_hours_and_shows_a_time_that_the_day_has(given_day, minutes):
    zone, day, *rows = given_day
    hours = [row for group in rows for row in group]
    found = free_times(hours, [], [], minutes=minutes, buffer=0, from_on=day, until_on=day, zone=zone, now=LONG_AGO)
    walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in found]
    assert len(set(walls)) == len(walls)
    for moment, wall in zip(found, walls, strict=True):
        assert exists(wall, zone)
        assert is_within_hours(hours, [], starts_at=moment, minutes=minutes, zone=zone)


VALID = st.dates(date(2026, 1, 1), date(2026, 3, 1))


@st.composite
def dated_hours(draw):
    first = draw(VALID)
    last = draw(st.none() | st.dates(first, date(2026, 3, 31)))
    return WeeklyHours(draw(st.integers(0, 6)), *draw(spans()), first, last)


@given(
    st.lists(dated_hours(), max_size=5), st.lists(spans(), max_size=3), VALID, st.none() | st.integers(0, 60), st.integers(0, 120)
)
def test_changed_hours_hold_on_their_days_and_the_old_ones_on_every_other(old, new, from_on, length, ahead):
    until_on = None if length is None else from_on + timedelta(days=length)
    replacing = [WeeklyHours(day, *span) for day, span in enumerate(new)]
    changed = changed_hours(old, replacing, from_on=from_on, until_on=until_on)
    day = date(2025, 12, 25) + timedelta(days=ahead)
    is_changed = from_on <= day and (until_on is None or day <= until_on)
    expected = [row for row in replacing if row.weekday == day.weekday()] if is_changed else [r for r in old if r.hold_on(day)]
    assert sorted((row.starts, row.ends) for row in changed if row.hold_on(day)) == sorted(
        (row.starts, row.ends) for row in expected
    )
    assert all(row.valid_until is None or row.valid_from <= row.valid_until for row in changed)
