"""Letters on their way: what is asked, written down and said to the mail server, and what becomes of each."""

from datetime import timedelta
from email import message_from_bytes, policy
from itertools import pairwise

import pytest

from clinic.audit import Actor
from clinic.links import PatientLink, hash_token
from clinic.management.faults.smtp import Act, At, Fault
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services import look_again, withdraw_consent
from clinic.reminders import consequences, delivery, outlooks
from clinic.reminders.addresses import address_hash, domain_hash
from clinic.reminders.models import DeliveryAttempt, DomainHold, EngineState, Heartbeat, Message, Suppression
from clinic.reminders.plans import ensure_plan
from tests.factories import NOW, ClinicFactory, FollowUpFactory, HoldFactory, MessageFactory, UserFactory
from tests.reminders.running import Clock, plan, run, started, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


def due(clinic, **patient):
    """A follow-up whose invitation is owed now."""
    return FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, **{f"patient__{k}": v for k, v in patient.items()})


def moves(message=None):
    """What the rows say happened, in order: to, outcome."""
    rows = DeliveryAttempt.objects.order_by("pk")
    return list((rows.filter(message=message) if message else rows).values_list("to_state", "outcome"))


def the_message():
    return Message.objects.get()


def test_what_is_owed_goes_out_once_and_every_step_is_written_down(server, clinic):
    follow_up = due(clinic, email="anna@example.org")
    ran = run()
    assert (ran.planned.letters, ran.handed.sent) == (1, 1)
    message = the_message()
    assert [letter.recipient for letter in server.taken] == ["anna@example.org"]
    assert server.message_ids() == [message.message_id]
    assert (message.state, message.sent_at, message.attempts) == ("SENT", NOW, 1)
    assert moves() == [("CLAIMED", "CLAIMED"), ("HANDOFF", "INTENT"), ("SENT", "ACCEPTED")]
    last = DeliveryAttempt.objects.order_by("pk").last()
    assert (last.phase, last.smtp_code, last.enhanced_code, last.worker) == ("accepted", 250, "2.0.0", "test")
    look_again([follow_up.patient_id], now=NOW)
    run()
    assert len(server.taken) == 1


def test_the_links_in_a_letter_are_its_own_and_only_their_hashes_are_kept(server, clinic):
    follow_up = due(clinic)
    run()
    message = message_from_bytes(server.taken[0].content + b"\r\n", policy=policy.default)
    text = message.get_body(("plain",)).get_content()
    tokens = [line.strip().split("/p/")[1].split("/")[0] for line in text.splitlines() if "/p/" in line]
    found = {link.purpose: link for link in PatientLink.objects.filter(token_hash__in=[hash_token(t) for t in tokens])}
    assert set(found) == {"BOOK", "STOP"}
    assert found["BOOK"].follow_up == follow_up
    assert found["STOP"].consent_purpose == "INVITE"
    assert f"<https://clinic.example/p/{tokens[-1]}/stop/>" == message["List-Unsubscribe"]
    assert PatientLink.objects.count() == 2


def test_many_letters_go_over_one_connection(server, clinic):
    for number in range(5):
        due(clinic, email=f"p{number}@example.org")
    assert run().handed.sent == 5
    assert server.connections == 1
    assert len(set(server.message_ids())) == 5


VERDICTS = [
    (Fault(At.RCPT, Act.REPLY, "450 4.2.1 later"), "READY", "LATER_RCPT", 1),
    (Fault(At.RCPT, Act.DROP), "READY", "LATER_RCPT", 1),
    (Fault(At.RCPT, Act.REPLY, "550 5.7.1 no"), "FAILED", "REFUSED_RCPT", 1),
    (Fault(At.DATA, Act.REPLY, "451 4.3.0 later"), "READY", "LATER_DATA_COMMAND", 1),
    (Fault(At.DATA, Act.DROP), "READY", "LATER_DATA_COMMAND", 1),
    (Fault(At.DOT, Act.REPLY, "451 4.3.0 later"), "READY", "LATER_DOT", 1),
    (Fault(At.DOT, Act.REPLY, "554 5.7.1 spam"), "FAILED", "REFUSED_DOT", 1),
    (Fault(At.DOT, Act.DROP, keeps=True), "UNKNOWN", "UNKNOWN_DOT", 1),
    (Fault(At.DOT, Act.HANG, keeps=True), "UNKNOWN", "UNKNOWN_DOT", 1),
    (Fault(At.BODY, Act.DROP), "UNKNOWN", "UNKNOWN_DOT", 1),
    (Fault(At.QUIT, Act.DROP), "SENT", "ACCEPTED", 1),
]


@pytest.mark.parametrize(
    ("fault", "state", "outcome", "attempts"), VERDICTS, ids=[f"{f.at} {f.act} {f.reply[:3]}" for f, *_ in VERDICTS]
)
def test_each_fault_leaves_the_message_where_the_verdict_says(server, clinic, settings, fault, state, outcome, attempts):
    if fault.act is Act.HANG:
        settings.EMAIL_TIMEOUT = 0.3
    due(clinic)
    server.fault = fault
    run()
    message = the_message()
    assert (message.state, message.attempts) == (state, attempts)
    assert moves()[-1] == (state, outcome)
    if state == "READY":
        assert timedelta(minutes=4) <= message.ready_at - NOW <= timedelta(minutes=6)


def test_in_doubt_nothing_is_sent_again_however_often_the_engine_runs(server, clinic):
    due(clinic)
    server.fault = Fault(At.DOT, Act.DROP, keeps=True)
    clock = Clock()
    for _hour in range(30):
        run(clock)
        clock.tick(hours=1)
        server.fault = None
    assert len(server.taken) == 1
    assert states() == {"UNKNOWN": 1}


def test_what_may_come_later_is_tried_five_times_with_growing_waits_and_then_given_up(server, clinic):
    due(clinic)
    server.fault = Fault(At.RCPT, Act.REPLY, "450 4.2.1 greylisted")
    clock, tried_at = Clock(), []
    while clock.now < NOW + timedelta(days=6):
        before = DeliveryAttempt.objects.filter(outcome="LATER_RCPT").count()
        run(clock)
        if DeliveryAttempt.objects.filter(outcome="LATER_RCPT").count() > before:
            tried_at.append(clock.now)
        clock.tick(minutes=30)
    message = the_message()
    assert (message.state, message.attempts) == ("DEAD", 5)
    assert len(tried_at) == 5
    assert all(later - earlier >= timedelta(minutes=30) for earlier, later in pairwise(tried_at))
    assert server.taken == []


def test_a_server_that_comes_back_gets_the_letter_once(server, clinic):
    due(clinic)
    server.fault = Fault(At.RCPT, Act.REPLY, "450 4.2.1 later", times=2)
    clock = Clock()
    for _run in range(12):
        run(clock)
        clock.tick(minutes=10)
    assert states() == {"SENT": 1}
    assert len(server.taken) == 1


def test_a_mail_server_out_of_reach_costs_no_letter_an_attempt_and_is_told(server, clinic, caplog):
    due(clinic)
    server.stop()
    clock = Clock()
    for _minute in range(10):
        run(clock)
        clock.tick(minutes=1)
    message = the_message()
    assert (message.state, message.attempts) == ("READY", 0)
    assert not DeliveryAttempt.objects.exists()
    beat = Heartbeat.objects.get()
    assert (beat.mail_failing_since, beat.mail_failure) == (NOW, "connect")
    assert "takes nothing: connect" in caplog.text
    server.start()
    assert run(clock).handed.sent == 1
    assert Heartbeat.objects.get().mail_failing_since is None


def test_a_server_that_refuses_our_sender_is_asked_with_one_letter_a_run(server, clinic):
    for _number in range(3):
        due(clinic)
    server.fault = Fault(At.MAIL, Act.REPLY, "550 5.7.1 not you")
    clock = Clock()
    run(clock)
    assert states() == {"READY": 3}
    assert set(Message.objects.values_list("attempts", flat=True)) == {0}
    claims = DeliveryAttempt.objects.filter(to_state="CLAIMED").count()
    clock.tick(minutes=1)
    run(clock)
    assert DeliveryAttempt.objects.filter(to_state="CLAIMED").count() == claims + 1
    server.fault = None
    clock.tick(minutes=1)
    assert run(clock).handed.sent == 3


def test_an_address_that_does_not_exist_is_suppressed_and_staff_are_told(server, clinic):
    follow_up = due(clinic, email="gone@example.org")
    server.fault = Fault(At.RCPT, Act.REPLY, "550 5.1.1 no such user")
    run()
    assert states() == {"FAILED": 1}
    standing = Suppression.objects.get()
    assert (standing.clinic, standing.address_hash) == (clinic, address_hash("gone@example.org"))
    task = StaffTask.objects.get()
    assert (task.patient, task.kind, task.cause_key) == (
        follow_up.patient,
        "PHONE_NO_ADDRESS",
        f"refused:{the_message().public_id}",
    )
    assert Patient.objects.get(pk=follow_up.patient_id).next_check_at == NOW
    server.fault = None
    later = Clock(NOW + timedelta(days=22))
    run(later)
    assert server.taken == []
    # The second letter joined the task that is open, and does not again.
    task = StaffTask.objects.get()
    assert task.note == "Their e-mail address was refused: ask for another. In place of a letter: Second letter."
    assert task.joined_causes.get().cause_key.startswith("step:REMIND:")
    look_again([follow_up.patient_id], now=later())
    run(later)
    assert StaffTask.objects.get().note == task.note
    assert task.joined_causes.count() == 1


@pytest.mark.parametrize("reply", ["421 4.7.0 too many", "451 4.7.1 slow down"])
def test_a_domain_that_asks_us_to_wait_is_left_alone_and_others_are_not(server, clinic, reply):
    for name in ("a@slow.example", "b@slow.example", "c@quick.example"):
        due(clinic, email=name)
    server.fault = Fault(At.RCPT, Act.REPLY, reply, times=1)
    run()
    assert [letter.recipient for letter in server.taken] == ["c@quick.example"]
    hold = DomainHold.objects.get()
    assert (hold.domain_hash, hold.until, hold.strikes) == (domain_hash("x@slow.example"), NOW + timedelta(minutes=15), 1)
    waiting = Message.objects.get(patient__email="b@slow.example")
    assert (waiting.state, waiting.reason, waiting.ready_at, waiting.attempts) == ("READY", "DOMAIN_HELD", hold.until, 0)
    run(Clock(NOW + timedelta(minutes=16)))
    assert {letter.recipient for letter in server.taken} == {"a@slow.example", "b@slow.example", "c@quick.example"}


def test_a_domain_that_asks_again_waits_twice_as_long(server, clinic):
    due(clinic, email="a@slow.example")
    server.fault = Fault(At.RCPT, Act.REPLY, "421 4.7.0 too many")
    run()
    run(Clock(NOW + timedelta(minutes=20)))
    hold = DomainHold.objects.get()
    assert (hold.strikes, hold.until) == (2, NOW + timedelta(minutes=50))


# -- asked again ------------------------------------------------------------------------------------------------------


def at_the_last_moment(monkeypatch, happens):
    """Let something happen after the letter is addressed and before the intent is committed."""
    real = delivery.locked_situation

    def locked(*args, **kwargs):
        happens()
        return real(*args, **kwargs)

    monkeypatch.setattr(delivery, "locked_situation", locked)


def test_who_opts_out_while_the_letter_is_being_addressed_gets_none(server, clinic, monkeypatch):
    follow_up = due(clinic)
    at_the_last_moment(
        monkeypatch,
        lambda: withdraw_consent(by=Actor.patient(), patient=follow_up.patient, purpose="INVITE", how="by a link", now=NOW),
    )
    run()
    assert server.taken == []
    message = the_message()
    assert (message.state, message.reason) == ("SUPPRESSED", "NO_CONSENT")


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        (lambda p: HoldFactory(patient=p), "HELD", "ON_HOLD"),
        (lambda p: Patient.objects.filter(pk=p.pk).update(status="DECEASED"), "CANCELLED", "DECEASED"),
    ],
)
def test_whatever_changes_at_the_last_moment_counts(server, clinic, monkeypatch, change, state, reason):
    follow_up = due(clinic)

    def happens():
        change(follow_up.patient)
        look_again([follow_up.patient_id], now=NOW)

    at_the_last_moment(monkeypatch, happens)
    run()
    assert server.taken == []
    assert (the_message().state, the_message().reason) == (state, reason)
    assert the_message().attempts == 0


def test_a_pause_at_the_last_moment_stops_the_letter_and_it_goes_when_the_pause_ends(server, clinic, monkeypatch):
    due(clinic)
    at_the_last_moment(monkeypatch, lambda: EngineState.objects.update(paused_at=NOW, paused_reason="a test"))
    run()
    assert server.taken == []
    assert states() == {"READY": 1}
    monkeypatch.undo()
    EngineState.objects.update(paused_at=None, paused_reason="")
    assert run(Clock(NOW + timedelta(minutes=1))).handed.sent == 1


def test_another_letter_that_went_meanwhile_makes_this_one_wait(server, clinic, monkeypatch):
    follow_up = due(clinic)
    at_the_last_moment(
        monkeypatch,
        lambda: MessageFactory(patient=follow_up.patient, step="VISIT", state="SENT", handoff_at=NOW, sent_at=NOW),
    )
    run()
    message = Message.objects.get(step="INVITE")
    assert (message.state, message.reason, message.ready_at) == ("READY", "TOO_SOON", NOW + timedelta(hours=72))


def test_a_new_address_at_the_last_moment_is_where_the_letter_goes(server, clinic, monkeypatch):
    follow_up = due(clinic, email="old@example.org")

    def happens():
        monkeypatch.undo()
        Patient.objects.filter(pk=follow_up.patient_id).update(email="new@example.org")
        look_again([follow_up.patient_id], now=NOW)

    started()
    at_the_last_moment(monkeypatch, happens)
    run()
    assert [letter.recipient for letter in server.taken] == ["new@example.org"]
    assert ("READY", "FACTS_CHANGED") in moves()


def test_a_touched_patient_whose_letter_says_the_same_gets_it_at_once(server, clinic, monkeypatch):
    follow_up = due(clinic)
    at_the_last_moment(monkeypatch, lambda: look_again([follow_up.patient_id], now=NOW))
    run()
    assert moves() == [("CLAIMED", "CLAIMED"), ("HANDOFF", "INTENT"), ("SENT", "ACCEPTED")]


# -- poison, time and other workers -----------------------------------------------------------------------------------


def test_one_letter_that_cannot_be_written_stops_no_other(server, clinic, caplog):
    poison = due(clinic)
    for _number in range(3):
        due(clinic)
    plan()
    Message.objects.filter(patient=poison.patient).update(letter="no-such-letter")
    run()
    assert states() == {"DEAD": 1, "SENT": 3}
    assert moves(Message.objects.get(patient=poison.patient))[-1] == ("DEAD", "CANNOT_BE_WRITTEN")
    assert "TemplateDoesNotExist" in caplog.text


def test_a_message_to_nobody_we_know_stops_no_other(server, clinic):
    due(clinic)
    MessageFactory(patient=None, user=UserFactory(), clinic=clinic)
    run()
    assert states() == {"DEAD": 1, "SENT": 1}


def test_one_patient_about_whom_nothing_can_be_decided_stops_no_other(server, clinic, monkeypatch):
    poison = due(clinic)
    due(clinic)
    plan()
    real = outlooks.decide

    def decide(situation, plans, at):
        if situation.patient_id == poison.patient_id:
            raise OverflowError
        return real(situation, plans, at)

    monkeypatch.setattr(outlooks, "decide", decide)
    run()
    assert states() == {"DEAD": 1, "SENT": 1}


def test_when_the_time_is_up_the_rest_goes_back_uncounted(server, clinic):
    for _number in range(4):
        due(clinic)
    clock = Clock()
    server.on_letter = lambda letter: clock.tick(seconds=30)
    ran = run(clock, budget=timedelta(seconds=50))
    assert (ran.handed.sent, ran.handed.given_back) == (2, 2)
    assert set(Message.objects.filter(state="READY").values_list("attempts", flat=True)) == {0}
    server.on_letter = None
    run(clock)
    assert states() == {"SENT": 4}


def test_a_sent_letter_whose_lease_ran_out_meanwhile_is_set_right(server, clinic, monkeypatch):
    due(clinic)
    real = consequences.record

    def late(*args, **kwargs):
        Message.objects.update(state="UNKNOWN", token=None, lease_until=None, reason="LEASE_RAN_OUT")
        return real(*args, **kwargs)

    monkeypatch.setattr(consequences, "record", late)
    run()
    assert states() == {"SENT": 1}
    assert moves()[-1] == ("SENT", "ACCEPTED_LATE")


def test_expired_and_overtaken_letters_are_never_sent_late(server, clinic):
    due(clinic)
    plan()
    run(Clock(NOW + timedelta(days=30)))
    assert Message.objects.get(step="INVITE").state == "SUPERSEDED"
    assert [message.state for message in Message.objects.filter(step="REMIND")] == ["SENT"]
    assert len(server.taken) == 1
