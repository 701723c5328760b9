"""The nightly look at everybody: it finds whom the queue would have missed, and nobody else."""

from datetime import timedelta

import pytest

from clinic.patients.models import Patient
from clinic.reminders import outlooks, sweep
from clinic.reminders.models import EngineState, Message
from clinic.reminders.plans import ensure_plan
from tests.factories import NOW, AppointmentFactory, ClinicFactory, FollowUpFactory, MessageFactory, PatientFactory
from tests.reminders.running import Clock, plan, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    started()
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


def swept(now=NOW, **options):
    return sweep.run(clock=Clock(now), until=now + timedelta(seconds=30), **options)


def test_after_a_run_of_the_planner_nobody_is_missed(clinic, caplog):
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, patient__email="")
    AppointmentFactory(patient__clinic=clinic, patient__next_check_at=NOW, starts_at=NOW + timedelta(days=9))
    plan()
    assert swept() == 0
    assert "missed" not in caplog.text


@pytest.mark.parametrize("mark", [None, NOW + timedelta(days=90)])
def test_a_patient_whom_the_queue_would_have_missed_is_found_told_and_set_right(clinic, caplog, mark):
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=mark)
    assert swept() == 1
    assert f"patient {follow_up.patient.public_id} would have been missed" in caplog.text
    assert follow_up.patient.family_name not in caplog.text
    assert Patient.objects.get(pk=follow_up.patient_id).next_check_at == NOW
    assert plan().letters == 1


def test_a_patient_who_would_be_looked_at_too_late_is_found(clinic):
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    plan()
    Patient.objects.filter(pk=follow_up.patient_id).update(next_check_at=NOW + timedelta(days=100))
    assert swept() == 1


def test_a_patient_who_is_in_the_queue_already_is_no_difference(clinic):
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW - timedelta(minutes=1))
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    assert swept() == 0


def test_a_letter_on_its_way_is_no_difference(clinic):
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    plan()
    Message.objects.update(state="CLAIMED", token=follow_up.public_id, lease_until=NOW + timedelta(minutes=5))
    assert swept() == 0


def test_patients_with_nothing_open_are_passed_over(clinic, django_assert_max_num_queries):
    for _number in range(20):
        PatientFactory(clinic=clinic)
    FollowUpFactory(patient__clinic=clinic, state="TREATED")
    MessageFactory(state="SENT")
    with django_assert_max_num_queries(20):
        assert swept() == 0


def test_it_runs_once_a_night_and_not_before_two(clinic):
    assert swept(NOW.replace(hour=1)) == 0
    assert EngineState.objects.get().last_swept_on is None
    swept(NOW.replace(hour=2))
    assert EngineState.objects.get().last_swept_on == NOW.date()
    FollowUpFactory(patient__clinic=clinic, patient__next_check_at=None)
    assert swept(NOW.replace(hour=3)) == 0
    assert swept(NOW + timedelta(days=1)) == 1


def test_it_goes_on_where_it_was_cut_off(clinic):
    follow_ups = [FollowUpFactory(patient__clinic=clinic, patient__next_check_at=None) for _number in range(5)]
    clock = Clock()

    def ticking():
        return clock.tick(seconds=10)

    assert sweep.run(clock=ticking, until=NOW + timedelta(seconds=25), batch=2) == 4
    assert EngineState.objects.get().swept_to == follow_ups[3].patient_id
    assert swept(NOW + timedelta(minutes=1), batch=2) == 1
    state = EngineState.objects.get()
    assert (state.swept_to, state.last_swept_on) == (None, NOW.date())


def test_one_patient_whose_dates_break_the_rules_does_not_end_the_sweep(clinic, monkeypatch, caplog):
    poison, other = (FollowUpFactory(patient__clinic=clinic, patient__next_check_at=None) for _number in range(2))
    real = outlooks.decide

    def decide(situation, plans, at):
        if situation.patient_id == poison.patient_id:
            raise OverflowError
        return real(situation, plans, at)

    monkeypatch.setattr(outlooks, "decide", decide)
    assert swept() == 1
    assert Patient.objects.get(pk=other.patient_id).next_check_at == NOW
    assert EngineState.objects.get().last_swept_on == NOW.date()
    assert "OverflowError" in caplog.text
