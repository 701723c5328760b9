from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from clinic.reminders.hours import SendingHours
from tests.reminders.situations import hours, paris

ZONES = ["Europe/Paris", "Europe/Dublin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "UTC"]


@pytest.mark.parametrize(
    ("at", "goes_at"),
    [
        (paris(11, 23, 8), paris(11, 23, 8)),
        (paris(11, 23, 18, 59), paris(11, 23, 18, 59)),
        (paris(11, 23, 7, 59), paris(11, 23, 8)),
        (paris(11, 23, 19), paris(11, 24, 8)),
        (paris(11, 27, 19), paris(11, 30, 8)),  # Friday evening
        (paris(11, 28, 12), paris(11, 30, 8)),  # Saturday noon
    ],
)
def test_a_letter_in_quiet_hours_moves_forward_to_the_next_opening(at, goes_at):
    assert hours().next_permitted(at) == goes_at


@pytest.mark.parametrize(
    ("at", "goes_at"),
    [
        (paris(11, 23, 9, 30), paris(11, 23, 9, 30)),
        (paris(11, 23, 21), paris(11, 23, 18, 30)),
        (paris(11, 23, 7), paris(11, 20, 18, 30)),  # Monday before eight: Friday
        (paris(11, 29, 12), paris(11, 27, 18, 30)),  # Sunday: Friday
    ],
)
def test_a_letter_that_counts_back_moves_back_to_the_last_good_moment(at, goes_at):
    assert hours().last_permitted(at) == goes_at


def test_a_clinic_that_never_sends_has_no_next_moment_and_moves_nothing_back():
    never = hours(weekdays=())
    assert never.next_permitted(paris(11, 23, 9)) is None
    assert never.last_permitted(paris(11, 23, 9)) == paris(11, 23, 9)


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        # The clocks go forward in Paris on 29 March 2026 at 02:00 and back on 25 October 2026 at 03:00.
        ("Europe/Paris", date(2026, 3, 28), "2026-03-28T07:00"),
        ("Europe/Paris", date(2026, 3, 29), "2026-03-29T06:00"),
        ("Europe/Paris", date(2026, 10, 25), "2026-10-25T07:00"),
        # Dublin's winter time is the one with the (negative) saving.
        ("Europe/Dublin", date(2026, 3, 29), "2026-03-29T07:00"),
        ("Europe/Dublin", date(2026, 10, 25), "2026-10-25T08:00"),
        # Lord Howe moves by half an hour: 5 April and 4 October 2026.
        ("Australia/Lord_Howe", date(2026, 4, 4), "2026-04-03T21:00"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T21:30"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T21:00"),
        # Apia had no 30 December 2011: what falls on that day is the 31st by the wall.
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-29T18:00"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T18:00"),
    ],
)
def test_the_day_begins_at_eight_by_the_clinics_wall(zone, day, utc):
    assert hours(zone).at_opening(day) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_day_that_apia_skipped_falls_on_the_day_after():
    assert hours("Pacific/Apia").at_opening(date(2011, 12, 30)) == hours("Pacific/Apia").at_opening(date(2011, 12, 31))


def test_civil_days_keep_the_local_time_over_a_change_of_clocks():
    at = datetime(2026, 4, 1, 9, 30, tzinfo=ZoneInfo("Europe/Paris"))
    assert hours().days_before(at, 7) == datetime(2026, 3, 25, 9, 30, tzinfo=ZoneInfo("Europe/Paris"))
    assert at.astimezone(UTC) - hours().days_before(at, 7) == timedelta(days=7) - timedelta(hours=1)


@hypothesis(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    at=st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    opens=st.integers(0, 22),
    length=st.integers(1, 10),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
)
def test_wherever_and_whenever_a_moved_letter_goes_in_civil_hours(zone, at, opens, length, weekdays):
    closes = time(min(opens + length, 23), 59 if opens + length > 23 else 0)
    those = SendingHours(ZoneInfo(zone), time(opens), closes, frozenset(weekdays))
    later, earlier = those.next_permitted(at), those.last_permitted(at)
    assert later is not None
    assert those.permits(later)
    assert later >= at
    assert those.permits(earlier)
    assert earlier <= at
