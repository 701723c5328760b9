"""Single days that differ from the weekly hours."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ExceptionKind(models.TextChoices):
    """In which way a day differs."""

    OTHER_HOURS = "OTHER_HOURS", _("other hours")
    AWAY = "AWAY", _("away for a part of the day")


class HoursException(models.Model):
    """Some time of one day, in the clinic's local time.

    OTHER_HOURS: the practitioner sees patients then; all such rows of a day together stand in place of the weekly hours.
    AWAY: within whatever hours hold, nobody is seen then; without a practitioner it is the whole clinic that is away.
    Whole days on which nobody is seen are closures.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="hours_exceptions")
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="hours_exceptions"
    )
    kind = models.CharField(max_length=12, choices=ExceptionKind.choices)
    on = models.DateField(_("day"))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=120)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="hours_exception_times_in_order"),
            models.CheckConstraint(
                condition=Q(kind="AWAY") | Q(practitioner__isnull=False), name="hours_exception_other_hours_are_somebody_s"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "on"], name="hours_exception_by_clinic")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on} {self.starts:%H:%M}-{self.ends:%H:%M}"
