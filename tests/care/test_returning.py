"""Whether phoning works and patients come when planned: the counts, their denominators and intervals."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.care.proportions import Proportion
from clinic.care.returning import Contacted, Interval, Planned, compare, days_off, is_as_planned, months, planned

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("number", "of", "low", "high"),
    # R. G. Newcombe, Stat Med 1998;17:857-872, Table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_s_interval_is_that_of_the_published_examples(number, of, low, high):
    assert Proportion(number, of).interval == pytest.approx((low, high), abs=0.00005)


@given(of=st.integers(1, 500), data=st.data())
def test_an_interval_holds_its_share_and_stays_between_none_and_all(of, data):
    number = data.draw(st.integers(0, of))
    one, other = Proportion(number, of), Proportion(of - number, of)
    low, high = one.interval
    assert 0 <= low <= one.share <= high <= 1
    assert other.interval == pytest.approx((1 - high, 1 - low))


def test_below_ten_nothing_is_said():
    assert Proportion(9, 9).is_too_few
    assert not Proportion(9, 10).is_too_few
    assert Proportion(0, 0).interval == (0, 1)


def contacted(first_on=date(2026, 9, 7), *, opens=-10, closes=30, booked=False, returned=None):
    return Contacted(
        first_on,
        first_on + timedelta(days=opens),
        first_on + timedelta(days=closes),
        booked,
        None if returned is None else first_on + timedelta(days=returned),
    )


def test_each_is_counted_in_the_month_of_the_first_contact_and_in_no_wrong_denominator():
    rows = [
        contacted(booked=True, returned=20),
        contacted(booked=True, returned=30),
        contacted(booked=True, returned=31),
        contacted(returned=-11),
        contacted(),
        contacted(opens=-200, closes=-1, booked=True, returned=5),
        contacted(closes=100),
        contacted(closes=100, booked=True, returned=40),
        contacted(date(2026, 10, 1)),
    ]
    newest, older = months(rows, today=TODAY)
    assert (newest.begins_on, newest.contacted) == (date(2026, 10, 1), 1)
    assert (older.begins_on, older.contacted) == (date(2026, 9, 1), 8)
    assert older.booked_after == Proportion(5, 8)
    assert older.within == Proportion(3, 6)
    assert (older.undecided, older.too_late) == (1, 1)


def test_the_last_day_of_a_window_is_not_over_yet():
    (month,) = months([contacted(TODAY - timedelta(days=30))], today=TODAY)
    assert (month.undecided, month.within.of) == (1, 0)


def test_planned_is_the_own_date_then_the_suggested_days_then_the_window():
    window = {"opens_on": date(2026, 3, 1), "closes_on": date(2026, 6, 1)}
    suggested = {"suggested_from": date(2026, 3, 10), "suggested_until": date(2026, 3, 31)}
    nothing = {"suggested_from": None, "suggested_until": None}
    assert planned(**window, **suggested, own_on=date(2026, 4, 1)) == Planned(date(2026, 4, 1), date(2026, 4, 1))
    assert planned(**window, **suggested, own_on=None) == Planned(date(2026, 3, 10), date(2026, 3, 31))
    assert planned(**window, **nothing, own_on=None) == Planned(date(2026, 3, 1), date(2026, 6, 1))


@pytest.mark.parametrize(
    ("actual", "off", "as_planned"),
    [
        (date(2026, 3, 2), -8, False), (date(2026, 3, 3), -7, True), (date(2026, 3, 20), 0, True),
        (date(2026, 4, 7), 7, True), (date(2026, 4, 8), 8, False),
    ],
)  # fmt: skip
def test_a_week_more_or_less_is_as_planned(actual, off, as_planned):
    plan = Planned(date(2026, 3, 10), date(2026, 3, 31))
    assert (days_off(plan, actual), is_as_planned(plan, actual)) == (off, as_planned)


def test_what_came_at_another_time_is_counted_by_what_was_said_of_it():
    plan = Planned(date(2026, 3, 10), date(2026, 3, 31))

    def at(days, cause=""):
        return Interval(plan, plan.latest + timedelta(days=days), cause)

    found = compare([at(0), at(5), at(10, "CLINIC_FULL"), at(30, "CLINIC_FULL"), at(20), at(-40, "WORE_OFF")])

    assert found.as_planned == Proportion(2, 6)
    assert (found.later, found.median_later, found.earlier, found.median_earlier) == (3, 20, 1, -19)
    assert [(one.code, one.number, one.median_days) for one in found.causes] == [
        ("CLINIC_FULL", 2, 20), ("WORE_OFF", 1, -19), ("", 1, 20),
    ]  # fmt: skip
