"""The intent in one exchange with the database: committed where all is as it was loaded, and nowhere else."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.reminders import facts, intents
from clinic.reminders.addresses import address_hash, domain_hash
from clinic.reminders.claiming import claim
from clinic.reminders.in_hand import InHand
from clinic.reminders.models import DeliveryAttempt, DomainHold, EngineState, Message, Suppression
from tests.factories import NOW, ClinicFactory, MessageFactory, PatientFactory
from tests.reminders.running import started
from tests.reminders.test_races import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite asks at length: there is one writer"),
]
LATER = NOW + timedelta(seconds=5)


@pytest.fixture
def patient():
    started()
    return PatientFactory(clinic=ClinicFactory(), email="anna@example.org", next_check_at=NOW + timedelta(days=1))


def in_hand_of(patient, **message):
    """A claimed message of this patient, with what was known when it was claimed."""
    MessageFactory(patient=patient, clinic=patient.clinic, state="READY", ready_at=NOW, **message)
    claimed = claim(worker="w", now=NOW, limit=1)
    loaded = Message.objects.select_related("patient__clinic").get(pk__in=claimed.message_ids)
    return InHand(loaded, facts.load([patient.pk], at=NOW)[patient.pk], NOW), claimed


def commit(in_hand, claimed, now=LATER):
    return intents.commit_if_unchanged(intents.intent(in_hand, claimed, b"letter", worker="w", now=now), in_hand, now=now)


def written():
    """Which intents the rows tell of."""
    return list(DeliveryAttempt.objects.filter(to_state="HANDOFF").values_list("message_id", "outcome"))


def test_unchanged_it_is_committed_with_its_row_by_the_time_the_call_returns(patient):
    in_hand, claimed = in_hand_of(patient)
    assert commit(in_hand, claimed)
    message = Message.objects.get()
    assert (message.state, message.handoff_at, message.token) == ("HANDOFF", LATER, claimed.token)
    assert message.recipient_hash == address_hash("anna@example.org")
    assert written() == [(message.pk, "INTENT")]
    # Seen by others, so it was committed.
    assert at_once(lambda: Message.objects.get().state) == ["HANDOFF"]


def _paused_engine(patient):
    EngineState.objects.update(paused_at=NOW)


def _paused_clinic(patient):
    Clinic.objects.update(letters_paused_at=NOW, letters_paused_reason="moving house")


def _raised_revision(patient):
    Patient.objects.filter(pk=patient.pk).update(facts_revision=patient.facts_revision + 1)


def _moment_for_a_new_look(patient):
    Patient.objects.filter(pk=patient.pk).update(next_check_at=LATER)


def _another_letter(patient):
    MessageFactory(patient=patient, clinic=patient.clinic, state="SENT", handoff_at=NOW, sent_at=NOW)


def _suppressed_address(patient):
    digest = address_hash("Anna@Example.org")
    Suppression.objects.create(clinic=patient.clinic, address_hash=digest, reason="BOUNCED", at=NOW)


def _held_domain(patient):
    DomainHold.objects.create(domain_hash=domain_hash(patient.email), until=LATER + timedelta(minutes=1))


def _lost_claim(patient):
    Message.objects.filter(state="CLAIMED").update(token=uuid.uuid4())


@pytest.mark.parametrize(
    "come",
    [
        _paused_engine, _paused_clinic, _raised_revision, _moment_for_a_new_look, _another_letter, _suppressed_address,
        _held_domain, _lost_claim,
    ],
)  # fmt: skip
def test_whatever_has_come_since_leaves_it_unwritten(patient, come):
    in_hand, claimed = in_hand_of(patient)
    come(patient)
    assert not commit(in_hand, claimed)
    assert Message.objects.filter(state="CLAIMED").count() == 1
    assert written() == []


def test_who_changes_the_patient_right_now_is_not_overtaken(patient):
    in_hand, claimed = in_hand_of(patient)
    locked, over = threading.Event(), threading.Event()

    def change():
        with transaction.atomic():
            Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
            locked.set()
            over.wait(30)

    def intend():
        locked.wait(30)
        try:
            return commit(in_hand, claimed)
        finally:
            over.set()

    assert at_once(change, intend)[1] is False
    assert written() == []
    assert commit(in_hand, claimed)


def test_of_two_letters_of_one_patient_at_once_only_one_is_intended(patient):
    intended = []
    for _time in range(20):
        both = [in_hand_of(patient), in_hand_of(patient)]
        intended.append(sum(at_once(*[lambda one=one: commit(*one) for one in both])))
        Message.objects.update(state="CANCELLED", token=None, lease_until=None, handoff_at=None)
    # None, where both stood in each other's way: then both ask at length.
    assert set(intended) in ({1}, {0, 1})


def test_within_a_transaction_of_the_caller_nothing_is_promised(patient):
    in_hand, claimed = in_hand_of(patient)
    with transaction.atomic():
        assert not commit(in_hand, claimed)
