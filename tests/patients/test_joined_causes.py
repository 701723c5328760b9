"""A second cause of the same need joins the task that is open; it is remembered, and told with it."""

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.patients.joined_causes import TO_REACH_THEM, JoinedCause
from clinic.patients.models import StaffTask
from clinic.patients.services import finish_task, raise_task
from tests.factories import NOW, TODAY, PatientFactory, StaffTaskFactory, UserFactory

pytestmark = pytest.mark.django_db


def raised(patient, key, *, kind="PHONE_BOUNCED", note="A letter came back.", joins=TO_REACH_THEM):
    return raise_task(patient=patient, kind=kind, cause_key=key, due_on=TODAY, note=note, joins=joins, now=NOW)


def test_second_cause_joins_with_its_note_and_is_told_once():
    patient = PatientFactory()
    first = raised(patient, "refused:1")
    for _pass in range(2):
        assert raised(patient, "step:1", kind="PHONE_NO_ADDRESS", note="In place of a letter: Invitation.") is None
    task = StaffTask.objects.get()
    assert (task.pk, task.kind, task.note) == (
        first.pk, "PHONE_BOUNCED", "A letter came back. In place of a letter: Invitation.",
    )  # fmt: skip
    joined = JoinedCause.objects.get()
    assert (joined.task, joined.kind, joined.cause_key) == (task, "PHONE_NO_ADDRESS", "step:1")
    event = AuditEvent.objects.get(action="CHANGED")
    assert (event.what_id, event.patient_id_public) == (task.public_id, patient.public_id)


def test_what_joined_is_not_raised_again_once_the_task_is_done():
    patient = PatientFactory()
    task = raised(patient, "refused:1")
    raised(patient, "step:1")
    finish_task(by=Actor.of_user(UserFactory()), task=task, outcome="new address", now=NOW)
    assert raised(patient, "step:1") is None
    assert raised(patient, "step:2") is not None
    assert StaffTask.objects.count() == 2


@pytest.mark.parametrize("kind", ["PHONE_OPTED_OUT", "PHONE_OVERDUE", "PHONE_ASKED"])
def test_a_task_for_another_need_is_not_joined(kind):
    patient = PatientFactory()
    StaffTaskFactory(patient=patient, kind=kind)
    StaffTaskFactory(kind="PHONE_BOUNCED")
    assert raised(patient, "step:1") is not None


def test_the_cause_that_raised_a_task_does_not_join_another():
    patient = PatientFactory()
    raised(patient, "refused:1")
    StaffTaskFactory(patient=patient, kind="CHECK_ADDRESS")
    assert raised(patient, "refused:1") is None
    assert not JoinedCause.objects.exists()


def test_a_note_that_no_longer_fits_stands_with_the_cause():
    patient = PatientFactory()
    raised(patient, "refused:1", note="x" * 190)
    raised(patient, "refused:2", note="y" * 20)
    assert StaffTask.objects.get().note == "x" * 190
    assert JoinedCause.objects.get().note == "y" * 20
