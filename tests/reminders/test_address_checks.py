"""Addresses are seen to four weeks before a window opens, so that the invitation can go."""

from datetime import timedelta

import pytest
from django.db import transaction

from clinic.audit import Actor
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services import change_patient, finish_task
from clinic.reminders import planning
from clinic.reminders.address_checks import checked_now, next_check_at
from clinic.reminders.addresses import address_hash
from clinic.reminders.models import Message, Suppression
from clinic.reminders.plans import load_book
from tests.factories import (
    NOW,
    TODAY,
    AppointmentFactory,
    ClinicFactory,
    FollowUpFactory,
    HoldFactory,
    PatientFactory,
    StaffTaskFactory,
    UserFactory,
)
from tests.reminders.running import Clock, plan, run, started
from tests.reminders.situations import follow_up, paris, situation
from tests.reminders.situations import letter as letter_fact

EARLY = paris(11, 3)  # the window of tests.reminders.situations opens on 1 December

# -- when -------------------------------------------------------------------------------------------------------------


def test_a_look_falls_due_four_weeks_before_the_window_opens_in_the_morning():
    assert next_check_at(situation(), EARLY - timedelta(seconds=1)) == EARLY
    assert checked_now(situation(), EARLY - timedelta(seconds=1)) == []
    assert checked_now(situation(), EARLY) == [follow_up()]
    assert next_check_at(situation(), EARLY) is None


def test_once_the_window_is_open_the_steps_themselves_become_tasks():
    assert checked_now(situation(), paris(11, 30, 23, 59)) == [follow_up()]
    assert checked_now(situation(), paris(12, 1, 0)) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "PAUSED"},
        {"status": "DECEASED"},
        {"on_hold": True},
        {"consents": frozenset({"VISIT"})},
        {"follow_ups": (follow_up(is_booked=True),)},
        {"tasks": frozenset({"address:f1"})},
        {"tasks": frozenset({"step:INVITE:1:f1:r0"})},
        {"open_tasks": frozenset({"refused:0e1c9a52"})},
    ],
)
def test_nobody_is_asked_for_an_address_that_no_invitation_will_need(facts):
    assert checked_now(situation(**facts), EARLY) == []


def test_a_letter_that_went_does_not_matter():
    assert checked_now(situation(letters=[letter_fact("INVITE", paris(11, 2))]), EARLY) == [follow_up()]


# -- what the planner does --------------------------------------------------------------------------------------------


@pytest.fixture
def clinic(db):
    started()
    return ClinicFactory()


def approaching(clinic, *, opens_in=28, **patient):
    """A follow-up whose window opens so many days from now; looked at now."""
    opens_on = TODAY + timedelta(days=opens_in)
    return FollowUpFactory(
        patient__clinic=clinic,
        patient__next_check_at=NOW,
        opens_on=opens_on,
        closes_on=opens_on + timedelta(days=60),
        suggested_from=opens_on,
        suggested_until=opens_on + timedelta(days=21),
        **{f"patient__{name}": value for name, value in patient.items()},
    )


def tasks():
    return list(StaffTask.objects.order_by("pk").values_list("patient__family_name", "kind", "note"))


MISSING = "No e-mail address to which an invitation can go."
RETURNED = "Letters to their e-mail address came back or were not wanted."
SHARED = "Another patient has the same e-mail address: whose is it?"


def test_an_empty_a_blocked_and_a_shared_address_become_tasks_and_a_good_one_does_not(clinic):
    approaching(clinic, family_name="Empty", email="")
    approaching(clinic, family_name="Blocked", email="gone@example.org")
    Suppression.objects.create(clinic=clinic, address_hash=address_hash("gone@example.org"), reason="BOUNCED", at=NOW)
    approaching(clinic, family_name="Shared", email="Family@example.org")
    PatientFactory(clinic=clinic, family_name="Sharer", email="family@EXAMPLE.org")
    approaching(clinic, family_name="Good", email="good@example.org")
    PatientFactory(clinic=ClinicFactory(), email="good@example.org")
    PatientFactory(clinic=clinic, email="good@example.org", status="DECEASED")
    assert plan().tasks == 3
    assert tasks() == [
        ("Empty", "CHECK_ADDRESS", MISSING),
        ("Blocked", "CHECK_ADDRESS", RETURNED),
        ("Shared", "CHECK_ADDRESS", SHARED),
    ]


def test_the_look_is_taken_on_its_day_and_not_before(clinic):
    later = approaching(clinic, opens_in=40, email="")
    plan()
    assert tasks() == []
    mark = Patient.objects.get(pk=later.patient_id).next_check_at
    assert mark == paris(12, 5, year=2026)
    plan(mark)
    assert len(tasks()) == 1


def test_it_is_asked_once_for_a_window_however_often_the_engine_looks(clinic):
    follow_up = approaching(clinic, email="")
    plan()
    finish_task(by=Actor.of_user(UserFactory()), task=StaffTask.objects.get(), outcome="has none", now=NOW)
    plan(NOW + timedelta(days=1))
    assert len(tasks()) == 1
    Patient.objects.filter(pk=follow_up.patient_id).update(next_check_at=NOW)
    plan(NOW + timedelta(days=2))
    assert len(tasks()) == 1


def test_while_somebody_is_to_ask_for_an_address_the_invitation_raises_no_second_task(clinic):
    approaching(clinic, email="")
    plan()
    invited = NOW + timedelta(days=16)
    plan(invited)
    assert [kind for _name, kind, _note in tasks()] == ["CHECK_ADDRESS"]
    finish_task(by=Actor.of_user(UserFactory()), task=StaffTask.objects.get(), outcome="has none", now=invited)
    plan(invited)
    assert [kind for _name, kind, _note in tasks()] == ["CHECK_ADDRESS", "PHONE_NO_ADDRESS"]


def test_where_the_invitation_is_due_at_once_one_task_does_for_both(clinic):
    approaching(clinic, opens_in=10, email="")
    plan()
    assert [kind for _name, kind, _note in tasks()] == ["PHONE_NO_ADDRESS"]
    plan(NOW + timedelta(days=1))
    assert len(tasks()) == 1


def test_with_the_address_that_the_patient_gave_the_invitation_goes(clinic, server):
    follow_up = approaching(clinic, email="")
    plan()
    change_patient(by=Actor.of_user(UserFactory()), patient=follow_up.patient, email="anna@example.org", now=NOW)
    run(Clock(NOW + timedelta(days=16)))
    assert [letter.recipient for letter in server.taken] == ["anna@example.org"]
    assert Message.objects.get().state == "SENT"


def test_nobody_is_asked_while_they_are_on_hold_or_booked_or_phoned_anyway(clinic):
    HoldFactory(patient=approaching(clinic, email="").patient)
    AppointmentFactory(follow_up=approaching(clinic, email=""), starts_at=NOW + timedelta(days=30))
    StaffTaskFactory(patient=approaching(clinic, email="").patient, cause_key="refused:some-letter")
    plan()
    assert not StaffTask.objects.filter(kind="CHECK_ADDRESS").exists()


def test_one_patient_with_impossible_dates_keeps_nobody_else_from_being_asked(clinic, monkeypatch):
    poisoned = approaching(clinic, family_name="Poisoned", email="")
    approaching(clinic, family_name="Other", email="")
    real = planning.outlook_of

    def outlook_of(situation, plans, at):
        outlook = real(situation, plans, at)
        return outlook if situation.patient_id != poisoned.patient_id else type(outlook)((), at, has_failed=True)

    monkeypatch.setattr(planning, "outlook_of", outlook_of)
    plan()
    assert [name for name, _kind, _note in tasks()] == ["Other"]


def test_a_batch_with_addresses_to_look_at_costs_two_queries_more_for_one_and_for_many(clinic, django_assert_num_queries):
    book = load_book(NOW)
    for count in (1, 30):
        ids = [approaching(clinic).patient_id for _number in range(count)]
        with django_assert_num_queries(11), transaction.atomic():
            planning.plan_batch(ids, plans=book, now=NOW)
