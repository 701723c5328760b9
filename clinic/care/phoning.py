"""A call that settles a task: the task is done and the try to reach the patient is on the follow-up, both or neither."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from clinic import audit
from clinic.patients.models import StaffTask
from clinic.patients.services import finish_task
from clinic.treatments.models import ContactChannel, FollowUp
from clinic.treatments.services import log_contact


@transaction.atomic
def finish_with_call(
    *,
    by: audit.Actor,
    task: StaffTask,
    outcome: str,
    follow_up: FollowUp,
    contact: str,
    call_back_on: date | None = None,
    declined_why: str = "",
    ends: bool = False,
    now: datetime,
) -> StaffTask:
    """Finish a task by a phone call and log the call on a follow-up of the same patient, with what follows from it.

    `outcome` says what came of the task and is the note of the contact. Raises Refused as `finish_task` does and FollowUpRefused
    as `log_contact` does, and nothing is written then; ValueError for another patient's follow-up.
    """
    if follow_up.patient_id != task.patient_id:
        raise ValueError("The follow-up is another patient's.")
    # First the task: what the call raises anew is not to be mistaken for it.
    finished = finish_task(by=by, task=task, outcome=outcome, now=now)
    log_contact(
        by=by,
        follow_up=follow_up,
        channel=ContactChannel.PHONE,
        outcome=contact,
        note=outcome,
        call_back_on=call_back_on,
        declined_why=declined_why,
        ends=ends,
        now=now,
    )
    return finished
