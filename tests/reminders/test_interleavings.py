"""What happens between a worker's look at the facts and its letter: another process changes them, and another one plans."""

from datetime import date, timedelta

import pytest

from clinic.audit import Actor
from clinic.care.worklist import Stage, in_stage
from clinic.patients.models import StaffTask
from clinic.patients.services import clear_hold, finish_task, withdraw_consent
from clinic.reminders import delivery, facts
from clinic.reminders.models import EngineState, Message
from clinic.reminders.plans import ensure_plan
from clinic.scheduling.services import ask_to_be_called, cancel
from clinic.treatments.models import FollowUp
from tests.factories import NOW, AppointmentFactory, ClinicFactory, FollowUpFactory, HoldFactory, PatientFactory, UserFactory
from tests.reminders.running import Clock, plan, run, started, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    made = ClinicFactory()
    ensure_plan(made, NOW)
    return made


def before_the_intent(monkeypatch, happens):
    """Let something happen after the recipient was named to the mail server and before the intent is asked about."""
    real = delivery.Dialogue.address

    def address(self, to, **envelope):
        answer = real(self, to, **envelope)
        happens()
        return answer

    monkeypatch.setattr(delivery.Dialogue, "address", address)


def test_an_opt_out_wins_though_a_planner_puts_the_mark_back(server, clinic, monkeypatch):
    last_call = FollowUpFactory(
        patient__clinic=clinic,
        patient__next_check_at=NOW,
        opens_on=date(2026, 9, 10),
        closes_on=date(2026, 12, 10),
        created_at=NOW - timedelta(days=120),
    )

    def opts_out_and_is_planned():
        withdraw_consent(by=Actor.patient(), patient=last_call.patient, purpose="INVITE", how="by a link", now=NOW)
        plan(NOW)

    before_the_intent(monkeypatch, opts_out_and_is_planned)
    run()

    assert server.taken == []
    assert list(Message.objects.values_list("step", "state", "reason")) == [("LAST_CALL", "SUPPRESSED", "NO_CONSENT")]


def test_no_reminder_of_a_visit_that_is_cancelled_though_a_planner_puts_the_mark_back(server, clinic, monkeypatch):
    patient = PatientFactory(clinic=clinic, next_check_at=NOW)
    visit = AppointmentFactory(
        patient=patient, clinic=clinic, starts_at=NOW + timedelta(hours=30), ends_at=NOW + timedelta(hours=31), follow_up=None
    )

    def is_cancelled_and_planned():
        cancel(by=Actor.of_user(UserFactory()), appointment=visit, reason="ill", with_letter=False, now=NOW)
        plan(NOW)

    before_the_intent(monkeypatch, is_cancelled_and_planned)
    run()

    assert server.taken == []
    assert not Message.objects.filter(step="VISIT", state__in=["READY", "SENT", "HANDOFF"]).exists()


def test_a_letter_is_not_settled_by_facts_that_have_changed_since(server, clinic, monkeypatch):
    held = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    started()
    EngineState.objects.update(paused_at=NOW, paused_reason="a test")
    run()
    EngineState.objects.update(paused_at=None, paused_reason="")
    hold = HoldFactory(patient=held.patient)
    real, seen = facts.load, []

    def load(ids, *, at):
        found = real(ids, at=at)
        if not seen:
            seen.append(1)
            clear_hold(by=Actor.of_user(UserFactory()), hold=hold, now=NOW)
            plan(NOW)
        return found

    monkeypatch.setattr(delivery.facts, "load", load)
    run()
    monkeypatch.setattr(delivery.facts, "load", real)
    clock = Clock()
    for _hour in range(3):
        clock.tick(hours=1)
        run(clock)

    assert states() == {"SENT": 1}
    assert len(server.taken) == 1


def test_a_finished_task_lets_the_letters_go_on(server, clinic):
    asked = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    task = ask_to_be_called(patient=asked.patient, now=NOW)
    run()
    assert len(server.taken) == 0

    finish_task(by=Actor.of_user(UserFactory()), task=task, outcome="spoke", now=NOW)
    run(Clock(NOW + timedelta(minutes=5)))

    assert len(server.taken) == 1


def test_a_visit_of_which_nobody_says_what_became_reaches_staff_when_the_window_closes(server, clinic):
    forgotten = FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW)
    AppointmentFactory(
        patient=forgotten.patient,
        clinic=clinic,
        follow_up=forgotten,
        starts_at=NOW - timedelta(days=1),
        ends_at=NOW - timedelta(days=1) + timedelta(minutes=30),
    )
    clock = Clock()
    while clock.now.date() <= forgotten.closes_on + timedelta(days=5):
        run(clock)
        clock.tick(days=1)

    # No letter asks somebody to book who may have been treated; but they are not lost either.
    assert server.taken == []
    assert list(StaffTask.objects.values_list("kind", flat=True)) == ["PHONE_OVERDUE"]
    everybody = FollowUp.objects.all()
    assert list(in_stage(everybody, Stage.BOOKED, NOW.date())) == [forgotten]
    assert list(in_stage(everybody, Stage.BOOKED, NOW.date() + timedelta(days=4))) == []
    assert list(in_stage(everybody, Stage.OVERDUE, clock.now.date())) == [forgotten]


def test_who_agreed_to_no_letter_is_phoned_when_the_clinic_cancels(server, clinic):
    silent = PatientFactory(clinic=clinic, next_check_at=NOW, consents=["INVITE"])
    visit = AppointmentFactory(
        patient=silent,
        clinic=clinic,
        starts_at=NOW + timedelta(days=5),
        ends_at=NOW + timedelta(days=5, minutes=30),
        follow_up=None,
    )
    cancel(by=Actor.of_user(UserFactory()), appointment=visit, reason="the practitioner is ill", now=NOW)
    run()

    assert server.taken == []
    assert StaffTask.objects.filter(patient=silent, done_at=None).count() == 1
