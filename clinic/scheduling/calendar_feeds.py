"""A practitioner's visits at a clinic as a private address that calendar programs read."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class CalendarFeed(models.Model):
    """One such address: a random 256-bit token of which only the hash is kept. Whoever has it reads, until it is revoked."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="feeds")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="feeds")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "clinic"],
                condition=Q(revoked_at__isnull=True),
                name="calendar_feed_one_live_per_practitioner_and_clinic",
            ),
        ]

    def __str__(self) -> str:
        return f"calendar feed {self.public_id}"
