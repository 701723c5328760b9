"""The waiting list: who would come sooner if a time fell free."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WaitingState(models.TextChoices):
    """Where a wish for a sooner time stands."""

    WAITING = "WAITING", _("waiting")
    OFFERED = "OFFERED", _("a time is offered")
    TAKEN = "TAKEN", _("took a time")
    WITHDRAWN = "WITHDRAWN", _("no longer wanted")
    LAPSED = "LAPSED", _("lapsed")


#: States in which a patient still waits.
LIVE = (WaitingState.WAITING, WaitingState.OFFERED)


class PartOfDay(models.TextChoices):
    """Which part of the day suits."""

    ANY = "ANY", _("at any time of the day")
    MORNING = "MORNING", _("in the morning")
    AFTERNOON = "AFTERNOON", _("in the afternoon")


def validate_weekdays(value: Any) -> None:
    """A list of different days of the week, 0 for Monday."""
    is_list = isinstance(value, list) and all(type(day) is int and 0 <= day <= 6 for day in value)
    if not is_list or len(set(value)) != len(value):
        raise ValidationError(_("These are no days of the week."))


class WaitingEntry(models.Model):
    """One patient's wish for a sooner time for one follow-up. Once it has ended it stays, with how it ended."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="waiting_entries")
    follow_up = models.ForeignKey("clinic.FollowUp", on_delete=models.PROTECT, related_name="waiting_entries")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="waiting_entries")
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text=_("empty: anybody")
    )
    weekdays = models.JSONField(default=list, blank=True, validators=[validate_weekdays], help_text=_("0 is Monday; none: any"))
    part_of_day = models.CharField(max_length=9, choices=PartOfDay.choices, default=PartOfDay.ANY)
    until_on = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=WaitingState.choices, default=WaitingState.WAITING)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up"], condition=Q(state__in=["WAITING", "OFFERED"]), name="waiting_entry_one_live_per_follow_up"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "OFFERED"], ended_at__isnull=True)
                | (~Q(state__in=["WAITING", "OFFERED"]) & Q(ended_at__isnull=False)),
                name="waiting_entry_ended_iff_not_live",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic"], condition=Q(state__in=["WAITING", "OFFERED"]), name="waiting_entry_live"),
        ]

    def __str__(self) -> str:
        return f"waiting entry {self.public_id}"
