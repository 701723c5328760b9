"""A clinic's own words in place of the standard ones of a letter, by language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_SUBJECT = 120
LONGEST_OPENING = 1000


class LetterWording(models.Model):
    """The words of one letter in one language, as a clinic set them at one time. Append-only: the newest version counts.

    Links, the sentence about emergencies and how to stop these e-mails are no part of it: they stand in every letter.
    """

    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="letter_wordings")
    letter = models.CharField(max_length=24, help_text=_("which template"))
    language = models.CharField(max_length=8)
    is_fuller = models.BooleanField(
        default=False, help_text=_("may name the treatment: goes only to patients who have agreed to that")
    )
    version = models.PositiveSmallIntegerField(default=1)
    subject = models.CharField(max_length=LONGEST_SUBJECT, blank=True, help_text=_("empty: the standard one"))
    opening = models.TextField(max_length=LONGEST_OPENING, blank=True, help_text=_("empty: the standard one"))
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "letter", "language", "is_fuller", "version"], name="letter_wording_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter} ({self.language}), version {self.version}"


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in place of the standard words; empty where they stand."""

    subject: str = ""
    opening: str = ""


STANDARD = Words()
WordingBook = Mapping[tuple[int, str, str, bool], Words]


def load_wordings(clinic_ids: Collection[int] | None = None) -> WordingBook:
    """Return the newest words by clinic, letter, language and whether they are the fuller ones. One query."""
    rows = LetterWording.objects.order_by("version")
    if clinic_ids is not None:
        rows = rows.filter(clinic__in=clinic_ids)
    return {
        (clinic_id, letter, language, is_fuller): Words(subject, opening)
        for clinic_id, letter, language, is_fuller, subject, opening in rows.values_list(
            "clinic_id", "letter", "language", "is_fuller", "subject", "opening"
        )
    }


def words_for(book: WordingBook, *, clinic_id: int, letter: str, language: str, consents: Collection[str]) -> Words:
    """Return the words of a letter to one patient: the fuller ones only where they have agreed to them, now."""
    if "FULLER_WORDING" in consents:
        fuller = book.get((clinic_id, letter, language, True), STANDARD)
        if fuller != STANDARD:
            return fuller
    return book.get((clinic_id, letter, language, False), STANDARD)
