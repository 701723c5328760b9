"""Several people at once: who was first is settled by the database, and everybody else is told so.

Real threads with connections of their own, committed transactions, on either database. PostgreSQL carries the promise about
load, so it is asked harder.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, connections

from clinic.audit import Actor, AuditEvent
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import (
    AlreadyBooked,
    BookingRefused,
    ChangeRefused,
    TimeTaken,
    cancel,
    mark_arrived,
    mark_missed,
    offer_times,
)
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, follow_up_of, make_agenda, with_hours

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENT = Actor.patient()
POSTGRESQL = connection.vendor == "postgresql"
BOOKERS, ROUNDS = (20, 15) if POSTGRESQL else (8, 10)


@pytest.fixture
def agenda():
    return make_agenda()


def at_once(*acts):
    """Do all `acts` at the same moment, each on a connection of its own; return what each returned or raised."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            connections["default"].ensure_connection()
            barrier.wait(timeout=30)
            return act()
        except (BookingRefused, ChangeRefused, DatabaseError) as refused:
            return refused
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def kinds(results):
    return Counter(type(result).__name__ for result in results)


def overlaps():
    """Pairs of live visits of one practitioner that share time, asked of the table in plain SQL."""
    live = "a.state IN ('BOOKED', 'ARRIVED', 'TREATED') AND b.state IN ('BOOKED', 'ARRIVED', 'TREATED')"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM clinic_appointment a JOIN clinic_appointment b ON a.id < b.id "
            f"AND (a.practitioner_id = b.practitioner_id OR a.patient_id = b.patient_id) AND {live} "
            "AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
        )
        return cursor.fetchone()[0]


def test_of_many_who_want_one_time_exactly_one_gets_it_every_round(agenda):
    follow_ups = [
        follow_up_of(patient, agenda.practitioner) for patient in PatientFactory.create_batch(BOOKERS, clinic=agenda.clinic)
    ]
    for number in range(ROUNDS):
        starts_at = TUESDAY_9 + timedelta(weeks=number)
        results = at_once(*(partial(agenda.book, starts_at, follow_up=follow_up) for follow_up in follow_ups))

        assert kinds(results) == {"Appointment": 1, "TimeTaken": BOOKERS - 1}
        winner = Appointment.objects.coming().get(starts_at=starts_at)
        assert winner in results
        cancel(by=agenda.staff, appointment=winner, reason="next round", now=NOW)
    assert Appointment.objects.count() == AuditEvent.objects.filter(action="BOOKED").count() == ROUNDS


def test_losers_are_offered_the_remaining_times(agenda):
    rivals = [agenda.follow_up, agenda.another_follow_up()]
    results = at_once(*(partial(agenda.book, follow_up=follow_up) for follow_up in rivals))
    loser = rivals[[isinstance(result, TimeTaken) for result in results].index(True)]

    remaining = [time.starts_at for time in offer_times(follow_up=loser, limit=3, now=NOW)]
    assert remaining[0] == TUESDAY_930
    assert agenda.book(remaining[0], follow_up=loser).pk


def test_times_that_overlap_only_in_part_are_settled_too(agenda):
    for number in range(ROUNDS):
        starts = [TUESDAY_9 + timedelta(weeks=number, minutes=shift) for shift in (0, 15, 30, 45)]
        results = at_once(*(partial(agenda.book, start, follow_up=agenda.another_follow_up()) for start in starts))
        assert set(kinds(results)) <= {"Appointment", "TimeTaken"}
        assert 1 <= kinds(results)["Appointment"] <= 2
    assert overlaps() == 0


def test_patients_double_click_books_once(agenda):
    for number in range(ROUNDS):
        follow_up = agenda.another_follow_up()
        starts_at = TUESDAY_9 + timedelta(weeks=number)
        results = at_once(*[partial(agenda.book, starts_at, by=PATIENT, follow_up=follow_up)] * 2)

        assert kinds(results) == {"Appointment": 1, "AlreadyBooked": 1}
        refused = next(result for result in results if isinstance(result, AlreadyBooked))
        assert refused.appointment in results


def test_patient_on_two_devices_with_two_times_books_one(agenda):
    results = at_once(*(partial(agenda.book, start, by=PATIENT) for start in (TUESDAY_9, TUESDAY_930, WEDNESDAY_9)))
    assert kinds(results) == {"Appointment": 1, "AlreadyBooked": 2}


def test_one_patient_with_two_follow_ups_is_not_booked_into_two_rooms(agenda):
    other = follow_up_of(agenda.patient, with_hours(agenda.clinic, "Dr Other"))
    for number in range(ROUNDS):
        starts_at = TUESDAY_9 + timedelta(weeks=number)
        results = at_once(
            partial(agenda.book, starts_at),
            partial(agenda.book, starts_at, follow_up=other, practitioner=other.session.practitioner),
        )
        assert kinds(results) == {"Appointment": 1, "AlreadyBooked": 1}
        cancel(by=agenda.staff, appointment=Appointment.objects.coming().get(), reason="next round", now=NOW)


def test_time_that_is_cancelled_meanwhile_goes_to_one_other_or_stays_free(agenda):
    for number in range(ROUNDS):
        starts_at = TUESDAY_9 + timedelta(weeks=number)
        holder, rivals = agenda.another_follow_up(), [agenda.another_follow_up() for _ in range(3)]
        held = agenda.book(starts_at, follow_up=holder)
        results = at_once(
            partial(cancel, by=PATIENT, appointment=held, reason="by the patient", now=NOW),
            *(partial(agenda.book, starts_at, follow_up=rival) for rival in rivals),
        )

        assert Appointment.objects.get(pk=held.pk).state == "CANCELLED"
        assert kinds(results[1:])["Appointment"] <= 1
        assert set(kinds(results[1:])) <= {"Appointment", "TimeTaken"}
    assert overlaps() == 0


def test_cancelling_twice_at_once_is_one_cancellation(agenda):
    appointment = agenda.book()
    at_once(
        *(
            partial(cancel, by=PATIENT, appointment=copy, reason="by the patient", now=NOW)
            for copy in (Appointment.objects.get(pk=appointment.pk) for _ in range(4))
        )
    )
    assert list(appointment.changes.order_by("id").values_list("kind", flat=True)) == ["BOOKED", "CANCELLED"]


def test_visit_that_comes_back_to_life_meets_the_one_that_took_its_time(agenda):
    """A missed visit is marked as arrived just as somebody else books its time: only one of the two may take it."""
    for number in range(ROUNDS):
        starts_at = TUESDAY_9 + timedelta(weeks=number)
        missed = agenda.book(starts_at, follow_up=agenda.another_follow_up())
        mark_missed(by=agenda.staff, appointment=missed, now=starts_at)
        rival = agenda.another_follow_up()
        results = at_once(
            partial(mark_arrived, by=agenda.staff, appointment=missed, now=starts_at + timedelta(minutes=5)),
            partial(agenda.book, starts_at, follow_up=rival, now=starts_at - timedelta(minutes=5)),
        )
        assert kinds(results) == {"Appointment": 1, "TimeTaken": 1}
    assert overlaps() == 0


def test_database_alone_lets_one_row_through(agenda):
    """Past the services and their locks, straight into the table."""
    patients = PatientFactory.create_batch(4, clinic=agenda.clinic)
    for number in range(ROUNDS):
        given = {
            "clinic": agenda.clinic, "practitioner": agenda.practitioner, "kind": agenda.kind, "changes": (),
            "starts_at": TUESDAY_9 + timedelta(weeks=number),
        }  # fmt: skip
        written = at_once(*(partial(AppointmentFactory, patient=patient, **given) for patient in patients))
        # PostgreSQL may tell a loser of a deadlock instead of the overlap; two rows never stand.
        assert kinds(written)["Appointment"] == 1
    assert overlaps() == 0
