"""A patient's death: nothing more is planned, sent or phoned about; and taking a death back that was recorded in error."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from clinic import audit, links
from clinic.patients.models import Patient, PatientStatus, StaffTask
from clinic.patients.services import finish_task
from clinic.patients.services.people import write_status
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.scheduling.services import cancel
from clinic.treatments.models import FollowUp, FollowUpState, StopReason
from clinic.treatments.services import stop

#: Kept with what a death ends.
REASON = "the patient died"


@transaction.atomic
def record_death(*, by: audit.Actor, patient: Patient, now: datetime) -> Patient:
    """Record that the patient has died, and return them as stored. A second time changes nothing.

    Every active follow-up stops, every visit still expected is cancelled without a letter, no link of theirs opens anything any
    more, and no task to phone them stays open.
    """
    stored = _locked(patient)
    if stored.status == PatientStatus.DECEASED:
        return stored
    # First the status: whoever waits for the patient's row finds that they have died.
    write_status(by=by, patient=stored, status=PatientStatus.DECEASED, now=now)
    for follow_up in FollowUp.objects.filter(patient=stored, state=FollowUpState.ACTIVE):
        stop(by=by, follow_up=follow_up, reason=StopReason.DECEASED, note="", now=now)
    for visit in Appointment.objects.filter(patient=stored, state__in=COMING_STATES).select_related("patient", "clinic"):
        cancel(by=by, appointment=visit, reason=REASON, with_letter=False, now=now)
    for task in StaffTask.objects.filter(patient=stored, done_at__isnull=True):
        finish_task(by=by, task=task, outcome=REASON, now=now)
    links.revoke_for(patient=stored, now=now)
    return stored


@transaction.atomic
def take_back_death(*, by: audit.Actor, patient: Patient, now: datetime) -> Patient:
    """Take back a death that was recorded in error, and return the patient as stored: active, and followed up again.

    The follow-ups that the death stopped run again, so that the patient is not lost to care. Visits stay cancelled, links revoked
    and tasks done: staff book anew. Changes nothing for a patient who is not recorded as having died.
    """
    stored = _locked(patient)
    if stored.status != PatientStatus.DECEASED:
        return stored
    write_status(by=by, patient=stored, status=PatientStatus.ACTIVE, now=now)
    for follow_up in _stopped_by_death(stored):
        follow_up.state, follow_up.stop_reason, follow_up.ended_at = FollowUpState.ACTIVE, "", None
        follow_up.save(update_fields=["state", "stop_reason", "ended_at"])
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=follow_up,
            patient_public_id=stored.public_id,
            clinic_id=stored.clinic_id,
            fields=["state", "stop_reason", "ended_at"],
            now=now,
        )
    return stored


def _stopped_by_death(patient: Patient) -> Iterable[FollowUp]:
    """The newest follow-up of each condition that a death stopped and that no later one has replaced."""
    newest: dict[int, FollowUp] = {}
    for follow_up in FollowUp.objects.filter(patient=patient).order_by("session__performed_on", "pk"):
        newest[follow_up.condition_id] = follow_up
    return [one for one in newest.values() if one.stop_reason == StopReason.DECEASED]


def _locked(patient: Patient) -> Patient:
    return Patient.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=patient.pk)
