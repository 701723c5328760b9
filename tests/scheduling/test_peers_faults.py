"""Faults that were read in other booking systems, each as a test of ours: Care, Easy!Appointments and DentalPin."""

from functools import partial

import pytest

from clinic.audit import Actor
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import TimeTaken, cancel, mark_missed, move
from tests.factories import NOW, ClinicFactory, PatientFactory
from tests.scheduling.agenda import TUESDAY_9, WEDNESDAY_9, follow_up_of, make_agenda, with_hours
from tests.test_races import at_once, kinds, overlaps

PATIENT = Actor.patient()


@pytest.fixture
def agenda():
    return make_agenda()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_care_availability_slot_loaded_before_the_lock_is_read_again_inside_it(self, agenda):
        """Both have loaded everything, and seen the time free, before either begins."""
        rivals = [agenda.follow_up, agenda.another_follow_up()]
        results = at_once(*(partial(agenda.book, follow_up=follow_up) for follow_up in rivals))
        assert kinds(results) == {"Appointment": 1, "TimeTaken": 1}

    def test_care_booking_cancelling_while_another_books_loses_and_doubles_no_time(self, agenda):
        held = agenda.book()
        results = at_once(
            partial(cancel, by=PATIENT, appointment=held, reason="by the patient", now=NOW),
            partial(agenda.book, follow_up=agenda.another_follow_up()),
        )
        took = kinds(results[1:])["Appointment"]
        assert Appointment.objects.coming().filter(starts_at=TUESDAY_9).count() == took
        if not took:
            assert agenda.book(follow_up=agenda.another_follow_up()).pk
        assert overlaps() == 0

    def test_easy_appointments_check_and_insert_are_one(self, agenda):
        follow_ups = [agenda.another_follow_up() for _ in range(6)]
        results = at_once(*(partial(agenda.book, follow_up=follow_up) for follow_up in follow_ups))
        assert kinds(results) == {"Appointment": 1, "TimeTaken": 5}
        assert overlaps() == 0


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_care_booking_full_new_time_leaves_the_old_one_standing(self, agenda):
        appointment = agenda.book(by=PATIENT)
        agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up())
        with pytest.raises(TimeTaken):
            move(by=PATIENT, appointment=appointment, practitioner=agenda.practitioner, starts_at=WEDNESDAY_9, now=NOW)
        stored = Appointment.objects.get(pk=appointment.pk)
        assert (stored.starts_at, stored.state, stored.sequence) == (TUESDAY_9, "BOOKED", 0)
        with pytest.raises(TimeTaken):
            agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())

    def test_easy_appointments_cancelled_and_missed_visits_stay_countable(self, agenda):
        cancel(by=PATIENT, appointment=agenda.book(), reason="by the patient", now=NOW)
        mark_missed(by=agenda.staff, appointment=agenda.book(), now=TUESDAY_9)
        assert sorted(agenda.patient.appointments.values_list("state", flat=True)) == ["CANCELLED", "MISSED"]
        assert {visit.changes.count() for visit in agenda.patient.appointments.all()} == {2}

    def test_dentalpin_booking_closes_the_follow_up_it_is_for_and_no_other(self, agenda):
        second = follow_up_of(agenda.patient, agenda.practitioner)
        agenda.book()
        booked = Appointment.objects.coming()
        assert booked.filter(follow_up=agenda.follow_up).exists()
        assert not booked.filter(follow_up=second).exists()

    def test_dentalpin_visit_of_one_clinic_is_for_nobody_of_another(self, agenda):
        other = ClinicFactory()
        theirs = follow_up_of(PatientFactory(clinic=other), with_hours(other, "Dr Elsewhere"))
        with pytest.raises(ValueError, match="another patient"):
            agenda.book(follow_up=theirs, patient=agenda.patient)
        with pytest.raises(ValueError, match="clinic of the visit"):
            agenda.book(follow_up=theirs)
        assert not Appointment.objects.exists()
