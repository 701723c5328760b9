"""What a worker holds while it delivers, and what its run has done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic.reminders.letter_wordings import WordingBook, Words, words_for
from clinic.reminders.letters import Tokens
from clinic.reminders.models import Message
from clinic.reminders.situation import Situation


@dataclass(slots=True)
class Handed:
    """What a run of a courier did."""

    sent: int = 0
    later: int = 0
    refused: int = 0
    unknown: int = 0
    settled: int = 0
    dead: int = 0
    given_back: int = 0


@dataclass(slots=True)
class InHand:
    """A message that is about to go, and what is known of its patient."""

    message: Message
    situation: Situation
    looked_at: datetime
    tokens: Tokens | None = None
    #: The other follow-ups that the letter tells of.
    also_about: tuple[int, ...] = ()

    def words(self, book: WordingBook) -> Words:
        """The clinic's own words for this letter, by what the patient agrees to as far as is known."""
        return words_for(
            book,
            clinic_id=self.message.clinic_id,
            letter=self.message.letter,
            language=self.message.language,
            consents=self.situation.consents,
        )
