"""The engine's signs of life."""

import uuid
from datetime import timedelta

import pytest

from clinic.practice.models import Clinic
from clinic.reminders.models import EngineState, Heartbeat
from clinic.reminders.piles import LetterPile
from clinic.reminders.safeguard_state import SafeguardState
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


@pytest.mark.parametrize(("age", "level"), [(timedelta(minutes=5), "green"), (timedelta(minutes=5, seconds=1), "red")])
@pytest.mark.parametrize("state", ["READY", "CLAIMED", "HELD", "UNKNOWN", "FAILED", "DEAD"])
def test_an_urgent_letter_that_has_not_gone_for_five_minutes_is_red_at_once(age, level, state):
    """No plan has this step yet; the alarm comes with the first one."""
    run()
    leased = {"token": uuid.uuid4(), "lease_until": NOW + age} if state == "CLAIMED" else {}
    MessageFactory(step="URGENT", state=state, created_at=NOW - age, ready_at=NOW, **leased)
    assert take_pulse(now=NOW).level == level


@pytest.mark.parametrize("state", ["SENT", "CANCELLED"])
def test_an_urgent_letter_that_has_gone_or_is_no_longer_needed_is_no_alarm(state):
    run()
    MessageFactory(step="URGENT", state=state, created_at=NOW - timedelta(hours=1))
    assert take_pulse(now=NOW).level == "green"


def test_a_pile_and_a_mark_that_cannot_be_written_are_amber_at_once():
    run()
    pile = LetterPile.objects.create(clinic=ClinicFactory(), found_at=NOW, ready=60, allowed=50)
    assert take_pulse(now=NOW).level == "amber"
    assert take_pulse(now=NOW, clinics=Clinic.objects.exclude(pk=pile.clinic_id)).level == "green"
    LetterPile.objects.update(looked_at=NOW)
    assert take_pulse(now=NOW).level == "green"
    SafeguardState.objects.update(mark_failing_since=NOW)
    assert take_pulse(now=NOW).level == "amber"
    assert take_pulse(now=NOW + timedelta(hours=26, seconds=1)).level == "red"


def test_which_guards_have_paused_is_told():
    run()
    EngineState.objects.update(paused_at=NOW, paused_reason="The clock was set.")
    SafeguardState.objects.update(paused_by="CLOCK INSTANCE")
    assert take_pulse(now=NOW).guards == ("CLOCK", "INSTANCE")
