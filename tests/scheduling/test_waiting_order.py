"""Who is next when a time falls free, and why: pure."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.scheduling.waiting_order import Part, Waiting, in_order, next_for, suits

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 11, 23)
SINCE = datetime(2026, 11, 20, 9, tzinfo=UTC)
#: Tuesday 1 December 2026, 09:00 and 14:00 in Paris.
MORNING, AFTERNOON = datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 13, tzinfo=UTC)


def waiting(key=1, **facts):
    return Waiting(**{"key": key, "opens_on": date(2026, 12, 1), "closes_on": date(2027, 3, 1), "since": SINCE, **facts})


def fits(one, starts_at=MORNING, practitioner=7):
    return suits(one, starts_at=starts_at, practitioner=practitioner, zone=PARIS)


def test_who_leaves_the_window_first_stands_first_then_who_has_waited_longer():
    soon, longer, later = waiting(3, closes_on=date(2026, 12, 5)), waiting(2, since=SINCE - timedelta(days=1)), waiting(1)
    for those in permutations([soon, longer, later]):
        assert in_order(those) == [soon, longer, later]


@pytest.mark.parametrize(("closes_on", "days"), [(TODAY + timedelta(days=6), 6), (TODAY, 0), (TODAY - timedelta(days=2), -2)])
def test_the_reason_for_a_place_is_how_long_the_window_is_still_open(closes_on, days):
    assert waiting(closes_on=closes_on).days_left(TODAY) == days


@pytest.mark.parametrize(
    ("facts", "morning", "afternoon"),
    [
        ({}, True, True),
        ({"opens_on": date(2026, 12, 2)}, False, False),
        ({"until_on": date(2026, 12, 1)}, True, True),
        ({"until_on": date(2026, 11, 30)}, False, False),
        ({"weekdays": frozenset({1, 3})}, True, True),
        ({"weekdays": frozenset({0, 2})}, False, False),
        ({"part": Part.MORNING}, True, False),
        ({"part": Part.AFTERNOON}, False, True),
        ({"practitioner": 7}, True, True),
        ({"practitioner": 8}, False, False),
        ({"visit_at": AFTERNOON}, True, False),
        ({"visit_at": MORNING}, False, False),
    ],
)
def test_a_time_suits_as_the_patient_wishes_and_only_if_it_is_sooner_than_the_visit(facts, morning, afternoon):
    assert (fits(waiting(**facts)), fits(waiting(**facts), AFTERNOON)) == (morning, afternoon)


def test_days_and_hours_are_those_of_the_clinics_wall():
    tuesday_night_in_utc = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)  # Wednesday 00:30 in Paris
    assert not fits(waiting(weekdays=frozenset({1})), tuesday_night_in_utc)
    assert fits(waiting(weekdays=frozenset({2}), part=Part.MORNING), tuesday_night_in_utc)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            waiting,
            st.integers(1, 9),
            closes_on=st.dates(date(2026, 12, 1), date(2026, 12, 9)),
            since=st.integers(0, 3).map(lambda days: SINCE + timedelta(days=days)),
            weekdays=st.frozensets(st.integers(0, 6), max_size=3),
            part=st.sampled_from(Part),
            practitioner=st.sampled_from([None, 7, 8]),
        ),
        max_size=9,
        unique_by=lambda one: one.key,
    ),
    st.integers(1, 4),
)
def test_nobody_whom_it_suits_is_passed_over_for_somebody_who_has_more_time(those, limit):
    chosen = next_for(those, starts_at=MORNING, practitioner=7, zone=PARIS, limit=limit)
    assert len(chosen) == min(limit, sum(map(fits, those)))
    assert all(fits(one) for one in chosen)
    for one in those:
        if fits(one) and one not in chosen:
            assert all(other.closes_on <= one.closes_on for other in chosen)
