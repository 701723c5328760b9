"""Which visits a change of the hours displaces, and which have to be moved."""

from datetime import date, time, timedelta

import pytest

from clinic.scheduling.services import (
    be_away,
    cancel,
    change_or_show,
    change_weekly_hours,
    close,
    closing,
    displaced_by,
    end_closure,
    going_away,
    keeping_hours,
    mark_arrived,
    move,
    seeing_only,
    to_be_moved,
)
from clinic.scheduling.slots import WeeklyHours
from tests.factories import NOW, ClosureFactory, PractitionerFactory
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, at

pytestmark = pytest.mark.django_db
TUESDAY, WEDNESDAY = date(2026, 12, 1), date(2026, 12, 2)


@pytest.fixture
def visits(agenda):
    """Booked on Tuesday at nine and half past, and on Wednesday at nine."""
    times = (TUESDAY_9, TUESDAY_930, WEDNESDAY_9)
    return [agenda.book(starts, follow_up=agenda.another_follow_up()) for starts in times]


def listed(agenda, now=NOW):
    return list(to_be_moved(clinic=agenda.clinic, now=now, most=50).visits)


def displaced(agenda, proposed):
    return list(displaced_by(clinic=agenda.clinic, proposed=proposed, now=NOW, most=50).visits)


def close_tuesday(agenda, practitioner=None, now=NOW):
    return close(
        by=agenda.staff,
        clinic=agenda.clinic,
        practitioner=practitioner,
        from_on=TUESDAY,
        until_on=TUESDAY,
        reason="course",
        now=now,
    )


def test_change_displaces_those_who_are_booked_then_and_nobody_else(agenda, visits):
    first, second, third = visits
    person = agenda.practitioner
    assert displaced(agenda, closing(None, TUESDAY, TUESDAY)) == [first, second]
    assert displaced(agenda, closing(person, WEDNESDAY, WEDNESDAY)) == [third]
    assert displaced(agenda, closing(PractitionerFactory(), TUESDAY, TUESDAY)) == []
    assert displaced(agenda, going_away(person, TUESDAY, time(9, 45), time(10))) == [second]
    assert displaced(agenda, seeing_only(person, TUESDAY, [(time(9, 30), time(12))])) == [first]
    hours = [WeeklyHours(2, time(9), time(12))]
    assert displaced(agenda, keeping_hours(person, hours, TUESDAY, None)) == [first, second]
    assert displaced(agenda, keeping_hours(person, hours, date(2026, 12, 8), None)) == []


def test_whoever_had_to_be_moved_before_is_not_told_to_be_displaced_again(agenda, visits):
    close_tuesday(agenda)
    assert displaced(agenda, closing(None, TUESDAY, WEDNESDAY)) == [visits[2]]


def test_change_that_displaces_somebody_waits_for_those_to_be_confirmed(agenda, visits):
    given = {"clinic": agenda.clinic, "proposed": closing(None, TUESDAY, TUESDAY), "now": NOW, "most": 1}
    shown = change_or_show(**given, change=lambda: close_tuesday(agenda), confirmed="")
    assert (shown.visits, shown.count) == ((visits[0],), 2)
    assert not agenda.clinic.closures.exists()

    # Somebody books meanwhile: what was confirmed is not what would happen.
    agenda.book(at(1, 9), follow_up=agenda.another_follow_up())
    again = change_or_show(**given, change=lambda: close_tuesday(agenda), confirmed=shown.token)
    assert again.count == 3
    assert not agenda.clinic.closures.exists()

    assert change_or_show(**given, change=lambda: close_tuesday(agenda), confirmed=again.token) is None
    assert agenda.clinic.closures.count() == 1


def test_visit_stands_on_the_list_until_it_is_moved_or_cancelled(agenda, visits):
    close_tuesday(agenda)
    assert listed(agenda) == visits[:2]
    move(by=agenda.staff, appointment=visits[0], practitioner=agenda.practitioner, starts_at=at(3, 8), now=NOW)
    cancel(by=agenda.staff, appointment=visits[1], reason="rang", now=NOW)
    assert listed(agenda) == []


def test_visit_leaves_the_list_when_the_hours_hold_it_again(agenda, visits):
    closure = close_tuesday(agenda)
    end_closure(by=agenda.staff, closure=closure, now=NOW)
    assert listed(agenda) == []


def test_visits_with_somebody_who_no_longer_treats_there_have_to_be_moved(agenda, visits):
    agenda.practitioner.is_active = False
    agenda.practitioner.save()
    assert listed(agenda) == visits


def test_visit_that_is_over_or_begun_is_nobody_s_work(agenda, visits):
    close_tuesday(agenda)
    morning = at(1, 7)
    mark_arrived(by=agenda.staff, appointment=visits[0], now=morning)
    assert listed(agenda, now=morning) == visits[:2]
    assert listed(agenda, now=at(1, 8, 15)) == [visits[1]]


def test_visit_put_outside_the_hours_knowingly_is_listed_only_once_its_time_is_closed_later(agenda):
    evening = agenda.book(at(1, 17), overbooked_reason="comes after work")
    assert listed(agenda) == []
    close_tuesday(agenda, now=NOW + timedelta(hours=1))
    assert listed(agenda) == [evening]


def test_visit_put_into_a_closed_day_knowingly_is_not_listed(agenda):
    ClosureFactory(clinic=agenda.clinic, from_on=TUESDAY, until_on=TUESDAY, changed_at=NOW - timedelta(days=1))
    agenda.book(TUESDAY_9, overbooked_reason="in pain")
    assert listed(agenda) == []


def test_reason_for_sharing_a_time_does_not_hide_a_visit_from_a_later_change_of_hours(agenda, visits):
    shared = agenda.book(TUESDAY_9, follow_up=agenda.follow_up, overbooked_reason="short")
    change_weekly_hours(
        by=agenda.staff,
        clinic=agenda.clinic,
        practitioner=agenda.practitioner,
        hours=[WeeklyHours(2, time(9), time(12))],
        from_on=TUESDAY,
        until_on=None,
        now=NOW + timedelta(hours=1),
    )
    assert set(listed(agenda)) == {visits[0], visits[1], shared}


def test_part_of_a_day_displaces_only_what_it_touches(agenda, visits):
    be_away(
        by=agenda.staff,
        clinic=agenda.clinic,
        practitioner=agenda.practitioner,
        on=TUESDAY,
        starts=time(9, 30),
        ends=time(10),
        reason="call",
        now=NOW,
    )
    assert listed(agenda) == [visits[1]]


def test_another_clinic_s_closure_displaces_nobody_here(agenda, visits):
    other = ClosureFactory(from_on=TUESDAY, until_on=TUESDAY)
    assert other.clinic != agenda.clinic
    assert listed(agenda) == []


def test_number_of_queries_is_the_same_for_one_and_for_many(agenda, django_assert_num_queries):
    def ask():
        to_be_moved(clinic=agenda.clinic, now=NOW, most=50)

    for hours in ([8], [9, 10]):
        for hour in hours:
            agenda.book(at(2, hour), follow_up=agenda.another_follow_up())
        close(
            by=agenda.staff,
            clinic=agenda.clinic,
            practitioner=None,
            from_on=WEDNESDAY,
            until_on=WEDNESDAY,
            reason="course",
            now=NOW,
        )
        with django_assert_num_queries(6):
            ask()
        agenda.clinic.closures.all().delete()
