"""Every transition of a message, and the refusal of every other."""

import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from clinic.reminders import states
from clinic.reminders.models import DeliveryAttempt, Message, MessageState
from clinic.reminders.policy import OPEN_STATES
from clinic.reminders.rules import GONE_STATES
from clinic.reminders.states import TRANSITIONS, State, TransitionRefused
from clinic.reminders.steps import Reason
from clinic.reminders.transitions import Move, move, move_all
from tests.factories import NOW, MessageFactory, UserFactory

#: The table of the design, written out once more by hand.
ALLOWED = {
    ("READY", to) for to in ("CLAIMED", "READY", "CANCELLED", "SUPERSEDED", "EXPIRED", "SUPPRESSED", "HELD", "UNKNOWN")
} | {
    ("CLAIMED", to)
    for to in ("READY", "CANCELLED", "SUPERSEDED", "EXPIRED", "SUPPRESSED", "HELD", "HANDOFF", "FAILED", "DEAD", "UNKNOWN")
} | {("HANDOFF", to) for to in ("SENT", "READY", "FAILED", "UNKNOWN")} | {
    ("UNKNOWN", "SENT"), ("UNKNOWN", "READY"), ("DEAD", "READY"), ("FAILED", "READY"), ("HELD", "READY"),
    ("HELD", "UNKNOWN"),
    ("UNKNOWN", "CANCELLED"), ("DEAD", "CANCELLED"), ("FAILED", "CANCELLED"), ("HELD", "CANCELLED"),
    ("SENT", "BOUNCED"), ("SENT", "COMPLAINED"),
}  # fmt: skip
EVERY_PAIR = list(product([state.value for state in State], repeat=2))


def message_in(state, **fields):
    in_hand = state in states.IN_HAND
    return MessageFactory(
        state=state,
        token=uuid.uuid4() if in_hand else None,
        lease_until=NOW + timedelta(minutes=5) if in_hand else None,
        **({"sent_at": NOW} if state == "SENT" else {}),
        **fields,
    )


def made(message, target, **what):
    return move(Move(pk=message.pk, origin=State(message.state), target=State(target), outcome="TEST", **what), now=NOW)


def test_the_states_of_the_program_are_those_of_the_database():
    assert {state.value for state in State} == set(MessageState.values)
    assert {(origin.value, target.value) for origin, targets in TRANSITIONS.items() for target in targets} == ALLOWED


@pytest.mark.django_db
@pytest.mark.parametrize(("origin", "target"), [pair for pair in EVERY_PAIR if pair not in ALLOWED])
def test_what_the_table_does_not_know_is_refused_and_nothing_is_written(origin, target):
    message = message_in(origin)
    with pytest.raises(TransitionRefused):
        made(message, target)
    message.refresh_from_db()
    assert message.state == origin
    assert not DeliveryAttempt.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("origin", "target"), sorted(ALLOWED - {("READY", "CLAIMED")}))
def test_what_the_table_knows_is_made_once_and_leaves_one_row(origin, target):
    message = message_in(origin)
    assert made(message, target, token=message.token, worker="w", ready_at=NOW if target == "READY" else None)
    found = Message.objects.get(pk=message.pk)
    assert found.state == target
    assert (found.token is not None) == (target in states.IN_HAND)
    row = DeliveryAttempt.objects.get()
    assert (row.message_id, row.from_state, row.to_state, row.outcome, row.worker) == (message.pk, origin, target, "TEST", "w")
    if origin != target:
        assert not made(message, target, token=message.token)
        assert DeliveryAttempt.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["CLAIMED", "HANDOFF"])
def test_only_the_worker_with_the_token_moves_what_it_has_in_hand(state):
    message = message_in(state)
    assert not made(message, "READY", token=uuid.uuid4(), ready_at=NOW)
    assert not DeliveryAttempt.objects.exists()
    assert made(message, "READY", token=message.token, ready_at=NOW)


@pytest.mark.django_db
def test_an_intent_is_written_with_its_time_its_hash_and_a_new_lease():
    message = message_in("CLAIMED", attempts=1)
    made(message, "HANDOFF", token=message.token, rendered_hash="ab" * 32)
    message.refresh_from_db()
    assert (message.handoff_at, message.rendered_hash) == (NOW, "ab" * 32)
    assert message.lease_until == NOW + states.LEASE
    assert message.attempts == 1


@pytest.mark.django_db
def test_a_claim_that_came_to_nothing_through_no_fault_of_the_letter_is_not_counted():
    message = message_in("CLAIMED", attempts=3)
    made(message, "READY", token=message.token, ready_at=NOW, unburned=True)
    message.refresh_from_db()
    assert message.attempts == 2


@pytest.mark.django_db
def test_what_a_person_sends_again_begins_anew_and_names_the_person():
    user = UserFactory()
    message = message_in("DEAD", attempts=5)
    made(message, "READY", ready_at=NOW, anew=True, by_user=user)
    message.refresh_from_db()
    assert message.attempts == 0
    assert DeliveryAttempt.objects.get().by_user == user


@pytest.mark.django_db
def test_many_at_once_go_only_from_where_they_are():
    ready, gone, held = message_in("READY"), message_in("SENT"), message_in("HELD")
    changes = [
        Move(pk=ready.pk, origin=State.READY, target=State.EXPIRED, outcome="EXPIRED"),
        Move(pk=gone.pk, origin=State.READY, target=State.EXPIRED, outcome="EXPIRED"),
        Move(pk=held.pk, origin=State.HELD, target=State.READY, outcome="EXPIRED", ready_at=NOW),
        Move(pk=held.pk, origin=State.READY, target=State.EXPIRED, outcome="EXPIRED"),
    ]
    assert move_all(changes, now=NOW) == 3
    assert {m.pk: m.state for m in Message.objects.all()} == {ready.pk: "EXPIRED", gone.pk: "SENT", held.pk: "EXPIRED"}
    assert DeliveryAttempt.objects.filter(message=gone).count() == 0
    with pytest.raises(TransitionRefused):
        move_all([Move(pk=gone.pk, origin=State.SENT, target=State.READY, outcome="x")], now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields", [{"state": "CLAIMED"}, {"state": "READY", "token": uuid.uuid4()}, {"state": "SENT", "sent_at": None}]
)
def test_the_database_itself_refuses_a_message_that_contradicts_itself(fields):
    message = MessageFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**fields)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.DUE])
def test_every_reason_leads_from_ready_to_a_state_that_the_table_knows(reason):
    target = states.settled_as(reason)
    assert target in TRANSITIONS[State.READY]
    assert target in TRANSITIONS[State.CLAIMED]
    assert len(reason) <= 24


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 5), (2, 30), (3, 120), (4, 360), (5, 720), (9, 720)])
def test_the_wait_grows_and_is_spread_by_a_fifth(attempts, minutes):
    waits = [states.back_off(attempts, chance / 10) for chance in range(11)]
    assert waits[0] == timedelta(minutes=minutes) * 0.8
    assert waits[-1] == timedelta(minutes=minutes) * 1.2
    assert min(waits) >= timedelta(seconds=60)


def test_a_domain_is_left_alone_for_longer_each_time_up_to_four_hours():
    minutes = [states.domain_hold(strikes) / timedelta(minutes=1) for strikes in (1, 2, 3, 4, 5, 6, 40)]
    assert minutes == [15, 30, 60, 120, 240, 240, 240]


def test_open_gone_and_other_states_do_not_overlap():
    assert not OPEN_STATES & GONE_STATES
    assert {state.value for state in State} >= OPEN_STATES | GONE_STATES
