"""Writing again to an address at which nothing arrived, once the patient has confirmed it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Patient
from clinic.patients.services import look_again
from clinic.reminders.addresses import address_hash
from clinic.reminders.models import Suppression
from clinic.reminders.services.deciding import DecisionRefused
from clinic.reminders.suppressions import with_address

LONGEST_REASON = 200


def lift_suppression(*, by: audit.Actor, suppression: Suppression, reason: str, now: datetime) -> None:
    """Let letters go to this address again; `reason` says how the patient confirmed it. Consents stay as they are.

    Raises DecisionRefused without a reason, and if somebody has lifted it before.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise DecisionRefused(_("Say in a few words how the patient confirmed the address."))
    if len(reason) > LONGEST_REASON:
        raise DecisionRefused(_("Say it in at most %(length)d characters.") % {"length": LONGEST_REASON})
    patient = patient_at(suppression)
    with transaction.atomic():
        if patient is not None:
            look_again(with_address(suppression.clinic_id, patient.email), now=now)
        standing = Suppression.objects.filter(pk=suppression.pk, lifted_at=None)
        if not standing.update(lifted_at=now, lifted_by=by.user, lifted_because=reason):
            raise DecisionRefused(_("Letters go to this address again already."))
        audit.record(
            by=by,
            action=audit.Action.RELEASED,
            what=suppression,
            patient_public_id=patient.public_id if patient else None,
            clinic_id=suppression.clinic_id,
            fields=["lifted_at", "lifted_because"],
            now=now,
        )


def patient_at(suppression: Suppression) -> Patient | None:
    """The patient whose letter it was, if the address is still theirs. For a suppression loaded with message and patient."""
    patient = suppression.message.patient if suppression.message else None
    return patient if patient is not None and address_hash(patient.email) == suppression.address_hash else None
