"""F18: a database that was set back to a backup. The mark outside it and the mail server keep the truth."""

import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction

from clinic.audit import Actor
from clinic.management.faults.crowd import make_clinic, make_due
from clinic.reminders import piles
from clinic.reminders.models import EngineState, Message
from clinic.reminders.safeguard_state import Safeguard, SafeguardState
from clinic.reminders.services import mark_as_sent, resume_engine, send_again
from tests.factories import NOW, FollowUpFactory, HoldFactory, UserFactory
from tests.reminders.running import Clock, plan, run, states

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def clinic():
    return make_clinic(now=NOW)


@pytest.fixture
def person():
    return Actor.of_user(UserFactory())


@contextmanager
def set_back():
    """What happens inside is unknown to the database afterwards, as if a backup from its beginning had been put back."""
    backup = transaction.savepoint()
    yield
    transaction.savepoint_rollback(backup)


def guards():
    return SafeguardState.objects.get().guards


def test_f18_letters_that_went_after_the_backup_never_go_again_by_a_machine(server, clinic, person):
    run()
    with set_back():
        make_due(clinic, 5, now=NOW + HOUR)
        run(Clock(NOW + HOUR))
        assert len(server.taken) == 5
        run(Clock(NOW + 8 * HOUR))
    # The same five are due again in the restored database.
    make_due(clinic, 5, now=NOW + HOUR)
    clock = Clock(NOW + 9 * HOUR)
    run(clock)
    assert guards() == {Safeguard.MARK}
    assert "older than what has been done" in EngineState.objects.get().paused_reason
    resume_engine(by=person, now=clock.tick(minutes=1))
    for _run in range(5):
        clock.tick(minutes=1)
        run(clock)
    assert len(server.taken) == 5
    assert states() == {"UNKNOWN": 5}
    assert guards() == set()


@pytest.mark.parametrize("state", ["READY", "CLAIMED", "HANDOFF", "HELD"])
def test_f18_what_waited_at_the_backup_is_in_doubt_and_a_person_decides(server, clinic, person, state):
    patients = make_due(clinic, 2, now=NOW)
    run(budget=timedelta(0))
    plan()
    leased = {"token": uuid.uuid4(), "lease_until": NOW + timedelta(minutes=5)} if state in ("CLAIMED", "HANDOFF") else {}
    Message.objects.update(state=state, **leased)
    with set_back():
        Message.objects.update(state="READY", token=None, lease_until=None)
        run(Clock(NOW + HOUR))
        assert len(server.taken) == 2
    clock = Clock(NOW + 2 * HOUR)
    run(clock)
    assert states() == {"UNKNOWN": 2}
    assert "In doubt: 2 letters" in EngineState.objects.get().paused_reason
    first, second = Message.objects.order_by("pk")
    assert first.reason == "MAY_HAVE_GONE"
    resume_engine(by=person, now=clock.tick(minutes=1))
    mark_as_sent(by=person, message=first, now=clock.now)
    assert first.sent_at == NOW + HOUR
    send_again(by=person, message=second, now=clock.now)
    run(clock)
    assert states() == {"SENT": 2}
    assert [letter.recipient for letter in server.taken].count(patients[1].email) == 2


def test_f18_what_falls_due_after_the_gap_goes_as_always(server, clinic, person):
    run()
    with set_back():
        run(Clock(NOW + HOUR))
    clock = Clock(NOW + 2 * HOUR)
    run(clock)
    resume_engine(by=person, now=clock.now)
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    FollowUpFactory._meta.model.objects.filter(pk=follow_up.pk).update(
        opens_on=clock.now.date() + timedelta(days=16), suggested_from=clock.now.date() + timedelta(days=23),
        suggested_until=clock.now.date() + timedelta(days=30),
    )  # fmt: skip
    clock.tick(days=3)
    run(clock)
    assert states() == {"SENT": 1}


def test_a_letter_of_the_last_minute_before_the_crash_is_enough_to_notice(server, clinic):
    """No further run has told the mark: the one letter that the database does not know must."""
    make_due(clinic, 1, now=NOW)
    run(budget=timedelta(0))
    plan()
    with set_back():
        run(Clock(NOW))
        assert len(server.taken) == 1
    run(Clock(NOW))
    assert guards() == {Safeguard.MARK}
    assert states() == {"UNKNOWN": 1}


def test_a_database_that_lost_not_even_a_second_is_not_called_old(server, clinic):
    make_due(clinic, 3, now=NOW)
    clock = Clock()
    for _run in range(3):
        run(clock)
        run(clock)
        clock.tick(minutes=1)
    assert guards() == set()
    assert len(server.taken) == 3


def test_a_slower_worker_does_not_make_the_database_look_old(server):
    run(Clock(NOW + timedelta(seconds=1)))
    run(Clock(NOW))
    run(Clock(NOW + timedelta(seconds=2)))
    assert guards() == set()


def test_the_gap_is_told_once_and_not_again_at_every_run(server, clinic, person):
    run()
    with set_back():
        make_due(clinic, 1, now=NOW)
        run(Clock(NOW + HOUR))
    clock = Clock(NOW + 2 * HOUR)
    run(clock)
    resume_engine(by=person, now=clock.now)
    for _run in range(3):
        clock.tick(minutes=1)
        run(clock)
    assert guards() == set()
    assert SafeguardState.objects.get().gap_until == NOW + HOUR


def test_a_held_back_patient_of_the_gap_is_not_written_to_when_the_hold_ends(server, clinic, person):
    (patient,) = make_due(clinic, 1, now=NOW)
    run(budget=timedelta(0))
    plan()
    hold = HoldFactory(patient=patient, from_on=NOW.date())
    type(patient).objects.update(next_check_at=NOW)
    run()
    assert states() == {"HELD": 1}
    with set_back():
        run(Clock(NOW + HOUR))
    clock = Clock(NOW + 2 * HOUR)
    run(clock)
    resume_engine(by=person, now=clock.now)
    type(hold).objects.filter(pk=hold.pk).update(cleared_at=NOW, cleared_by=person.user)
    type(patient).objects.update(next_check_at=clock.now)
    run(clock.tick(days=1) and clock)
    assert states() == {"UNKNOWN": 1}
    assert server.taken == []


def test_in_doubt_by_a_gap_is_no_pile(clinic):
    assert piles.allowed(clinic, NOW) == 50
