"""Why a treatment came earlier or later than planned: asked once, so that biology is told from logistics."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.treatments.models.follow_ups import FollowUp


class IntervalCause(models.TextChoices):
    """What kept a patient from the day that was planned."""

    PATIENT = "PATIENT", _("the patient could not or did not want to come")
    CLINIC_FULL = "CLINIC_FULL", _("no free time at the clinic")
    HOLIDAY = "HOLIDAY", _("holidays of the clinic or the practitioner")
    SIDE_EFFECT = "SIDE_EFFECT", _("a side effect")
    WORE_OFF = "WORE_OFF", _("the effect was gone early")
    STILL_WORKED = "STILL_WORKED", _("the effect lasted longer")
    OTHER = "OTHER", _("other")


class IntervalReason(models.Model):
    """Why the treatment that ended a follow-up did not come when it was planned. Append-only; one for each follow-up."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    follow_up = models.OneToOneField(FollowUp, on_delete=models.PROTECT, related_name="interval_reason")
    cause = models.CharField(_("why"), max_length=12, choices=IntervalCause.choices)
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.cause} {self.at:%Y-%m-%d}"
