"""Questions about patients that a database answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from clinic.patients.finding import understand
from clinic.patients.names import fold

if TYPE_CHECKING:
    from clinic.patients.models import Patient  # noqa: F401  named in the string below


class PatientQuerySet(models.QuerySet["Patient"]):
    """Patients, with the questions that lists ask."""

    def matching(self, text: str) -> Self:
        """Patients whose names or record number hold every word of `text`, whatever its case."""
        found = self
        for word in fold(text).split():
            found = found.filter(search_text__contains=word)
        return found

    def found_by(self, text: str) -> Self:
        """Patients that `text` may mean: every word in the names or the record number, every date a birth date.

        A piece that reads as a date may also be a record number written like one.
        """
        sought = understand(text)
        found = self
        for word in sought.words:
            found = found.filter(search_text__contains=word)
        for piece, readings in sought.born_on:
            found = found.filter(models.Q(born_on__in=readings) | models.Q(search_text__contains=piece))
        return found
