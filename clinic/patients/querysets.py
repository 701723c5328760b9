"""Questions about patients that a database answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from clinic.patients.models import Patient


class PatientQuerySet(models.QuerySet["Patient"]):
    def matching(self, text: str) -> Self:
        """Patients whose names or record number hold every word of `text`, whatever its case."""
        found = self
        for word in text.casefold().split():
            found = found.filter(search_text__contains=word)
        return found
