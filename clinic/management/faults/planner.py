"""Who is owed a letter today: the engine's promise once more, written apart from it and as plainly as possible.

The fault suite holds what the mail server accepted against this list. Only the default plan, and only what the crowd of
the suite can show: invitations, consent, addresses, bookings, holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from clinic.patients.models import Consent, Hold, Patient
from clinic.scheduling.models import Appointment
from clinic.treatments.models import FollowUp


def owed_today(now: datetime) -> dict[str, str]:
    """Return the address of everybody who is owed a letter of a window today, with the step it is."""
    owed: dict[str, str] = {}
    for patient in Patient.objects.select_related("clinic"):
        today = now.astimezone(patient.clinic.zone).date()
        agreed = Consent.objects.filter(patient=patient, purpose="INVITE").order_by("at", "pk").last()
        held = Hold.objects.filter(patient=patient, cleared_at=None, from_on__lte=today).exists()
        if patient.status != "ACTIVE" or not patient.email or held or agreed is None or not agreed.is_given:
            continue
        for follow_up in FollowUp.objects.filter(patient=patient, state="ACTIVE"):
            if Appointment.objects.filter(follow_up=follow_up, state__in=["BOOKED", "ARRIVED"]).exists():
                continue
            suggested = follow_up.own_on or follow_up.suggested_from or follow_up.opens_on
            invite = max(suggested - timedelta(days=21), follow_up.opens_on - timedelta(days=14))
            remind = max(follow_up.opens_on + timedelta(days=14), suggested)
            last_call = max(follow_up.closes_on - timedelta(days=28), invite + timedelta(days=7))
            if last_call <= today <= follow_up.closes_on:
                owed[patient.email] = "LAST_CALL"
            elif remind <= today < last_call:
                owed[patient.email] = "REMIND"
            elif invite <= today < min(remind, last_call):
                owed[patient.email] = "INVITE"
    return owed
