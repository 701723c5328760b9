"""The engine's signs of life."""

from datetime import timedelta

import pytest

from clinic.practice.models import Clinic
from clinic.reminders.models import EngineState, Heartbeat
from clinic.reminders.services import take_pulse
from tests.factories import NOW, ClinicFactory, MessageFactory
from tests.reminders.running import Clock, run, started

pytestmark = pytest.mark.django_db


def test_before_its_first_run_the_engine_is_amber():
    assert take_pulse(now=NOW).level == "amber"


def test_after_a_run_it_is_green():
    run()
    pulse = take_pulse(now=NOW + timedelta(minutes=1))
    assert (pulse.level, pulse.last_tick_at, pulse.last_success_at) == ("green", NOW, NOW)
    assert pulse.is_well


@pytest.mark.parametrize(
    ("silence", "level"),
    [
        (timedelta(minutes=15), "green"),
        (timedelta(minutes=15, seconds=1), "amber"),
        (timedelta(hours=26), "amber"),
        (timedelta(hours=26, seconds=1), "red"),
    ],
)
@pytest.mark.parametrize("silent", ["last_success_at", "mail_failing_since"])
def test_silence_is_amber_after_fifteen_minutes_and_red_after_twenty_six_hours(silence, level, silent):
    started()
    Heartbeat.objects.update(last_tick_at=NOW, last_success_at=NOW)
    Heartbeat.objects.update(**{silent: NOW - silence})
    assert take_pulse(now=NOW).level == level


def test_a_tick_that_never_ends_well_is_no_sign_of_life():
    started()
    Heartbeat.objects.update(last_tick_at=NOW, last_success_at=NOW - timedelta(hours=27))
    assert take_pulse(now=NOW).level == "red"


def test_a_pause_is_amber_and_told_with_its_reason():
    run()
    EngineState.objects.update(paused_at=NOW, paused_reason="a strange list")
    pulse = take_pulse(now=NOW)
    assert (pulse.level, pulse.paused_reason) == ("amber", "a strange list")


def test_a_letter_that_nobody_takes_is_amber_unless_its_clinic_is_paused():
    run()
    MessageFactory(clinic=ClinicFactory(), ready_at=NOW - timedelta(minutes=15))
    assert take_pulse(now=NOW).is_stuck
    assert take_pulse(now=NOW).level == "amber"
    type(ClinicFactory()).objects.update(letters_paused_at=NOW, letters_paused_reason="x")
    assert take_pulse(now=NOW).level == "green"


def test_letters_that_wait_for_a_person_are_counted(django_assert_num_queries):
    run(Clock())
    for state in ("UNKNOWN", "UNKNOWN", "DEAD", "SENT"):
        MessageFactory(state=state)
    with django_assert_num_queries(1):
        pulse = take_pulse(now=NOW)
    assert (pulse.in_doubt, pulse.given_up) == (2, 1)


def test_pulse_counts_what_needs_a_person_at_the_readers_clinics_only():
    started()
    here, elsewhere = ClinicFactory(), ClinicFactory()
    MessageFactory(clinic=here, patient__clinic=here, state="UNKNOWN")
    MessageFactory(clinic=elsewhere, patient__clinic=elsewhere, state="UNKNOWN")

    assert take_pulse(now=NOW, clinics=Clinic.objects.filter(pk=here.pk)).in_doubt == 1
    assert take_pulse(now=NOW).in_doubt == 2
