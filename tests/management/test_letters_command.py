"""`manage.py letters …`: the same decisions as on the pages, by a named person, in the audit log."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.audit import Action, AuditEvent
from clinic.practice.models import Clinic
from clinic.reminders.models import DeliveryAttempt, EngineState, Message
from clinic.reminders.piles import LetterPile
from clinic.reminders.safeguard_state import SafeguardState
from tests.factories import NOW, ClinicFactory, DeliveryAttemptFactory, MessageFactory, PatientFactory, member
from tests.reminders.running import started

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _morning(time_machine):
    time_machine.move_to(NOW, tick=False)
    started()


@pytest.fixture
def clinic():
    return ClinicFactory(name="Harbour clinic")


@pytest.fixture
def person(clinic):
    return member("ADMIN", clinic=clinic)


def letters(person, verb, *arguments):
    out = StringIO()
    call_command("letters", verb, "--by", person.email, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def audited():
    return list(AuditEvent.objects.order_by("pk").values_list("action", "what", "actor__email"))


def test_all_letters_pause_and_go_again(person):
    letters(person, "pause", "new machine")
    assert EngineState.objects.get().paused_reason == "new machine"
    letters(person, "resume")
    assert EngineState.objects.get().paused_at is None
    assert audited() == [
        (Action.PAUSED, "EngineState", person.email), (Action.RESUMED, "EngineState", person.email),
    ]  # fmt: skip


@pytest.mark.parametrize("named", [lambda clinic: clinic.name, lambda clinic: str(clinic.public_id)])
def test_one_clinic_pauses_and_goes_again(person, clinic, named):
    letters(person, "pause", "moving house", "--clinic", named(clinic))
    assert Clinic.objects.get(pk=clinic.pk).letters_paused_reason == "moving house"
    letters(person, "resume", "--clinic", named(clinic))
    assert Clinic.objects.get(pk=clinic.pk).letters_paused_at is None


def test_a_pile_goes_only_when_somebody_has_looked(person, clinic):
    letters(person, "pause", "many", "--clinic", clinic.name)
    LetterPile.objects.create(clinic=clinic, found_at=NOW, ready=60, allowed=50)
    with pytest.raises(CommandError, match="look at the list"):
        letters(person, "resume", "--clinic", clinic.name)
    letters(person, "resume", "--clinic", clinic.name, "--looked")
    assert LetterPile.objects.get().looked_at == NOW


def test_another_installations_database_needs_the_word(person):
    EngineState.objects.update(paused_at=NOW, paused_reason="x")
    SafeguardState.objects.create(pk=1, paused_by="INSTANCE", instance_found=uuid.uuid4())
    with pytest.raises(CommandError, match="right database"):
        letters(person, "resume")
    letters(person, "resume", "--right-database")
    assert EngineState.objects.get().paused_at is None


def test_draining_pauses_and_waits_until_nothing_is_in_hand(person, clinic, monkeypatch):
    message = MessageFactory(
        patient=PatientFactory(clinic=clinic), state="CLAIMED", token=uuid.uuid4(), lease_until=NOW + timedelta(minutes=5)
    )

    def finish(_seconds):
        Message.objects.filter(pk=message.pk).update(state="READY", token=None, lease_until=None)

    monkeypatch.setattr("clinic.management.commands.letters.time.sleep", finish)
    assert "none is in hand" in letters(person, "drain", "upgrade")
    assert EngineState.objects.get().paused_reason == "upgrade"


def test_draining_says_when_something_stays_in_hand(person, clinic):
    MessageFactory(
        patient=PatientFactory(clinic=clinic), state="HANDOFF", token=uuid.uuid4(), lease_until=NOW + timedelta(minutes=5)
    )
    with pytest.raises(CommandError, match="1 letters are still in hand"):
        letters(person, "drain", "upgrade", "--seconds", "0")
    assert EngineState.objects.get().paused_at == NOW


def test_letters_in_doubt_are_settled_one_by_one_or_all(person, clinic):
    one, two, three = MessageFactory.create_batch(3, patient=PatientFactory(clinic=clinic), state="UNKNOWN", handoff_at=NOW)
    elsewhere = MessageFactory(state="UNKNOWN", handoff_at=NOW)
    letters(person, "resolve", "--as", "let-be", str(one.public_id))
    assert letters(person, "resolve", "--as", "sent", "--all", "in-doubt", "--clinic", clinic.name) == "2 of 2 letters decided.\n"
    found = [Message.objects.get(pk=message.pk).state for message in (one, two, three, elsewhere)]
    assert found == ["CANCELLED", "SENT", "SENT", "UNKNOWN"]
    assert [row[2] for row in audited()] == [person.email] * 3


def test_what_was_given_up_is_tried_again_if_it_is_still_owed(person, clinic):
    message = MessageFactory(patient=PatientFactory(clinic=clinic), state="DEAD")
    with pytest.raises(CommandError, match="0 of 1"):
        letters(person, "retry", str(message.public_id))
    assert Message.objects.get().state == "DEAD", "about no follow-up: no longer owed"


def test_nobody_decides_where_they_may_not(person, clinic):
    foreign = MessageFactory(state="UNKNOWN", handoff_at=NOW)
    desk = member("FRONT_DESK", clinic=clinic)
    mine = MessageFactory(patient=PatientFactory(clinic=clinic), state="UNKNOWN", handoff_at=NOW)
    for who, about in ((person, foreign), (desk, mine)):
        with pytest.raises(CommandError):
            letters(who, "resolve", "--as", "sent", str(about.public_id))
    for verb in (["pause", "x"], ["resume"], ["prune"]):
        with pytest.raises(CommandError):
            letters(desk, *verb)
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("letters", "pause", "--by", "nobody@clinic.example", "x")
    assert set(Message.objects.values_list("state", flat=True)) == {"UNKNOWN"}
    assert audited() == []


def test_whoever_keeps_the_system_decides_for_all_clinics_where_nobody_works_at_every_one(person):
    ClinicFactory()
    with pytest.raises(CommandError):
        letters(person, "pause", "x")
    type(person).objects.update(is_superuser=True)
    letters(person, "pause", "new machine")
    assert EngineState.objects.get().paused_reason == "new machine"


def test_pruning_takes_the_steps_of_old_settled_letters_and_leaves_the_letters(person, clinic):
    patient = PatientFactory(clinic=clinic)
    settled, waiting = MessageFactory(patient=patient, state="SENT"), MessageFactory(patient=patient, state="UNKNOWN")
    old, young = NOW - timedelta(days=366), NOW - timedelta(days=364)
    for message in (settled, waiting):
        for at in (old, young):
            DeliveryAttemptFactory(message=message, at=at)
    assert letters(person, "prune") == "1 steps older than 365 days deleted.\n"
    assert list(DeliveryAttempt.objects.order_by("pk").values_list("message", "at")) == [
        (settled.pk, young), (waiting.pk, old), (waiting.pk, young),
    ]  # fmt: skip
    assert Message.objects.count() == 2
    event = AuditEvent.objects.get()
    assert (event.action, event.what, event.count, event.actor) == (Action.DELETED, "DeliveryAttempt", 1, person)


def test_what_is_young_is_never_pruned(person):
    with pytest.raises(CommandError, match="at least 90 days"):
        letters(person, "prune", "--days", "89")
