"""After a clinic's rules have changed: whose letters may now be others."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from clinic.patients.models import Patient
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.toxins.models import Indication
from clinic.treatments.models import FollowUp, FollowUpState


def look_again_at(*, clinic_id: int, indication: Indication | None = None, at: datetime) -> int:
    """Have the reminder engine look at everybody at the clinic whom a changed plan, policy or sending hour concerns.

    These are the patients with an active follow-up or a coming visit; with an indication, those whose follow-up or visit is for
    it (a visit without a follow-up counts for every indication). `at` is now, or when the change comes into force; whoever is
    looked at sooner anyway stays as they are. Returns how many were asked for. One statement.
    """
    active = FollowUp.objects.filter(patient=OuterRef("pk"), state=FollowUpState.ACTIVE)
    coming = Appointment.objects.filter(patient=OuterRef("pk"), state__in=COMING_STATES)
    if indication is not None:
        active = active.filter(condition__indication=indication)
        coming = coming.filter(Q(follow_up=None) | Q(follow_up__condition__indication=indication))
    later = Q(next_check_at__isnull=True) | Q(next_check_at__gt=at)
    concerned = Patient.objects.filter(later, Exists(active) | Exists(coming), clinic=clinic_id)
    return concerned.update(next_check_at=at)
