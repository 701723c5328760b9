"""Faults read in the code of other programs that remind patients, each held against ours."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from clinic.audit import Actor
from clinic.care.stages import Stage
from clinic.care.worklist import counts
from clinic.management.faults.smtp import Act, At, Fault
from clinic.patients.models import StaffTask
from clinic.patients.services import change_patient, look_again, withdraw_consent
from clinic.reminders.models import Message, Suppression
from clinic.reminders.plans import ensure_plan
from clinic.treatments.models import FollowUp
from clinic.treatments.services import stop
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    FollowUpFactory,
    IndicationFactory,
    UserFactory,
)
from tests.reminders.running import Clock, plan, run, started, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    clinic = ClinicFactory()
    ensure_plan(clinic, NOW)
    return clinic


def due(clinic, **patient):
    """A follow-up whose invitation has been due since Tuesday last."""
    return FollowUpFactory(patient__clinic=clinic, patient__next_check_at=NOW, **{f"patient__{k}": v for k, v in patient.items()})


def recipients(server):
    return sorted(letter.recipient for letter in server.taken)


def staff():
    return Actor.of_user(UserFactory())


def test_bahmni_one_patient_without_an_address_does_not_end_the_run_for_those_after(server, clinic):
    for name in ("a", "", "c"):
        due(clinic, email=f"{name}@example.org" if name else "")
    run()
    assert recipients(server) == ["a@example.org", "c@example.org"]
    assert StaffTask.objects.get().kind == "PHONE_NO_ADDRESS"


def test_bahmni_after_a_day_without_runs_nobody_is_left_out_and_two_runs_in_an_hour_send_once(server, clinic):
    late = due(clinic, email="late@example.org")
    type(late.patient).objects.update(next_check_at=NOW - timedelta(days=1))
    run(Clock(NOW))
    run(Clock(NOW + timedelta(minutes=30)))
    look_again([late.patient_id], now=NOW + timedelta(minutes=31))
    run(Clock(NOW + timedelta(minutes=32)))
    assert recipients(server) == ["late@example.org"]


def test_bahmni_who_took_consent_back_or_whose_visit_is_over_is_not_written_to(server, clinic):
    opted_out = due(clinic, email="opted-out@example.org").patient
    withdraw_consent(by=Actor.patient(), patient=opted_out, purpose="INVITE", how="by a link", now=NOW)
    for number, state in enumerate(("TREATED", "MISSED", "CANCELLED")):
        AppointmentFactory(
            patient__clinic=clinic, patient__next_check_at=NOW, patient__email=f"{state.lower()}@example.org", state=state,
            starts_at=NOW + timedelta(days=1, hours=number), changes=("BOOKED",),
        )  # fmt: skip
    run()
    assert recipients(server) == []


@pytest.mark.parametrize(
    ("zone", "hour", "goes"),
    [("Asia/Kolkata", 3, True), ("Asia/Kolkata", 14, False), ("America/St_Johns", 3, False), ("America/St_Johns", 14, True)],
)
def test_bahmni_the_hours_are_those_of_the_clinics_own_zone(server, zone, hour, goes):
    clinic = ClinicFactory(time_zone=zone)
    ensure_plan(clinic, NOW)
    due(clinic)
    run(Clock(datetime(2026, 11, 24, hour, tzinfo=UTC)))
    assert len(server.taken) == goes


def test_openemr_a_visit_for_one_indication_leaves_the_other_owed_and_marks_its_own_letter(server, clinic):
    first = due(clinic)
    other = FollowUpFactory(
        patient=first.patient,
        condition=ConditionFactory(patient=first.patient, indication=IndicationFactory(code="BLEPH", name="Blepharospasm")),
    )
    AppointmentFactory(follow_up=first, starts_at=NOW + timedelta(days=29), created_at=NOW - timedelta(days=9))
    run()
    invitations = Message.objects.filter(step="INVITE")
    assert [(message.follow_up_id, message.state) for message in invitations] == [(other.pk, "SENT")]


def test_openemr_a_patient_has_as_many_recalls_as_conditions(server, clinic):
    first = due(clinic)
    later = FollowUpFactory(
        patient=first.patient,
        condition=ConditionFactory(patient=first.patient, indication=IndicationFactory(code="GLABELLAR", name="Glabellar lines")),
        opens_on=first.opens_on + timedelta(days=30),
        closes_on=first.closes_on + timedelta(days=30),
    )
    clock = Clock()
    while clock.now < NOW + timedelta(days=40):
        run(clock)
        clock.tick(hours=12)
    invited = Message.objects.filter(step="INVITE", state="SENT").values_list("follow_up_id", flat=True)
    assert sorted(invited) == [first.pk, later.pk]


def test_openemr_of_a_batch_of_25_whose_letters_are_no_longer_right_every_one_ends(clinic):
    started()
    follow_ups = [due(clinic) for _number in range(25)]
    plan()
    assert states() == {"READY": 25}
    practitioner, kind = None, None
    for number, follow_up in enumerate(follow_ups):
        given = {"practitioner": practitioner, "kind": kind} if practitioner else {}
        visit = AppointmentFactory(follow_up=follow_up, starts_at=NOW + timedelta(days=20, hours=number), changes=(), **given)
        practitioner, kind = visit.practitioner, visit.kind
    look_again([follow_up.patient_id for follow_up in follow_ups], now=NOW)
    plan()
    assert Counter(Message.objects.values_list("state", "reason")) == {("CANCELLED", "BOOKED_AHEAD"): 25}


def test_openemr_a_letter_that_is_refused_is_not_tried_for_ever_and_stands_on_the_patient(server, clinic):
    patient = due(clinic, email="gone@example.org").patient
    server.fault = Fault(At.RCPT, Act.REPLY, "550 5.1.1 no such user")
    clock = Clock()
    for _day in range(10):
        run(clock)
        clock.tick(days=1)
    assert server.connections == 1
    assert Message.objects.get().state == "FAILED"
    assert Suppression.objects.count() == 1
    assert StaffTask.objects.filter(patient=patient, done_at=None).exists()


def test_openemr_what_was_sent_stands_in_a_ledger_of_its_own_and_not_on_the_visit(server, clinic):
    visit = AppointmentFactory(
        patient__clinic=clinic, patient__next_check_at=NOW,
        created_at=NOW - timedelta(days=9), starts_at=datetime(2026, 12, 10, 9, tzinfo=UTC),
    )  # fmt: skip
    stored = type(visit).objects.filter(pk=visit.pk).values().get()
    clock = Clock()
    while clock.now < visit.starts_at:
        run(clock)
        clock.tick(hours=6)
    assert Message.objects.filter(appointment=visit, state="SENT").count() == 2
    assert type(visit).objects.filter(pk=visit.pk).values().get() == stored


def test_session_ledger_who_was_last_seen_five_years_ago_is_told_to_staff_once_and_can_be_let_go(server, clinic):
    follow_up = due(clinic)
    clock = Clock(NOW + timedelta(days=5 * 365))
    for _month in range(4):
        look_again([follow_up.patient_id], now=clock.now)
        run(clock)
        clock.tick(days=30)
    assert server.taken == []
    assert StaffTask.objects.get().kind == "PHONE_OVERDUE"
    stop(by=staff(), follow_up=follow_up, reason="NOT_REACHED", note="", now=clock.now)
    listed = counts(FollowUp.objects.all(), clock.now.date())
    assert {found: number for found, number in listed.items() if number} == {Stage.STOPPED: 1}


def test_redcap_what_changed_since_a_letter_was_planned_is_in_it(server, clinic):
    patient = due(clinic, given_name="Anna", email="old@example.org").patient
    started()
    plan()
    change_patient(by=staff(), patient=patient, given_name="Johanna", email="new@example.org", now=NOW)
    run()
    letter = server.taken[0]
    assert letter.recipient == "new@example.org"
    assert b"Johanna" in letter.content
