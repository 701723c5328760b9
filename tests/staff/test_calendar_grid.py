"""Where things stand in a calendar: the rows of the clock and the lanes of what overlaps."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.staff.pictures.calendar_grid import FIVES, Hours, Place, lanes_of

PARIS, LORD_HOWE = ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe")
PLAIN, FORWARD, BACK = date(2026, 11, 23), date(2027, 3, 28), date(2026, 10, 25)


def local(day, hour, minute=0, zone=PARIS, fold=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC)


def span(day, start, end, zone=PARIS):
    return local(day, *start, zone), local(day, *end, zone)


def test_hours_hold_everything_and_nothing_more():
    hours = Hours.covering([span(PLAIN, (9, 30), (12, 0)), span(PLAIN, (16, 0), (16, 30))], [PLAIN], PARIS)
    assert [hour for hour, _again in hours.hours] == list(range(9, 17))


def test_empty_calendar_has_the_usual_hours():
    assert [hour for hour, _again in Hours.covering([], [PLAIN], PARIS).hours] == list(range(8, 17))


def test_visit_past_midnight_needs_the_whole_day():
    start = local(PLAIN, 23, 30)
    hours = Hours.covering([(start, start + timedelta(hours=1))], [PLAIN], PARIS)
    assert hours.hours[0] == (0, 0)
    assert hours.hours[-1] == (23, 0)
    assert hours.place((start, start + timedelta(hours=1)), PLAIN) == Place(23 * FIVES + 6, 6)
    assert hours.place((start, start + timedelta(hours=1)), PLAIN + timedelta(days=1)) == Place(0, 6)


@pytest.mark.parametrize("day", [PLAIN, FORWARD, BACK, FORWARD + timedelta(days=1)])
def test_nine_o_clock_stands_on_one_line_whatever_the_clocks_do(day):
    hours = Hours.covering([span(PLAIN, (9, 0), (17, 0))], [PLAIN, FORWARD, BACK], PARIS)
    assert hours.place(span(day, (9, 0), (9, 30)), day) == Place(0, 6)
    assert hours.place(span(day, (10, 15), (11, 0)), day) == Place(FIVES + 3, 9)


def test_hour_that_a_day_has_twice_stands_twice_and_the_other_days_leave_it_out():
    night = [span(PLAIN, (1, 0), (4, 0)), span(BACK, (1, 0), (4, 0))]
    hours = Hours.covering(night, [PLAIN, BACK], PARIS)
    assert hours.hours == ((1, 0), (2, 0), (2, 1), (3, 0))
    first, second = local(BACK, 2, 30), local(BACK, 2, 30, fold=1)
    assert second - first == timedelta(hours=1)
    assert [hours.row(at, BACK) for at in (first, second)] == [18, 30]
    assert hours.gaps(BACK) == []
    assert hours.gaps(PLAIN) == [Place(2 * FIVES, FIVES)]
    # From half past the first two to half past the second it is an hour.
    assert hours.place((first, second), BACK) == Place(18, 12)


def test_hour_that_a_day_skips_is_a_gap():
    hours = Hours.covering([span(PLAIN, (1, 0), (4, 0))], [PLAIN, FORWARD], PARIS)
    assert hours.gaps(FORWARD) == [Place(FIVES, FIVES)]
    assert hours.gaps(PLAIN) == []
    assert hours.row(local(FORWARD, 3, 0), FORWARD) == 2 * FIVES


def test_half_an_hour_that_comes_twice_has_rows_of_its_own():
    """On Lord Howe the clock goes back by half an hour only: half past one comes twice, one o'clock does not."""
    day = date(2027, 4, 4)
    hours = Hours.covering([span(day, (1, 0), (3, 0), LORD_HOWE)], [day], LORD_HOWE)
    assert hours.hours == ((1, 0), (1, 1), (2, 0))
    assert hours.row(local(day, 1, 45, LORD_HOWE, fold=1), day) == FIVES + 9


def test_classes_say_where_it_stands():
    assert Place(18, 30).classes == "ch1 cf6 cs2 ct6"
    assert Place(0, 6, 1, 2).classes == "ch0 cf0 cs0 ct6 cl2-1"


AT = local(PLAIN, 9)
SPANS = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 30)).map(
        lambda one: (AT + timedelta(minutes=5 * one[0]), AT + timedelta(minutes=5 * (one[0] + one[1])))
    ),
    max_size=11,
)


@given(SPANS)
def test_nothing_hides_anything_else(spans):
    placed = list(zip(spans, lanes_of(spans), strict=True))
    for number, (one, (lane, of)) in enumerate(placed):
        assert 0 <= lane < of
        for other, (its, its_of) in placed[number + 1 :]:
            if one[0] < other[1] and other[0] < one[1]:
                assert lane / of != its / its_of or of != its_of
                assert of == its_of


def test_what_touches_nothing_has_the_whole_width():
    spans = [span(PLAIN, (9, 0), (9, 30)), span(PLAIN, (9, 30), (10, 0)), span(PLAIN, (9, 45), (10, 15))]
    assert lanes_of(spans) == [(0, 1), (0, 2), (1, 2)]
    assert lanes_of([]) == []
