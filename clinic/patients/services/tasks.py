"""What a person of the clinic must do for a patient."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.patients.joined_causes import JoinedCause
from clinic.patients.models import Patient, StaffTask
from clinic.patients.services.refusals import Refused, problems_of
from clinic.patients.services.scope import look_again
from clinic.practice.roles import Permission
from clinic.practice.services import may_at

_LONGEST_NOTE = 200


def raise_task(
    *,
    patient: Patient,
    kind: str,
    cause_key: str,
    due_on: date,
    note: str = "",
    joins: Collection[str] = (),
    now: datetime,
) -> StaffTask | None:
    """Give the clinic a task about `patient`, once for the same `cause_key`; None if it was raised before, done or not.

    `cause_key` names the cause without saying anything about the patient, such as "overdue:<public id of the follow-up>".
    While a task of one of the kinds `joins` is open for the patient, the cause joins it, with its note, and None is returned.
    """
    with transaction.atomic():
        if joins and _has_joined(patient=patient, kind=kind, cause_key=cause_key, note=note, joins=joins, now=now):
            return None
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


def _has_joined(*, patient: Patient, kind: str, cause_key: str, note: str, joins: Collection[str], now: datetime) -> bool:
    """Let the cause join the oldest open task of these kinds, once; False if there is none and it never joined any."""
    if JoinedCause.objects.filter(cause_key=cause_key).exists():
        return True
    open_tasks = StaffTask.objects.filter(patient=patient, kind__in=joins, done_at__isnull=True).exclude(cause_key=cause_key)
    task = open_tasks.select_for_update(of=("self",)).order_by("created_at", "pk").first()
    if task is None or StaffTask.objects.filter(cause_key=cause_key).exists():
        return False
    JoinedCause.objects.create(task=task, kind=kind, cause_key=cause_key, note=note, at=now)
    told = f"{task.note} {note}".strip()
    # What no longer fits stands with the cause.
    if note and note not in task.note and len(told) <= _LONGEST_NOTE:
        task.note = told
        task.save(update_fields=["note"])
    audit.record(
        by=audit.Actor.system(),
        action=audit.Action.CHANGED,
        what=task,
        patient_public_id=patient.public_id,
        clinic_id=patient.clinic_id,
        fields=["joined_causes", "note"],
        now=now,
    )
    return True


def assign_task(*, by: audit.Actor, task: StaffTask, assignee: User | None, now: datetime) -> StaffTask:
    """Give an open task to one person of the clinic, or back to everybody; return it as stored.

    Raises Refused when somebody has done it meanwhile, and for a person who does not work on follow-ups at the patient's clinic.
    """
    with transaction.atomic():
        stored = _still_open(task)
        if assignee is not None and not may_at(assignee, Permission.WORK_FOLLOW_UPS, stored.patient.clinic_id):
            raise Refused.for_field("assignee", _("Choose somebody who works on follow-ups at this patient's clinic."))
        if stored.assignee_id != (assignee.pk if assignee else None):
            stored.assignee = assignee
            stored.save(update_fields=["assignee"])
            _leave_trace(by, stored, ["assignee"], now)
    return stored


def finish_task(*, by: audit.Actor, task: StaffTask, outcome: str, now: datetime) -> StaffTask:
    """Record that the task is done and what came of it; return it as stored.

    Raises Refused without an outcome, for an unfit one, and if somebody has already done it.
    """
    with transaction.atomic():
        # An open task may hold letters back.
        look_again([task.patient_id], now=now)
        stored = _still_open(task)
        stored.outcome = outcome.strip()
        if not stored.outcome:
            raise Refused.for_field("outcome", _("Say in a few words what came of it."))
        if problems := problems_of(stored, fields=["outcome"]):
            raise Refused(problems)
        stored.done_by, stored.done_at = by.user, now
        stored.save(update_fields=["outcome", "done_by", "done_at"])
        _leave_trace(by, stored, ["done_at", "outcome"], now)
    return stored


def _still_open(task: StaffTask) -> StaffTask:
    """The task as stored, its row taken until the transaction ends; refused once somebody has done it."""
    stored = StaffTask.objects.select_for_update(of=("self",)).select_related("patient", "done_by").get(pk=task.pk)
    if stored.done_at is not None:
        raise Refused.for_field("", _("%(who)s has already done this.") % {"who": stored.done_by or _("Somebody")})
    return stored


def _leave_trace(by: audit.Actor, task: StaffTask, fields: list[str], now: datetime) -> None:
    audit.record(
        by=by,
        action=audit.Action.CHANGED,
        what=task,
        patient_public_id=task.patient.public_id,
        clinic_id=task.patient.clinic_id,
        fields=fields,
        now=now,
    )
