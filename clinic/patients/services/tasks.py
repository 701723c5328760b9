"""What a person of the clinic must do for a patient."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services.refusals import Refused, problems_of
from clinic.patients.services.scope import look_again


def raise_task(*, patient: Patient, kind: str, cause_key: str, due_on: date, note: str = "", now: datetime) -> StaffTask | None:
    """Give the clinic a task about `patient`, once for the same `cause_key`; None if it was raised before, done or not.

    `cause_key` names the cause without saying anything about the patient, such as "overdue:<public id of the follow-up>".
    """
    with transaction.atomic():
        task, is_new = StaffTask.objects.get_or_create(
            cause_key=cause_key,
            defaults={"patient": patient, "kind": kind, "due_on": due_on, "note": note, "created_at": now},
        )
        if not is_new:
            return None
        audit.record(
            by=audit.Actor.system(),
            action=audit.Action.CREATED,
            what=task,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=["kind", "due_on"],
            now=now,
        )
    return task


def finish_task(*, by: audit.Actor, task: StaffTask, outcome: str, now: datetime) -> StaffTask:
    """Record that the task is done and what came of it; return it as stored.

    Raises Refused without an outcome, for an unfit one, and if somebody has already done it.
    """
    with transaction.atomic():
        # An open task may hold letters back.
        look_again([task.patient_id], now=now)
        stored = StaffTask.objects.select_for_update(of=("self",)).select_related("patient", "done_by").get(pk=task.pk)
        if stored.done_at is not None:
            raise Refused.for_field("", _("%(who)s has already done this.") % {"who": stored.done_by or _("Somebody")})
        stored.outcome = outcome.strip()
        if not stored.outcome:
            raise Refused.for_field("outcome", _("Say in a few words what came of it."))
        if problems := problems_of(stored, fields=["outcome"]):
            raise Refused(problems)
        stored.done_by, stored.done_at = by.user, now
        stored.save(update_fields=["outcome", "done_by", "done_at"])
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=stored,
            patient_public_id=stored.patient.public_id,
            clinic_id=stored.patient.clinic_id,
            fields=["done_at", "outcome"],
            now=now,
        )
    return stored
