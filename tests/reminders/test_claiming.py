"""Taking messages in hand, and taking them back from workers that are gone."""

from datetime import timedelta

import pytest

from clinic.practice.models import Clinic
from clinic.reminders.claiming import claim, give_back, is_anything_ready, recover
from clinic.reminders.models import DeliveryAttempt, EngineState, Message
from clinic.reminders.states import LEASE
from tests.factories import NOW, MessageFactory, PatientFactory
from tests.reminders.running import states

pytestmark = pytest.mark.django_db
LATER = NOW + LEASE


@pytest.fixture
def patient():
    return PatientFactory()


def taken(now=NOW, **options):
    return claim(worker="host:1", now=now, **options)


def test_what_is_ready_is_taken_oldest_first_with_a_lease_a_token_and_a_count(patient):
    late = MessageFactory(patient=patient, ready_at=NOW)
    early = MessageFactory(patient=patient, ready_at=NOW - timedelta(days=1))
    MessageFactory(patient=patient, ready_at=NOW + timedelta(seconds=1))
    MessageFactory(patient=patient, state="SENT")
    assert taken(limit=1).message_ids == (early.pk,)
    second = taken()
    assert second.message_ids == (late.pk,)
    late.refresh_from_db()
    assert (late.state, late.token, late.lease_until, late.worker, late.attempts) == (
        "CLAIMED", second.token, LATER, "host:1", 1,
    )  # fmt: skip
    assert taken().message_ids == ()
    assert DeliveryAttempt.objects.filter(from_state="READY", to_state="CLAIMED").count() == 2


def test_while_the_engine_is_paused_nothing_is_taken(patient):
    MessageFactory(patient=patient)
    EngineState.objects.create(pk=1, paused_at=NOW, paused_reason="a test")
    assert taken().message_ids == ()


def test_a_paused_clinic_keeps_its_letters_and_others_send_theirs(patient):
    elsewhere = MessageFactory()
    MessageFactory(patient=patient)
    Clinic.objects.filter(pk=patient.clinic_id).update(letters_paused_at=NOW, letters_paused_reason="a test")
    assert taken().message_ids == (elsewhere.pk,)
    assert not is_anything_ready(now=NOW)


def test_what_may_have_killed_its_worker_is_taken_alone(patient):
    suspects = [MessageFactory(patient=patient, attempts=2) for _number in range(2)]
    fresh = [MessageFactory(patient=patient, attempts=number) for number in (0, 1)]
    assert set(taken().message_ids) == {message.pk for message in fresh}
    assert taken().message_ids == (suspects[0].pk,)
    assert taken().message_ids == (suspects[1].pk,)


def test_what_was_only_claimed_goes_back_when_the_lease_runs_out(patient):
    MessageFactory(patient=patient)
    taken()
    assert recover(now=LATER - timedelta(seconds=1)) == 0
    assert recover(now=LATER) == 1
    message = Message.objects.get()
    assert (message.state, message.reason, message.attempts, message.ready_at) == ("READY", "LEASE_RAN_OUT", 1, LATER)


def test_what_has_been_claimed_too_often_is_given_up(patient):
    MessageFactory(patient=patient, attempts=4)
    taken()
    recover(now=LATER)
    assert states() == {"DEAD": 1}


def test_what_may_have_been_handed_over_is_in_doubt_and_no_machine_sends_it_again(patient):
    MessageFactory(patient=patient)
    claimed = taken()
    Message.objects.update(state="HANDOFF", handoff_at=NOW)
    recover(now=LATER)
    message = Message.objects.get()
    assert (message.state, message.reason, message.token) == ("UNKNOWN", "LEASE_RAN_OUT", None)
    assert taken(now=LATER + timedelta(days=1)).message_ids == ()
    assert claimed.message_ids == (message.pk,)


def test_what_did_not_get_its_turn_goes_back_uncounted(patient):
    MessageFactory(patient=patient)
    claimed = taken()
    give_back(claimed, claimed.message_ids, reason="TIME_IS_UP", ready_at=NOW, worker="host:1", now=NOW)
    message = Message.objects.get()
    assert (message.state, message.attempts, message.reason) == ("READY", 0, "TIME_IS_UP")
    assert DeliveryAttempt.objects.filter(from_state="CLAIMED", to_state="READY", outcome="TIME_IS_UP").count() == 1


def test_a_worker_whose_lease_ran_out_gives_nothing_back(patient):
    MessageFactory(patient=patient)
    old = taken()
    recover(now=LATER)
    new = taken(now=LATER)
    give_back(old, old.message_ids, reason="TIME_IS_UP", ready_at=NOW, worker="host:1", now=LATER)
    message = Message.objects.get()
    assert (message.state, message.token) == ("CLAIMED", new.token)
