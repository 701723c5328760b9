"""Free times: what is promised about them for any hours, any bookings and any time zone."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from clinic.scheduling.slots import (
    WeeklyHours,
    by_day,
    day_hours,
    exists,
    first_instant,
    free_times,
    is_within_hours,
    nearest,
    spread,
    thin_out,
)

PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MONDAY = date(2026, 12, 7)
#: The clocks go forward on 29 March 2026 at 02:00 and back on 25 October 2026 at 03:00, both Sundays.
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def paris(day, clock):
    return datetime.combine(day, time.fromisoformat(clock), PARIS).astimezone(UTC)


def weekly(starts="09:00", ends="12:00", weekday=0, **valid):
    return WeeklyHours(weekday, time.fromisoformat(starts), time.fromisoformat(ends), **valid)


def clock_times(times, zone=PARIS):
    return [f"{at.astimezone(zone):%H:%M}" for at in times]


def offered(hours, busy=(), closures=(), *, on=MONDAY, until=None, minutes=30, buffer=0, zone=PARIS, now=LONG_AGO):
    return free_times(hours, busy, closures, minutes=minutes, buffer=buffer, from_on=on, until_on=until or on, zone=zone, now=now)


def test_visits_stand_one_behind_the_other_within_the_hours():
    assert clock_times(offered([weekly("09:00", "11:00")])) == ["09:00", "09:30", "10:00", "10:30"]


def test_last_visit_ends_with_the_hours():
    assert clock_times(offered([weekly("09:00", "10:50")], minutes=45)) == ["09:00", "09:45"]


def test_time_kept_free_after_a_visit_separates_two_visits_but_may_run_past_the_hours():
    assert clock_times(offered([weekly("09:00", "10:10")], minutes=30, buffer=10)) == ["09:00", "09:40"]


def test_after_a_booking_times_go_on_from_its_end_on_a_full_five_minutes():
    busy = [(paris(MONDAY, "09:30"), paris(MONDAY, "10:12"))]
    assert clock_times(offered([weekly("09:00", "11:30")], busy)) == ["09:00", "10:15", "10:45"]


def test_booking_that_begins_within_the_time_kept_free_takes_the_time():
    busy = [(paris(MONDAY, "09:35"), paris(MONDAY, "10:00"))]
    assert clock_times(offered([weekly("09:00", "11:00")], busy, buffer=10)) == ["10:00"]


def test_touching_bookings_leave_the_times_around_them():
    busy = [(paris(MONDAY, "09:30"), paris(MONDAY, "10:00")), (paris(MONDAY, "10:00"), paris(MONDAY, "10:30"))]
    assert clock_times(offered([weekly("09:00", "11:00")], busy)) == ["09:00", "10:30"]


def test_overlapping_hours_are_one():
    hours = [weekly("09:00", "10:00"), weekly("09:30", "11:00")]
    assert clock_times(offered(hours)) == ["09:00", "09:30", "10:00", "10:30"]


def test_break_at_noon_is_kept():
    hours = [weekly("13:00", "14:00"), weekly("11:00", "12:00")]
    assert clock_times(offered(hours)) == ["11:00", "11:30", "13:00", "13:30"]


def test_hours_hold_from_and_until_their_days_both_included():
    hours = [weekly(valid_from=MONDAY, valid_until=MONDAY + timedelta(days=7))]
    days = {at.date() for at in offered(hours, on=MONDAY - timedelta(days=14), until=MONDAY + timedelta(days=28))}
    assert days == {MONDAY, MONDAY + timedelta(days=7)}


def test_closed_days_offer_nothing_both_ends_included():
    closed = [(MONDAY, MONDAY + timedelta(days=7))]
    days = {at.date() for at in offered([weekly()], closures=closed, until=MONDAY + timedelta(days=14))}
    assert days == {MONDAY + timedelta(days=14)}


def test_only_what_lies_ahead_is_offered():
    now = paris(MONDAY, "09:30")
    assert clock_times(offered([weekly("09:00", "11:00")], now=now)) == ["10:00", "10:30"]


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change():
    hours = [weekly("09:00", "09:30", weekday=day) for day in range(7)]
    times = offered(hours, on=SPRING - timedelta(days=1), until=SPRING + timedelta(days=1))
    assert clock_times(times) == ["09:00"] * 3
    assert [at.hour for at in times] == [8, 7, 7]


def test_hour_that_the_day_does_not_have_offers_nothing():
    assert clock_times(offered([weekly("01:00", "04:00", weekday=6)], on=SPRING)) == ["01:00", "01:30", "03:00", "03:30"]


def test_hours_that_begin_in_the_missing_hour_begin_at_its_end():
    assert clock_times(offered([weekly("02:30", "04:00", weekday=6)], on=SPRING)) == ["03:00", "03:30"]


def test_hours_that_lie_in_the_missing_hour_offer_nothing():
    assert offered([weekly("02:00", "02:30", weekday=6)], on=SPRING) == []


def test_doubled_hour_is_offered_once():
    times = offered([weekly("01:30", "03:30", weekday=6)], on=AUTUMN)
    assert clock_times(times) == ["01:30", "02:00", "02:30", "03:00"]
    assert times[2] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_visit_across_the_change_of_the_clocks_keeps_its_length():
    assert clock_times(offered([weekly("01:30", "03:30", weekday=6)], on=SPRING, minutes=60)) == ["01:30"]


def test_time_outside_the_hours_or_on_a_closed_day_is_not_within_them():
    hours = [weekly("09:00", "12:00")]
    closed = [(MONDAY + timedelta(days=7), MONDAY + timedelta(days=7))]

    def within(day, clock):
        return is_within_hours(hours, closed, starts_at=paris(day, clock), minutes=30, zone=PARIS)

    assert within(MONDAY, "09:00")
    assert within(MONDAY, "11:30")
    assert not within(MONDAY, "08:59")
    assert not within(MONDAY, "11:31")
    assert not within(MONDAY + timedelta(days=1), "09:00")
    assert not within(MONDAY + timedelta(days=7), "09:00")


@pytest.mark.parametrize(("day", "clock", "there"), [(SPRING, "02:30", False), (SPRING, "03:00", True), (AUTUMN, "02:30", True)])
def test_wall_clock_time_exists_or_not(day, clock, there):
    assert exists(datetime.combine(day, time.fromisoformat(clock)), PARIS) is there


# -- choosing among them ------------------------------------------------------------------------------------------------


def on_day(at):
    return at.date()


def itself(at):
    return at


def test_nearest_days_come_first_and_are_shown_in_order():
    times = [datetime(2026, 12, day, 9, tzinfo=UTC) for day in (1, 5, 9, 10, 14, 30)]
    chosen = nearest(times, date(2026, 12, 10), 4, day=on_day, order=itself)
    assert [at.day for at in chosen] == [5, 9, 10, 14]


def test_day_that_does_not_fit_whole_is_left_out_unless_it_is_the_nearest():
    times = [datetime(2026, 12, day, hour, tzinfo=UTC) for day in (10, 11) for hour in (8, 9, 10)]
    target = date(2026, 12, 10)
    assert {at.day for at in nearest(times, target, 5, day=on_day, order=itself)} == {10}
    assert [at.hour for at in nearest(times, target, 2, day=on_day, order=itself)] == [8, 9]


def test_of_two_days_equally_far_the_earlier_is_taken():
    times = [datetime(2026, 12, day, 9, tzinfo=UTC) for day in (12, 8)]
    assert [at.day for at in nearest(times, date(2026, 12, 10), 1, day=on_day, order=itself)] == [8]


def test_a_day_is_thinned_out_evenly_with_its_first_and_last_time():
    assert spread(list(range(10)), 4) == [0, 3, 6, 9]
    assert spread([1, 2], 4) == [1, 2]
    assert spread([1, 2, 3], 1) == [1]
    assert spread([1, 2, 3], 0) == []


def test_every_group_is_thinned_out_by_itself():
    times = [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 2)]
    assert thin_out(times, 2, group=lambda found: found[0]) == [("a", 1), ("a", 3), ("b", 1), ("b", 2)]


def test_times_are_grouped_by_day():
    times = [datetime(2026, 12, 7, 9), datetime(2026, 12, 7, 10), datetime(2026, 12, 8, 9)]
    assert [(day.day, len(group)) for day, group in by_day(times, on_day)] == [(7, 2), (8, 1)]


# -- for any input ------------------------------------------------------------------------------------------------------

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")]
)
CLOCK = st.times().map(lambda at: at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0))
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31)) | st.sampled_from(
    [SPRING, AUTUMN, date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4)]
)


@st.composite
def weekly_hours(draw):
    starts, ends = sorted((draw(CLOCK), draw(CLOCK)))
    assume(starts < ends)
    return WeeklyHours(draw(st.integers(0, 6)), starts, ends)


@st.composite
def situations(draw):
    first = draw(DAYS)
    zone = draw(ZONES)
    base = datetime.combine(first, time(), zone).astimezone(UTC)
    minute = st.integers(-600, 5 * 24 * 60)
    spans = [
        (base + timedelta(minutes=start), base + timedelta(minutes=start + length))
        for start, length in draw(st.lists(st.tuples(minute, st.integers(1, 300)), max_size=12))
    ]
    return {
        "hours": draw(st.lists(weekly_hours(), max_size=8)),
        "busy": spans,
        "closures": [(day, day) for day in draw(st.lists(st.dates(first, first + timedelta(days=4)), max_size=2))],
        "minutes": draw(st.integers(5, 120)),
        "buffer": draw(st.integers(0, 30)),
        "from_on": first,
        "until_on": first + timedelta(days=draw(st.integers(0, 4))),
        "zone": zone,
        "now": base + timedelta(minutes=draw(minute)),
    }


def find(situation):
    keywords = {name: situation[name] for name in ("minutes", "buffer", "from_on", "until_on", "zone", "now")}
    return free_times(situation["hours"], situation["busy"], situation["closures"], **keywords)


@given(situations())
def test_no_offered_time_overlaps_what_is_taken(situation):
    kept = timedelta(minutes=situation["minutes"] + situation["buffer"])
    for at in find(situation):
        assert not any(start < at + kept and at < end for start, end in situation["busy"])


@given(situations())
def test_every_offered_visit_lies_ahead_and_within_the_hours_of_an_open_day(situation):
    zone, length = situation["zone"], timedelta(minutes=situation["minutes"])
    for at in find(situation):
        day = at.astimezone(zone).date()
        assert at > situation["now"]
        assert situation["from_on"] <= day <= situation["until_on"]
        assert (day, day) not in situation["closures"]
        assert any(opens <= at and at + length <= closes for opens, closes in day_hours(situation["hours"], day, zone))


@given(situations())
def test_times_rise_and_no_wall_clock_time_is_offered_twice(situation):
    times = find(situation)
    walls = [at.astimezone(situation["zone"]).replace(tzinfo=None) for at in times]
    assert times == sorted(set(times))
    assert len(set(walls)) == len(walls)


@given(situations())
def test_offered_visits_of_one_practitioner_do_not_overlap_one_another(situation):
    kept = timedelta(minutes=situation["minutes"] + situation["buffer"])
    times = find(situation)
    # Hours that are cut by a break may offer a visit whose time kept free runs into the next block.
    length = timedelta(minutes=situation["minutes"])
    assert all(second - first >= length for first, second in itertools.pairwise(times))
    if len(situation["hours"]) <= 1:
        assert all(second - first >= kept for first, second in itertools.pairwise(times))


@given(situations(), st.integers(0, 20))
def test_booking_an_offered_time_leaves_every_other_offer_that_it_does_not_touch(situation, choice):
    times = find(situation)
    assume(times)
    booked = times[choice % len(times)]
    kept = timedelta(minutes=situation["minutes"] + situation["buffer"])
    after = find({**situation, "busy": [*situation["busy"], (booked, booked + kept)]})
    assert booked not in after
    assert {at for at in times if at + kept <= booked} <= set(after)


@example(AUTUMN, time(2, fold=1), PARIS)
@given(DAYS, CLOCK, ZONES)
def test_first_instant_shows_the_wall_clock_time_or_the_end_of_the_gap(day, at, zone):
    moment = first_instant(day, at, zone)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    wall = datetime.combine(day, at.replace(fold=0))
    if exists(wall, zone):
        assert shown == wall
        assert moment.astimezone(zone).fold == 0
    else:
        before = (moment - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        assert before < wall < shown


@given(st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 20)), max_size=30), st.integers(1, 12), DAYS)
def test_nearest_shows_whole_days_and_leaves_out_no_nearer_one(times, limit, target):
    def distance(at):
        return abs((at.date() - target).days)

    chosen = nearest(times, target, limit, day=on_day, order=itself)
    left = list(times)
    for at in chosen:
        left.remove(at)
    assert chosen == sorted(chosen)
    assert len(chosen) <= limit
    assert bool(chosen) == bool(times)
    if chosen and left:
        assert max(map(distance, chosen)) <= min(map(distance, left))
    if len(set(map(on_day, chosen))) > 1:
        assert not set(map(on_day, chosen)) & set(map(on_day, left))
