"""The blast guard: many more letters than a clinic ever sends wait until somebody has looked at them."""

from datetime import timedelta

import pytest

from clinic.audit import Action, Actor, AuditEvent
from clinic.management.faults.crowd import make_clinic, make_due
from clinic.practice.models import Clinic
from clinic.reminders import piles
from clinic.reminders.models import Message
from clinic.reminders.piles import LetterPile
from clinic.reminders.services import DecisionRefused, pause_clinic, resume_clinic, take_pulse
from tests.factories import NOW, MessageFactory, PatientFactory, UserFactory
from tests.reminders.running import Clock, run, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    return make_clinic(now=NOW)


@pytest.fixture
def person():
    return Actor.of_user(UserFactory())


def went(clinic, count, *, days_ago, **fields):
    """So many letters that a clinic sent on one day."""
    at = NOW - timedelta(days=days_ago)
    patient = PatientFactory(clinic=clinic)
    MessageFactory.create_batch(count, patient=patient, state="SENT", due_at=at, **fields)


def is_paused(clinic):
    return Clinic.objects.values_list("letters_paused_at", flat=True).get(pk=clinic.pk) is not None


def test_fifty_letters_at_once_go_at_any_clinic(server, clinic):
    make_due(clinic, 50, now=NOW)
    run()
    assert len(server.taken) == 50
    assert not is_paused(clinic)


def test_one_more_and_none_goes_until_somebody_has_looked(server, clinic):
    make_due(clinic, 51, now=NOW)
    run()
    assert server.taken == []
    assert states() == {"READY": 51}
    clinic.refresh_from_db()
    assert clinic.letters_paused_reason == "51 letters are ready at once, and at most 50 are usual here. Look at them first."
    assert list(LetterPile.objects.values_list("ready", "allowed", "looked_at")) == [(51, 50, None)]
    assert AuditEvent.objects.filter(action=Action.PAUSED, actor_kind="SYSTEM", clinic=clinic, count=51).count() == 1
    assert take_pulse(now=NOW).level == "amber"
    run(Clock(NOW + timedelta(minutes=1)))
    assert server.taken == []
    assert AuditEvent.objects.filter(action=Action.PAUSED).count() == 1


@pytest.mark.parametrize(("largest_day", "days_ago", "allowed"), [
    (16, 1, 50), (17, 1, 51), (20, 90, 60), (20, 91, 50), (20, 0, 50),
])  # fmt: skip
def test_three_times_the_largest_of_the_last_ninety_days_is_usual(clinic, largest_day, days_ago, allowed):
    went(clinic, largest_day, days_ago=days_ago)
    assert piles.allowed(clinic, NOW) == allowed


def test_a_clinic_that_is_used_to_many_may_send_many(server, clinic):
    went(clinic, 20, days_ago=30)
    make_due(clinic, 60, now=NOW)
    run()
    assert len(server.taken) == 60


def test_what_was_looked_at_goes_whole_and_what_comes_later_is_counted_anew(server, clinic, person):
    make_due(clinic, 120, now=NOW)
    run()
    with pytest.raises(DecisionRefused, match="look at the list"):
        resume_clinic(by=person, clinic=clinic, now=NOW)
    looked_at, later = NOW + timedelta(minutes=2), NOW + timedelta(minutes=3)
    resume_clinic(by=person, clinic=clinic, looked_at=looked_at, now=looked_at)
    event = AuditEvent.objects.get(action=Action.RESUMED)
    assert (event.actor, event.count, event.clinic) == (person.user, 120, clinic)
    make_due(clinic, 51, now=later, prefix="later", domain="later.example")
    run(Clock(later))
    # The new ones are a pile of their own; those that were looked at need not wait with them once they are looked at too.
    assert is_paused(clinic)
    assert not LetterPile.objects.filter(looked_at__isnull=False).exclude(looked_at=looked_at).exists()
    assert server.taken == []
    resume_clinic(by=person, clinic=clinic, looked_at=later, now=later)
    run(Clock(later + timedelta(minutes=1)))
    assert len(server.taken) == 171


def test_the_batch_that_was_looked_at_is_not_stopped_again_while_it_drains(server, clinic, person):
    make_due(clinic, 260, now=NOW)
    run()
    resume_clinic(by=person, clinic=clinic, looked_at=NOW, now=NOW)
    run(Clock(NOW + timedelta(minutes=1)))
    assert len(server.taken) == 260
    assert not is_paused(clinic)


def test_looking_covers_only_what_stood_there_when_the_list_was_shown(server, clinic, person):
    make_due(clinic, 51, now=NOW)
    run()
    make_due(clinic, 60, now=NOW + timedelta(minutes=1), prefix="later", domain="later.example")
    run(Clock(NOW + timedelta(minutes=1)))
    resume_clinic(by=person, clinic=clinic, looked_at=NOW, now=NOW + timedelta(minutes=2))
    run(Clock(NOW + timedelta(minutes=2)))
    assert server.taken == []
    assert Message.objects.filter(looked_at__isnull=True).count() == 60


def test_a_pile_that_grew_during_a_persons_pause_is_stopped_too(server, clinic, person):
    pause_clinic(by=person, clinic=clinic, reason="moving house", now=NOW)
    make_due(clinic, 51, now=NOW)
    run()
    resume_clinic(by=person, clinic=clinic, now=NOW + timedelta(minutes=1))
    run(Clock(NOW + timedelta(minutes=1)))
    assert server.taken == []
    assert is_paused(clinic)


def test_one_clinics_pile_stops_no_other(server, clinic):
    make_due(clinic, 51, now=NOW)
    other = make_clinic(now=NOW, name="Hill clinic")
    make_due(other, 5, now=NOW, prefix="h", domain="hill.example")
    run()
    assert len(server.taken) == 5
    assert (is_paused(clinic), is_paused(other)) == (True, False)


def test_what_is_not_to_go_yet_is_no_pile(server, clinic):
    MessageFactory.create_batch(51, patient=PatientFactory(clinic=clinic), ready_at=NOW + timedelta(hours=1))
    MessageFactory(patient=PatientFactory(clinic=clinic))
    run()
    assert not is_paused(clinic)
