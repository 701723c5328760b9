"""What a person decides about letters, and pauses."""

from datetime import timedelta

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.practice.models import Clinic
from clinic.reminders import services
from clinic.reminders.models import DeliveryAttempt, EngineState, Message
from clinic.reminders.services import DecisionRefused
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ConsentFactory,
    FollowUpFactory,
    MessageFactory,
    UserFactory,
)
from tests.reminders.running import Clock, run, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return Actor.of_user(UserFactory())


@pytest.fixture
def follow_up():
    started()
    return FollowUpFactory()


def invitation(follow_up, state, **fields):
    """An invitation that is owed, in this state."""
    return MessageFactory(follow_up=follow_up, state=state, dedupe_key=f"INVITE:1:f{follow_up.pk}:r0", **fields)


def audited():
    event = AuditEvent.objects.get()
    return event.action, event.what, event.actor_kind, event.fields


@pytest.mark.parametrize(("state", "attempts"), [("UNKNOWN", 1), ("FAILED", 1), ("DEAD", 5)])
def test_a_person_sends_a_letter_again_under_the_same_name(server, follow_up, by, state, attempts):
    message = invitation(follow_up, state, attempts=attempts, handoff_at=NOW if state == "UNKNOWN" else None)
    services.send_again(by=by, message=message, now=NOW)
    assert (message.state, message.attempts) == ("READY", 0)
    assert DeliveryAttempt.objects.get().by_user == by.user
    assert audited() == ("RELEASED", "Message", "USER", ["state"])
    run(Clock(NOW + timedelta(minutes=1)))
    assert server.message_ids() == [message.message_id]
    assert Message.objects.get().state == "SENT"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: AppointmentFactory(follow_up=f, starts_at=NOW + timedelta(days=9)), "a visit is booked"),
        (lambda f: ConsentFactory(patient=f.patient, purpose="INVITE", is_given=False), "no consent"),
        (lambda f: type(f.patient).objects.update(email=""), "correct the e-mail address"),
    ],
)
def test_a_letter_that_is_no_longer_owed_is_not_sent_again(follow_up, by, change, words):
    message = invitation(follow_up, "UNKNOWN")
    change(follow_up)
    with pytest.raises(DecisionRefused, match=words):
        services.send_again(by=by, message=message, now=NOW)
    assert Message.objects.get(pk=message.pk).state == "UNKNOWN"
    assert not AuditEvent.objects.exists()


def test_a_letter_in_doubt_is_settled_as_sent_at_the_time_it_was_handed_over(follow_up, by):
    message = invitation(follow_up, "UNKNOWN", handoff_at=NOW - timedelta(hours=2))
    services.mark_as_sent(by=by, message=message, now=NOW)
    assert (message.state, message.sent_at) == ("SENT", NOW - timedelta(hours=2))
    assert audited()[0] == "SENT"


@pytest.mark.parametrize("state", ["UNKNOWN", "FAILED", "DEAD", "HELD"])
def test_a_letter_is_let_be(follow_up, by, state):
    message = invitation(follow_up, state)
    services.let_be(by=by, message=message, now=NOW)
    assert (message.state, message.reason) == ("CANCELLED", "LET_BE")
    assert audited()[0] == "CANCELLED"


def test_a_letter_is_held_back_and_released_and_goes(server, follow_up, by):
    message = invitation(follow_up, "READY")
    services.hold(by=by, message=message, now=NOW)
    run(Clock(NOW + timedelta(minutes=1)))
    assert Message.objects.get().state == "HELD"
    services.release(by=by, message=message, now=NOW)
    run(Clock(NOW + timedelta(minutes=2)))
    assert Message.objects.get().state == "SENT"
    assert len(server.taken) == 1


def test_what_the_facts_hold_back_no_person_releases(follow_up, by):
    message = invitation(follow_up, "HELD", reason="ON_HOLD")
    with pytest.raises(DecisionRefused, match="waits for something else"):
        services.release(by=by, message=message, now=NOW)


@pytest.mark.parametrize("decide", [services.send_again, services.mark_as_sent, services.let_be, services.hold, services.release])
@pytest.mark.parametrize("state", ["SENT", "CANCELLED", "EXPIRED"])
def test_a_decision_that_comes_too_late_changes_nothing(follow_up, by, decide, state):
    message = invitation(follow_up, "UNKNOWN")
    Message.objects.update(state=state, sent_at=NOW)
    with pytest.raises(DecisionRefused):
        decide(by=by, message=message, now=NOW)
    assert Message.objects.get().state == state
    assert not AuditEvent.objects.exists()


def test_all_letters_are_paused_with_a_reason_and_resumed(by):
    services.pause_engine(by=by, reason="  a strange   list ", now=NOW)
    state = EngineState.objects.get()
    assert (state.paused_at, state.paused_reason) == (NOW, "a strange list")
    with pytest.raises(DecisionRefused):
        services.pause_engine(by=by, reason="again", now=NOW)
    services.resume_engine(by=by, now=NOW)
    assert EngineState.objects.get().paused_at is None
    with pytest.raises(DecisionRefused):
        services.resume_engine(by=by, now=NOW)
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == ["PAUSED", "RESUMED"]


def test_one_clinics_letters_are_paused_with_a_reason_and_resumed(by):
    clinic, other = ClinicFactory(), ClinicFactory()
    services.pause_clinic(by=by, clinic=clinic, reason="moving house", now=NOW)
    assert list(Clinic.objects.filter(letters_paused_at=NOW)) == [clinic]
    services.resume_clinic(by=by, clinic=clinic, now=NOW)
    assert not Clinic.objects.filter(letters_paused_at__isnull=False).exists()
    assert set(AuditEvent.objects.values_list("clinic_id", flat=True)) == {clinic.pk}
    assert other.letters_paused_at is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_pause_needs_a_reason_that_fits(by, reason):
    with pytest.raises(DecisionRefused):
        services.pause_engine(by=by, reason=reason, now=NOW)
    with pytest.raises(DecisionRefused):
        services.pause_clinic(by=by, clinic=ClinicFactory(), reason=reason, now=NOW)
