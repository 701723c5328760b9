"""Gives staff the task to ask for an e-mail address, in time before the first invitation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Upper
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.patients.joined_causes import TO_REACH_THEM
from clinic.patients.models import Patient, PatientStatus, TaskKind
from clinic.patients.services import raise_task
from clinic.reminders.address_checks import cause_of, checked_now
from clinic.reminders.situation import Address, Situation

_NOTES: dict[Address, Promise] = {
    Address.MISSING: _("No e-mail address to which an invitation can go."),
    Address.SUPPRESSED: _("Letters to their e-mail address came back or were not wanted."),
}
_SHARED = _("Another patient has the same e-mail address: whose is it?")


def raise_due(situations: Mapping[int, Situation], *, now: datetime) -> int:
    """Raise the task for each of these patients whose address no letter can use or who shares it; return how many are new.

    Two queries where anybody's address is to be looked at, none otherwise, and one task's own for each.
    """
    due = {pk: found for pk, situation in situations.items() if (found := checked_now(situation, now))}
    if not due:
        return 0
    patients = Patient.objects.in_bulk(list(due))
    shared = _sharing([patients[pk] for pk in due if situations[pk].address is Address.USABLE])
    raised = 0
    for pk, follow_ups in due.items():
        note = _SHARED if pk in shared else _NOTES.get(situations[pk].address)
        if note is None:
            continue
        task = raise_task(
            patient=patients[pk],
            kind=TaskKind.CHECK_ADDRESS,
            cause_key=cause_of(follow_ups[0].pk),
            due_on=situations[pk].hours.local_date(now),
            note=str(note),
            joins=TO_REACH_THEM,
            now=now,
        )
        raised += task is not None
    return raised


def _sharing(patients: list[Patient]) -> set[int]:
    """Those of these patients whose address another patient of their clinic has too, however its capitals are written."""
    if not patients:
        return set()
    alike = Patient.objects.annotate(as_compared=Upper("email")).filter(
        clinic_id__in={patient.clinic_id for patient in patients},
        as_compared__in=[Upper(Value(patient.email)) for patient in patients],
        status__in=[PatientStatus.ACTIVE, PatientStatus.PAUSED],
    )
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for pk, clinic_id, address in alike.values_list("pk", "clinic_id", "as_compared"):
        found[clinic_id, address].append(pk)
    return {pk for same in found.values() if len(same) > 1 for pk in same}
