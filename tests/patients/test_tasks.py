"""What staff must do for a patient, raised once and done once."""

from datetime import timedelta

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import StaffTask
from clinic.patients.services import Refused, finish_task, raise_task
from tests.factories import NOW, TODAY, PatientFactory, StaffTaskFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return Actor.of_user(UserFactory(name="Dr Lind"))


def raised(patient, key="overdue:1"):
    return raise_task(patient=patient, kind="PHONE_OVERDUE", cause_key=key, due_on=TODAY, note="two letters", now=NOW)


def test_task_is_raised_once_for_a_cause(by):
    patient = PatientFactory()

    first = raised(patient)
    assert raised(patient) is None
    finish_task(by=by, task=first, outcome="reached", now=NOW)
    assert raised(patient) is None
    assert raised(patient, key="overdue:2") is not None

    assert StaffTask.objects.count() == 2
    assert AuditEvent.objects.filter(action="CREATED", actor_kind="SYSTEM").count() == 2


def test_done_task_says_by_whom_when_and_what_came_of_it(by):
    task = StaffTaskFactory()

    finish_task(by=by, task=task, outcome=" will call back ", now=NOW)

    task.refresh_from_db()
    assert (task.done_by, task.done_at, task.outcome) == (by.user, NOW, "will call back")
    event = AuditEvent.objects.get()
    assert (event.what_id, event.fields) == (task.public_id, ["done_at", "outcome"])


def test_second_person_is_told_who_has_done_it(by):
    task = StaffTaskFactory()
    finish_task(by=by, task=task, outcome="reached", now=NOW)

    with pytest.raises(Refused) as refused:
        finish_task(by=Actor.of_user(UserFactory()), task=task, outcome="again", now=NOW + timedelta(hours=1))

    assert "Dr Lind" in refused.value.problems[0].message
    task.refresh_from_db()
    assert task.outcome == "reached"


@pytest.mark.parametrize("outcome", ["", "   ", "x" * 201, "done\x00", "done\r\nBcc: y"])
def test_outcome_is_asked_for_and_must_be_readable(by, outcome):
    task = StaffTaskFactory()

    with pytest.raises(Refused) as refused:
        finish_task(by=by, task=task, outcome=outcome, now=NOW)

    assert [problem.field for problem in refused.value.problems] == ["outcome"]
    task.refresh_from_db()
    assert task.done_at is None
