"""How things stand with one patient now, in one query."""

from datetime import timedelta

import pytest

from clinic.care.standing import standing_of
from clinic.patients.models import Patient
from tests.factories import (
    NOW,
    TODAY,
    ConsentFactory,
    HoldFactory,
    InjectionSessionFactory,
    PatientFactory,
    SideEffectFactory,
    StaffTaskFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return PatientFactory(consents=())


def test_nothing_stands_with_a_new_patient(patient):
    standing = standing_of(patient.pk)

    assert (standing.consents, standing.holds, standing.tasks, standing.side_effects) == ({}, [], [], [])


def test_newest_word_on_a_purpose_counts(patient):
    ConsentFactory(patient=patient, purpose="NEWS", at=NOW, how="by phone")
    ConsentFactory(patient=patient, purpose="INVITE", at=NOW - timedelta(days=1))
    ConsentFactory(patient=patient, purpose="INVITE", is_given=False, at=NOW, how="on paper")
    ConsentFactory(patient=patient, purpose="VISIT", is_given=False, at=NOW)
    ConsentFactory(patient=patient, purpose="VISIT", at=NOW)

    consents = standing_of(patient.pk).consents
    assert {purpose: one.is_given for purpose, one in consents.items()} == {"NEWS": True, "INVITE": False, "VISIT": True}
    assert (consents["INVITE"].since, consents["INVITE"].how) == (NOW, "on paper")


def test_holds_that_nobody_ended_stand_with_their_owner(patient):
    hold = HoldFactory(patient=patient, reason="AWAY", note="sails", owner=UserFactory(name="Jo"))
    HoldFactory(patient=patient, cleared_by=UserFactory(), cleared_at=NOW)

    (found,) = standing_of(patient.pk).holds
    assert (found.public_id, found.reason, found.note, found.owner) == (hold.public_id, "AWAY", "sails", "Jo")
    assert (found.from_on, found.review_on) == (hold.from_on, hold.review_on)


def test_tasks_nobody_has_done_stand_by_the_day_they_are_due(patient):
    late = StaffTaskFactory(patient=patient, due_on=TODAY, note="second")
    soon = StaffTaskFactory(patient=patient, due_on=TODAY - timedelta(days=3), kind="PHONE_ASKED")
    StaffTaskFactory(patient=patient, done_by=UserFactory(), done_at=NOW)

    tasks = standing_of(patient.pk).tasks
    assert [task.public_id for task in tasks] == [soon.public_id, late.public_id]
    assert (tasks[0].kind, tasks[0].due_on, tasks[1].note) == ("PHONE_ASKED", soon.due_on, "second")


def test_side_effects_that_are_not_reviewed_stand(patient):
    session = InjectionSessionFactory(patient=patient)
    red = TermFactory(code="AE20", plain_name="trouble swallowing", urgency="RED")
    open_one = SideEffectFactory(session=session, state="FOLLOWING", version__term=red)
    SideEffectFactory(session=session, state="REVIEWED")

    (found,) = standing_of(patient.pk).side_effects
    assert (found.public_id, found.term, found.urgency, found.state) == (
        open_one.public_id,
        "trouble swallowing",
        "RED",
        "FOLLOWING",
    )


def test_nothing_of_another_patient_stands_whoever_was_asked_about_before(patient):
    other = PatientFactory()
    HoldFactory(patient=other)
    StaffTaskFactory(patient=other)
    SideEffectFactory(session=InjectionSessionFactory(patient=other))

    assert standing_of(other.pk).holds
    assert standing_of(patient.pk).holds == []
    assert standing_of(patient.pk).consents == {}
    assert len(standing_of(other.pk).consents) == 2
    assert len(standing_of(Patient.objects.get(pk=other.pk).pk).side_effects) == 1


def test_one_query_whatever_stands(patient, django_assert_num_queries):
    standing_of(patient.pk)
    for _ in range(30):
        HoldFactory(patient=patient)
        StaffTaskFactory(patient=patient)

    with django_assert_num_queries(1):
        assert len(standing_of(patient.pk).holds) == 30
