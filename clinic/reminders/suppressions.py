"""Addresses at which letters do not arrive, or are not wanted: nothing more goes there, and staff reach the patient otherwise."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Value
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from clinic.patients.joined_causes import TO_REACH_THEM
from clinic.patients.models import Patient, PatientStatus, TaskKind
from clinic.patients.services import look_again, raise_task
from clinic.reminders.addresses import address_hash
from clinic.reminders.models import Message, Suppression

#: Why nothing more goes to an address.
NO_SUCH_ADDRESS = "NO_SUCH_ADDRESS"  # the mail server refused it
BOUNCED = "BOUNCED"  # it took the letter and reported that there is no such address, or twice that it could not deliver
COMPLAINED = "COMPLAINED"  # its owner called a letter unwanted
#: To these nobody is to be reached any more.
_BEYOND_REACH = (PatientStatus.DECEASED, PatientStatus.DISCHARGED)


def refused(message: Message, *, now: datetime) -> None:
    """The mail server says that the patient's address does not exist."""
    suppress(message, reason=NO_SUCH_ADDRESS, now=now)
    have_phoned(message, kind=TaskKind.PHONE_NO_ADDRESS, note=_("Their e-mail address was refused: ask for another."), now=now)


def suppress(message: Message, *, reason: str, now: datetime) -> None:
    """Send nothing more to the address that this message was for; whoever else has it is looked at again too."""
    patient = message.patient
    if patient is None:
        return
    digest = message.recipient_hash or address_hash(patient.email)
    known = {"clinic_id": message.clinic_id, "address_hash": digest, "lifted_at": None}
    Suppression.objects.get_or_create(**known, defaults={"reason": reason, "message": message, "at": now})
    if digest == address_hash(patient.email):
        look_again(with_address(message.clinic_id, patient.email), now=now)


def with_address(clinic_id: int, email: str) -> list[int]:
    """The patients of a clinic who have this address, however its capitals are written. Served by `patient_by_email`."""
    same = Patient.objects.alias(as_compared=Upper("email")).filter(clinic_id=clinic_id, as_compared=Upper(Value(email)))
    return list(same.values_list("pk", flat=True))


def have_phoned(message: Message, *, kind: str, note: str, cause: str = "refused", now: datetime) -> None:
    """Give staff the task to reach the patient by phone, once for this message; none about who has died or was discharged.

    Where somebody is to phone about letters that do not reach them anyway, it joins that task.
    """
    patient = message.patient
    if patient is None or patient.status in _BEYOND_REACH:
        return
    raise_task(
        patient=patient,
        kind=kind,
        cause_key=f"{cause}:{message.public_id}",
        due_on=now.astimezone(patient.clinic.zone).date(),
        note=note,
        joins=TO_REACH_THEM if kind in TO_REACH_THEM else (),
        now=now,
    )
