"""Who is visited, what is written down, and that twice is as good as once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.management.faults.crowd import make_clinic, make_due
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services import look_again
from clinic.reminders import outlooks, planning
from clinic.reminders.models import DeliveryAttempt, EngineState, Message, PlanStep
from clinic.reminders.plans import ensure_plan, load_book
from clinic.reminders.rules import default_steps
from clinic.rows import insert_new, set_each
from clinic.scheduling.models import ChangeKind
from tests.factories import (
    NOW,
    AppointmentChangeFactory,
    AppointmentFactory,
    ClinicFactory,
    ConsentFactory,
    FollowUpFactory,
    HoldFactory,
    IndicationFactory,
    MessageFactory,
    PatientFactory,
    PlanFactory,
    StaffTaskFactory,
)
from tests.reminders.running import plan, started, states
from tests.reminders.situations import paris

pytestmark = pytest.mark.django_db


@pytest.fixture
def due():
    """A follow-up whose invitation has been due since last week, in the queue."""
    started()
    follow_up = FollowUpFactory(patient__next_check_at=NOW)
    ensure_plan(follow_up.patient.clinic, NOW)
    return follow_up


def looked_at_again(patient):
    return Patient.objects.get(pk=patient.pk).next_check_at


def test_what_is_owed_is_written_down_once_and_the_patient_moves_on_to_the_next_date(due):
    planned = plan()
    assert (planned.patients, planned.letters) == (1, 1)
    message = Message.objects.get()
    assert (message.step, message.letter, message.state) == ("INVITE", "invite", "READY")
    assert (message.patient, message.follow_up, message.appointment) == (due.patient, due, None)
    assert message.due_at == paris(11, 17)
    assert message.expires_at == paris(3, 2, 0)
    assert looked_at_again(due.patient) == paris(12, 15)
    look_again([due.patient.pk], now=NOW)
    assert plan().letters == 0
    assert Message.objects.count() == 1


def test_a_message_says_nothing_about_the_patient(due):
    plan()
    message = Message.objects.get()
    told = " ".join(str(value) for value in Message.objects.values().get().values())
    for secret in (due.patient.given_name, due.patient.family_name, due.patient.email, due.patient.record_number):
        assert secret not in told
    assert message.message_id == f"<{message.public_id}@localhost>"


def test_only_patients_whose_time_has_come_are_visited(due):
    FollowUpFactory(patient__next_check_at=NOW + timedelta(minutes=1))
    FollowUpFactory(patient__next_check_at=None)
    assert plan().patients == 1


def test_a_batch_asks_the_database_as_often_for_one_patient_as_for_five_hundred(django_assert_num_queries):
    started()
    clinic = make_clinic(now=NOW)
    book = load_book(NOW)
    counts = []
    for number, count in enumerate((1, 500)):
        ids = [patient.pk for patient in make_due(clinic, count, now=NOW, prefix=f"b{number}")]
        with django_assert_num_queries(10), transaction.atomic():
            counts.append(planning.plan_batch(ids, plans=book, now=NOW).letters)
    assert counts == [1, 500]


def test_everybody_due_is_visited_in_batches_in_one_run():
    started()
    clinic = make_clinic(now=NOW)
    make_due(clinic, 25, now=NOW)
    assert plan(batch=10).patients == 25
    assert states() == {"READY": 25}
    assert not Patient.objects.filter(next_check_at__lte=NOW).exists()


def test_a_patient_who_stays_due_does_not_keep_the_run_from_its_end(due, monkeypatch):
    """Whatever keeps a mark in the past, the cursor walks on."""
    monkeypatch.setattr(planning, "set_each", lambda *args: None)
    for _number in range(3):
        FollowUpFactory(patient__next_check_at=NOW)
    assert plan(batch=2).patients == 4


def test_one_patient_whose_dates_break_the_rules_stops_nobody_else(due, monkeypatch, caplog):
    other = FollowUpFactory(patient__next_check_at=NOW, patient__clinic=due.patient.clinic)
    real = outlooks.decide

    def decide(situation, plans, at):
        if situation.patient_id == due.patient.pk:
            raise OverflowError(due.patient.family_name)
        return real(situation, plans, at)

    monkeypatch.setattr(outlooks, "decide", decide)
    assert plan().letters == 1
    assert Message.objects.get().patient == other.patient
    assert looked_at_again(due.patient) == NOW + timedelta(hours=12)
    assert "OverflowError" in caplog.text
    assert due.patient.family_name not in caplog.text


# -- what waits follows the facts -------------------------------------------------------------------------------------


def planned_again(follow_up, now=NOW):
    look_again([follow_up.patient_id], now=now)
    return plan(now)


def last_attempt(message):
    row = DeliveryAttempt.objects.filter(message=message).order_by("-pk").first()
    return row and (row.from_state, row.to_state, row.outcome)


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        (lambda f: AppointmentFactory(follow_up=f, starts_at=NOW + timedelta(days=20)), "CANCELLED", "BOOKED_AHEAD"),
        (lambda f: ConsentFactory(patient=f.patient, purpose="INVITE", is_given=False), "SUPPRESSED", "NO_CONSENT"),
        (lambda f: HoldFactory(patient=f.patient), "HELD", "ON_HOLD"),
        (lambda f: Patient.objects.filter(pk=f.patient_id).update(status="DECEASED"), "CANCELLED", "DECEASED"),
        (lambda f: Patient.objects.filter(pk=f.patient_id).update(status="PAUSED"), "HELD", "PATIENT_PAUSED"),
        (lambda f: Patient.objects.filter(pk=f.patient_id).update(email=""), "SUPPRESSED", "NO_ADDRESS"),
        (
            lambda f: type(f).objects.filter(pk=f.pk).update(state="STOPPED", stop_reason="OTHER", ended_at=NOW),
            "CANCELLED",
            "ENDED",
        ),
        (lambda f: type(f).objects.filter(pk=f.pk).update(snoozed_until=NOW.date() + timedelta(days=3)), "HELD", "SNOOZED"),
        (lambda f: StaffTaskFactory(patient=f.patient, kind="PHONE_ASKED"), "HELD", "ASKED_TO_BE_CALLED"),
    ],
)
def test_a_letter_that_waits_follows_what_has_changed(due, change, state, reason):
    plan()
    change(due)
    planned_again(due)
    message = Message.objects.get(step="INVITE")
    assert (message.state, message.reason) == (state, reason)
    assert last_attempt(message) == ("READY", state, reason)


def test_a_letter_held_back_by_a_hold_goes_on_when_the_hold_ends(due):
    plan()
    hold = HoldFactory(patient=due.patient)
    planned_again(due)
    assert states() == {"HELD": 1}
    type(hold).objects.filter(pk=hold.pk).update(cleared_at=NOW, cleared_by=hold.owner)
    planned_again(due, NOW + timedelta(minutes=5))
    assert states() == {"READY": 1}


def test_a_held_letter_whose_time_is_over_ends_by_way_of_ready(due):
    plan()
    HoldFactory(patient=due.patient)
    planned_again(due)
    type(due).objects.filter(pk=due.pk).update(state="TREATED", ended_at=NOW)
    planned_again(due)
    message = Message.objects.get()
    assert (message.state, message.reason) == ("CANCELLED", "ENDED")
    moves = DeliveryAttempt.objects.filter(message=message).order_by("pk").values_list("from_state", "to_state")
    assert list(moves) == [("READY", "HELD"), ("HELD", "READY"), ("READY", "CANCELLED")]


def test_a_letter_that_a_person_holds_back_is_left_to_that_person(due):
    plan()
    Message.objects.update(state="HELD", reason="HELD_BY_PERSON")
    assert planned_again(due).settled == 0
    assert states() == {"HELD": 1}


def test_a_letter_in_a_workers_hands_is_left_to_that_worker(due):
    plan()
    Message.objects.update(state="CLAIMED", token=due.public_id, lease_until=NOW + timedelta(minutes=5))
    ConsentFactory(patient=due.patient, purpose="INVITE", is_given=False)
    planned_again(due)
    assert states() == {"CLAIMED": 1}


def test_a_ready_letter_that_must_wait_is_not_ready_before(due):
    plan()
    MessageFactory(patient=due.patient, step="BOOKED", dedupe_key="BOOKED:1:a99:s0", state="SENT", sent_at=NOW)
    planned_again(due)
    message = Message.objects.get(step="INVITE")
    assert (message.state, message.reason, message.ready_at) == ("READY", "TOO_SOON", NOW + timedelta(hours=72))


# -- tasks ------------------------------------------------------------------------------------------------------------


def test_a_patient_without_an_address_gives_staff_a_task_once(due):
    Patient.objects.filter(pk=due.patient_id).update(email="")
    assert plan().tasks == 1
    assert planned_again(due).tasks == 0
    task = StaffTask.objects.get()
    assert (task.patient, task.kind, task.due_on) == (due.patient, "PHONE_NO_ADDRESS", NOW.date())
    assert task.note == "In place of a letter: Invitation."
    assert not Message.objects.exists()


def test_when_the_window_has_closed_staff_get_a_task_and_the_patient_no_letter(due):
    closed = paris(3, 2)
    look_again([due.patient_id], now=closed)
    planned = plan(closed)
    assert (planned.letters, planned.tasks) == (0, 1)
    assert StaffTask.objects.get().kind == "PHONE_OVERDUE"
    assert looked_at_again(due.patient) is None


# -- changes of visits ------------------------------------------------------------------------------------------------


def test_a_booking_by_the_patient_is_answered_at_once_and_announced_later(due):
    visit = AppointmentFactory(follow_up=due, starts_at=NOW + timedelta(days=17))
    AppointmentChangeFactory(appointment=visit, kind=ChangeKind.BOOKED, by_patient=True, by_user=None, at=NOW)
    plan()
    message = Message.objects.get()
    assert (message.step, message.appointment, message.follow_up, message.appointment_sequence) == ("BOOKED", visit, due, 0)
    assert looked_at_again(due.patient) == NOW + timedelta(days=10)


def test_a_visit_without_a_follow_up_has_its_letters_too():
    started()
    visit = AppointmentFactory(patient__next_check_at=NOW, starts_at=NOW + timedelta(days=20))
    AppointmentChangeFactory(appointment=visit, kind=ChangeKind.BOOKED, at=NOW)
    assert plan().letters == 1
    assert Message.objects.get().follow_up is None


# -- plans ------------------------------------------------------------------------------------------------------------


def test_the_plan_of_a_new_clinic_is_the_default_and_is_made_once():
    clinic = ClinicFactory()
    first = ensure_plan(clinic, NOW)
    assert ensure_plan(clinic, NOW + timedelta(days=1)) == first
    assert load_book(NOW).steps(clinic.pk, None) == default_steps()
    assert first.steps.count() == len(default_steps())


def test_the_newest_version_whose_day_has_come_is_in_force():
    clinic = ClinicFactory()
    PlanFactory(clinic=clinic, version=1)
    second = PlanFactory(clinic=clinic, version=2, active_from=NOW.date())
    second.steps.update(is_active=False)
    PlanFactory(clinic=clinic, version=3, active_from=NOW.date() + timedelta(days=1))
    assert [step.step for step in load_book(NOW).steps(clinic.pk, None)] == ["MOVED", "MISSED", "CORRECTION"]
    assert len(load_book(NOW + timedelta(days=1)).steps(clinic.pk, None)) == 11


def test_a_step_that_a_plan_does_not_name_goes_as_in_the_clinics_other_plan_or_as_by_default():
    clinic, indication = ClinicFactory(), IndicationFactory()
    any_use = PlanFactory(clinic=clinic)
    any_use.steps.exclude(step__in=["INVITE", "VISIT"]).delete()
    any_use.steps.filter(step="INVITE").update(offset=-30)
    own = PlanFactory(clinic=clinic, indication=indication, steps=())
    PlanStep.objects.create(plan=own, step="REMIND", anchor="OPENS", offset=3)
    PlanStep.objects.create(plan=own, step="VISIT", anchor="APPOINTMENT", offset=-1, is_active=False)
    steps = {(step.step, step.ordinal): step.offset for step in load_book(NOW).steps(clinic.pk, indication.pk)}
    assert steps == {
        ("INVITE", 1): -30, ("REMIND", 1): 3, ("LAST_CALL", 1): -28, ("OVERDUE", 1): 1, ("BOOKED", 1): 0, ("CANCELLED", 1): 0,
        ("MOVED", 1): 0, ("MISSED", 1): 1, ("CORRECTION", 1): 0,
    }  # fmt: skip


def test_a_clinic_without_any_plan_loses_no_letter():
    started()
    FollowUpFactory(patient__next_check_at=NOW)
    assert plan().letters == 1


# -- rows -------------------------------------------------------------------------------------------------------------


def as_row(message):
    return {field.attname: getattr(message, field.attname) for field in Message._meta.concrete_fields if field.attname != "id"}


def test_a_row_under_a_known_key_is_left_out_but_any_other_broken_rule_is_told():
    known = MessageFactory()
    again = as_row(MessageFactory.build(patient=known.patient, clinic=known.clinic, dedupe_key=known.dedupe_key))
    fresh = as_row(MessageFactory.build(patient=known.patient, clinic=known.clinic))
    assert len(insert_new(Message, [again, fresh], unique="dedupe_key")) == 1
    broken = as_row(MessageFactory.build(patient=known.patient, clinic=known.clinic)) | {"state": "SENT", "sent_at": None}
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_new(Message, [broken], unique="dedupe_key")


def test_each_patient_gets_the_moment_meant_for_them():
    patients = [PatientFactory(next_check_at=NOW) for _number in range(3)]
    moments = {patients[0].pk: NOW + timedelta(days=1), patients[1].pk: None, patients[2].pk: NOW + timedelta(days=2)}
    set_each(Patient, "next_check_at", moments)
    assert dict(Patient.objects.values_list("pk", "next_check_at")) == moments


def test_the_engine_row_is_one():
    started()
    with pytest.raises(IntegrityError), transaction.atomic():
        EngineState.objects.create(pk=2)
