"""A patient leaves the clinic's care."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Patient, PatientStatus
from clinic.patients.services import Refused
from clinic.patients.services.people import write_status
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.treatments.models import FollowUp, FollowUpState, StopReason
from clinic.treatments.services import FollowUpRefused, stop


@transaction.atomic
def discharge(*, by: audit.Actor, patient: Patient, reason: str, note: str = "", now: datetime) -> Patient:
    """Record that the patient is no longer under this clinic's care, and return them as stored. A second time changes nothing.

    Every active follow-up stops for `reason`. Raises Refused for an unknown reason, for "other" without a note, for a patient who
    has died, and while a visit is still expected: somebody has to talk to the patient about that first.
    """
    stored = Patient.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=patient.pk)
    if stored.status == PatientStatus.DISCHARGED:
        return stored
    if stored.status == PatientStatus.DECEASED:
        raise Refused.for_field("status", _("This patient is recorded as having died."))
    if reason not in StopReason.values or reason == StopReason.DECEASED:
        raise Refused.for_field("reason", _("Choose a reason."))
    visit = Appointment.objects.filter(patient=stored, state__in=COMING_STATES).order_by("starts_at").first()
    if visit is not None:
        day = date_format(visit.starts_at.astimezone(stored.clinic.zone), "j M Y, H:i")
        raise Refused.for_field("status", _("A visit is booked for %(day)s. Cancel it first.") % {"day": day})
    write_status(by=by, patient=stored, status=PatientStatus.DISCHARGED, now=now)
    for follow_up in FollowUp.objects.filter(patient=stored, state=FollowUpState.ACTIVE):
        try:
            stop(by=by, follow_up=follow_up, reason=reason, note=note, now=now)
        except FollowUpRefused as refused:
            raise Refused.for_field(refused.field, refused.message) from refused
    return stored
