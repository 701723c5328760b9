"""After a clinic's rules have changed: whose letters may now be others."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, Value, When

from clinic.patients.models import Patient
from clinic.patients.querysets import PatientQuerySet
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.toxins.models import Indication
from clinic.treatments.models import FollowUp, FollowUpState


def concerned(*, clinic_id: int, indication: Indication | None = None) -> PatientQuerySet:
    """Return everybody at the clinic whom a changed plan, policy or sending hour concerns.

    These are the patients with an active follow-up or a coming visit; with an indication, those whose follow-up or visit is for
    it (a visit without a follow-up counts for every indication).
    """
    active = FollowUp.objects.filter(patient=OuterRef("pk"), state=FollowUpState.ACTIVE)
    coming = Appointment.objects.filter(patient=OuterRef("pk"), state__in=COMING_STATES)
    if indication is not None:
        active = active.filter(condition__indication=indication)
        coming = coming.filter(Q(follow_up=None) | Q(follow_up__condition__indication=indication))
    return Patient.objects.filter(Exists(active) | Exists(coming), clinic=clinic_id)


def look_again_at(*, clinic_id: int, indication: Indication | None = None, at: datetime) -> int:
    """Have the reminder engine look at everybody at the clinic whom the change concerns (see `concerned`).

    `at` is now, or when the change comes into force; whoever is looked at sooner anyway is not put off. A letter that a worker
    has in hand is asked about anew. Returns how many patients are concerned. One statement.
    """
    sooner = When(next_check_at__lte=at, then=F("next_check_at"))
    return concerned(clinic_id=clinic_id, indication=indication).update(
        next_check_at=Case(sooner, default=Value(at), output_field=DateTimeField()), facts_revision=F("facts_revision") + 1
    )
