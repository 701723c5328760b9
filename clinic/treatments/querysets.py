"""Questions about follow-ups that a database answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from clinic.treatments.models import FollowUp


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def active(self) -> Self:
        return self.filter(state="ACTIVE")
