"""The next half year of a clinic: who wants to come, what is free, and who would be pushed past their window."""

from datetime import date, timedelta

import pytest

from clinic.care.capacity import WEEKS, forecast
from clinic.treatments.models import FollowUp
from tests.factories import NOW, ClosureFactory, HoldFactory
from tests.scheduling.agenda import TUESDAY_9, make_agenda, with_hours

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)


def ahead(agenda, most=10):
    return forecast(clinic=agenda.clinic, follow_ups=FollowUp.objects.all(), now=NOW, most=most)


def window(agenda, opens, closes, **more):
    follow_up = agenda.another_follow_up()
    fields = {"opens_on": opens, "closes_on": closes, "suggested_from": opens, "suggested_until": closes, "own_on": None}
    for name, value in (fields | more).items():
        setattr(follow_up, name, value)
    follow_up.save()
    return follow_up


def by_week(agenda, name):
    return {week.begins_on: getattr(week, name) for week in ahead(agenda).weeks if getattr(week, name)}


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture
def quiet(agenda):
    """The agenda without its own patient's follow-up."""
    FollowUp.objects.all().delete()
    return agenda


def test_weeks_begin_on_mondays_from_this_one_on(agenda):
    assert [week.begins_on for week in ahead(agenda).weeks] == [MONDAY + timedelta(days=7 * at) for at in range(WEEKS)]


def test_follow_up_counts_in_the_week_in_which_it_is_best_seen_and_in_the_one_in_which_its_window_closes(quiet):
    window(quiet, date(2026, 12, 1), date(2027, 1, 6), suggested_from=date(2026, 12, 16))
    assert by_week(quiet, "wanted") == {date(2026, 12, 14): 1}
    assert by_week(quiet, "closing") == {date(2027, 1, 4): 1}


def test_who_was_best_seen_before_today_counts_in_this_week(quiet):
    window(quiet, date(2026, 9, 1), date(2026, 10, 1))
    assert by_week(quiet, "wanted") == {MONDAY: 1}
    assert ahead(quiet).overdue == 1


def test_the_clinician_s_own_date_counts_before_the_suggested_one(quiet):
    window(quiet, date(2026, 12, 1), date(2027, 1, 6), own_on=date(2026, 12, 29))
    assert by_week(quiet, "wanted") == {date(2026, 12, 28): 1}


def test_whoever_is_booked_on_hold_or_stopped_wants_no_time(quiet):
    quiet.book(TUESDAY_9, follow_up=window(quiet, date(2026, 12, 1), date(2027, 1, 6)))
    HoldFactory(patient=window(quiet, date(2026, 12, 1), date(2027, 1, 6)).patient)
    window(quiet, date(2026, 12, 1), date(2027, 1, 6), snoozed_until=date(2026, 12, 24), snooze_note="away")
    window(quiet, date(2026, 12, 1), date(2027, 1, 6), state="STOPPED", stop_reason="OTHER", ended_at=NOW)
    assert by_week(quiet, "wanted") == {}
    assert ahead(quiet).held == 2


def test_free_times_are_those_of_all_practitioners_less_what_is_booked_or_closed(quiet):
    with_hours(quiet.clinic, name="Dr Berg", weekdays=[1])
    free = by_week(quiet, "free")
    week = date(2026, 11, 30)
    assert free[week] == 5 * 6 + 6
    quiet.book(TUESDAY_9, follow_up=window(quiet, date(2026, 12, 1), date(2027, 1, 6)))
    ClosureFactory(clinic=quiet.clinic, from_on=date(2026, 12, 4), until_on=date(2026, 12, 4))
    assert by_week(quiet, "free")[week] == free[week] - 1 - 6


def test_whose_window_closes_before_their_turn_is_named_first_closing_first(quiet):
    ClosureFactory(clinic=quiet.clinic, from_on=MONDAY, until_on=date(2026, 12, 18))
    window(quiet, date(2026, 12, 1), date(2027, 3, 1))
    late = [window(quiet, date(2026, 12, 1), closes) for closes in (date(2026, 12, 20), date(2026, 12, 10))]
    found = ahead(quiet)
    assert [(one.follow_up, one.on) for one in found.pushed] == [(late[1], date(2026, 12, 21)), (late[0], date(2026, 12, 21))]
    assert found.pushed_count == 2
    assert [one.follow_up for one in ahead(quiet, most=1).pushed] == [late[1]]


def test_another_clinic_s_patients_and_times_do_not_count(quiet):
    other = make_agenda(name="Hill clinic")
    before = ahead(quiet)
    window(other, date(2026, 12, 1), date(2026, 12, 2))
    assert ahead(quiet) == before


def test_number_of_queries_is_the_same_for_one_and_for_many(quiet, django_assert_num_queries):
    ClosureFactory(clinic=quiet.clinic, from_on=MONDAY, until_on=date(2026, 12, 18))
    for many in (1, 4):
        for _ in range(many):
            window(quiet, date(2026, 12, 1), date(2026, 12, 10))
        with_hours(quiet.clinic, name=f"Dr Other {many}")
        with django_assert_num_queries(7):
            found = ahead(quiet)
        assert found.pushed
