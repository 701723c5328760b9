"""That a visit was booked past a warning, and why."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.patients.validators import validate_line


class BookingOverrideKind(models.TextChoices):
    """What staff were warned of."""

    EARLY = "EARLY", _("before the earliest date")
    LATE = "LATE", _("after the window has closed")
    TAKEN = "TAKEN", _("time already taken")
    OUTSIDE_HOURS = "OUTSIDE_HOURS", _("outside the hours")


class BookingOverride(models.Model):
    """Staff booked or moved a visit to a time that they were warned of: what was shown, and why. Append-only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    appointment = models.ForeignKey("clinic.Appointment", on_delete=models.PROTECT, related_name="overrides")
    kind = models.CharField(max_length=16, choices=BookingOverrideKind.choices)
    shown = models.CharField(max_length=300, help_text=_("the day and the rule that it went past, as they stood on the page"))
    reason = models.CharField(_("reason"), max_length=120, validators=[validate_line])
    starts_at = models.DateTimeField(help_text=_("the time that was booked; the visit may have moved since"))
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason="") & ~Q(shown=""), name="booking_override_says_what_and_why"),
            models.CheckConstraint(condition=Q(kind__in=BookingOverrideKind.values), name="booking_override_kind_is_known"),
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="booking_override_newest_first")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"
