"""Visits that are moved while others book, cancel and move: who was first is settled, and no time is lost or doubled."""

from datetime import timedelta
from functools import partial

import pytest

from clinic.audit import Actor
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import cancel, move
from tests.factories import NOW
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, make_agenda
from tests.test_races import ROUNDS, at_once, kinds, overlaps

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENT = Actor.patient()


@pytest.fixture
def agenda():
    return make_agenda()


def moving(agenda, appointment, to, by=PATIENT):
    """A move of this visit's row as it stood before anything began."""
    copy = Appointment.objects.get(pk=appointment.pk)
    return partial(move, by=by, appointment=copy, practitioner=agenda.practitioner, starts_at=to, now=NOW)


def kept(appointment):
    """What is always true of a visit's history: it is whole, and its last row is where the visit stands."""
    appointment.refresh_from_db()
    changes = list(appointment.changes.order_by("id"))
    assert [change.sequence for change in changes] == list(range(appointment.sequence + 1))
    assert changes[-1].starts_at == appointment.starts_at
    return appointment


def test_of_two_visits_moved_to_one_time_one_gets_it_and_the_other_stays(agenda):
    for number in range(ROUNDS):
        week = timedelta(weeks=number)
        visits = [agenda.book(start + week, follow_up=agenda.another_follow_up()) for start in (TUESDAY_9, TUESDAY_930)]
        results = at_once(*(moving(agenda, visit, WEDNESDAY_9 + week) for visit in visits))

        assert kinds(results) == {"Appointment": 1, "TimeTaken": 1}
        stayed = visits[1 - [type(result) for result in results].index(Appointment)]
        assert kept(stayed).starts_at in (TUESDAY_9 + week, TUESDAY_930 + week)
        assert Appointment.objects.coming().filter(starts_at=WEDNESDAY_9 + week).count() == 1
    assert overlaps() == 0


def test_two_visits_may_change_places_only_one_after_the_other(agenda):
    """Each wants the other's time: whoever comes first is refused, for the other still stands there, and nothing is doubled."""
    for number in range(ROUNDS):
        week = timedelta(weeks=number)
        visits = [agenda.book(start + week, follow_up=agenda.another_follow_up()) for start in (TUESDAY_9, TUESDAY_930)]
        results = at_once(moving(agenda, visits[0], TUESDAY_930 + week), moving(agenda, visits[1], TUESDAY_9 + week))
        assert kinds(results) == {"TimeTaken": 2}
        assert [kept(visit).starts_at - week for visit in visits] == [TUESDAY_9, TUESDAY_930]
    assert overlaps() == 0


def test_visit_moved_while_it_is_cancelled_ends_cancelled_with_both_times_free(agenda):
    for number in range(ROUNDS):
        week = timedelta(weeks=number)
        visit = agenda.book(TUESDAY_9 + week, follow_up=agenda.another_follow_up())
        results = at_once(
            moving(agenda, visit, WEDNESDAY_9 + week),
            partial(cancel, by=PATIENT, appointment=Appointment.objects.get(pk=visit.pk), reason="by the patient", now=NOW),
        )
        assert set(kinds(results)) <= {"Appointment", "ChangeRefused"}
        assert kept(visit).state == "CANCELLED"
        for start in (TUESDAY_9, WEDNESDAY_9):
            assert agenda.book(start + week, follow_up=agenda.another_follow_up()).pk


def test_time_wanted_by_a_move_and_a_booking_goes_to_one_of_them(agenda):
    for number in range(ROUNDS):
        week = timedelta(weeks=number)
        visit = agenda.book(TUESDAY_9 + week, follow_up=agenda.another_follow_up())
        results = at_once(
            moving(agenda, visit, WEDNESDAY_9 + week),
            partial(agenda.book, WEDNESDAY_9 + week, follow_up=agenda.another_follow_up()),
        )
        assert kinds(results) == {"Appointment": 1, "TimeTaken": 1}
        assert kept(visit).state == "BOOKED"
        assert Appointment.objects.coming().filter(starts_at=WEDNESDAY_9 + week).count() == 1
    assert overlaps() == 0


def test_time_given_back_by_a_move_goes_to_one_other_or_stays_free(agenda):
    for number in range(ROUNDS):
        week = timedelta(weeks=number)
        visit = agenda.book(TUESDAY_9 + week, follow_up=agenda.another_follow_up())
        results = at_once(
            moving(agenda, visit, WEDNESDAY_9 + week),
            *(partial(agenda.book, TUESDAY_9 + week, follow_up=agenda.another_follow_up()) for _ in range(3)),
        )
        assert kinds(results[:1]) == {"Appointment": 1}
        assert kinds(results[1:])["Appointment"] <= 1
        assert set(kinds(results[1:])) <= {"Appointment", "TimeTaken"}
    assert overlaps() == 0


def test_visit_moved_twice_at_once_to_one_time_is_moved_once(agenda):
    visit = agenda.book(by=PATIENT)
    at_once(*(moving(agenda, visit, WEDNESDAY_9) for _ in range(4)))
    assert list(visit.changes.order_by("id").values_list("kind", flat=True)) == ["BOOKED", "MOVED"]
    assert kept(visit).starts_at == WEDNESDAY_9
