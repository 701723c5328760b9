"""A letter that is still to come, as its patient would get it: written from today's facts, without a link that works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from clinic.mailer import Letter
from clinic.patients.models import Patient
from clinic.reminders import facts, letters
from clinic.reminders.days_ahead import Foreseen, foresee
from clinic.reminders.letter_wordings import load_wordings, words_for
from clinic.reminders.models import Message
from clinic.reminders.outlooks import outlook_of
from clinic.reminders.planning import born
from clinic.reminders.plans import load_book
from clinic.reminders.policy import Decision
from clinic.reminders.services.foreseeing import in_force
from clinic.reminders.situation import PlanBook, Situation
from clinic.reminders.states import State
from clinic.reminders.steps import Verdict
from clinic.reminders.wording import step_words

#: So far a letter to come is looked for: as far as the forecast can be asked.
AHEAD = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class ComingLetter:
    """A letter to come, as it would be if it went with what is known today."""

    title: str
    #: When it goes if nothing changes.
    when: datetime
    language: str
    letter: Letter


def handle_of(key: str) -> str:
    """Return what names a letter to come in an address: its key holds numbers that stay in the house."""
    return salted_hmac("clinic.reminders.coming", key, algorithm="sha256").hexdigest()[:32]


def letter_to_come(*, patient: Patient, handle: str = "", now: datetime) -> ComingLetter | None:
    """Return the letter with this handle, or without one the next to this patient; None if none such goes as things stand.

    Written by what writes the letters that go. No link is minted and nothing is written down.
    """
    situation = facts.load([patient.pk], at=now).get(patient.pk)
    if situation is None:
        return None
    plans = load_book(now)
    for coming in _coming(situation, plans, now):
        if handle in ("", handle_of(coming.decision.key)):
            return _written(patient, situation, coming, now)
    return None


def _coming(situation: Situation, plans: PlanBook, now: datetime) -> Iterator[Foreseen]:
    """The letters that go, in their order; last those of which that holds by today's decision alone.

    Such are there where another letter that goes first would stand in their place.
    """
    changes_at = plans.changes_at.get(situation.clinic_id)
    later = load_book(changes_at) if changes_at is not None and changes_at > now else plans
    for one in foresee(situation, in_force(situation, plans, later), at=now, until=now + AHEAD):
        if _is_letter(one.decision):
            yield one
    yield from (
        Foreseen(decision.when or now, decision)
        for decision in outlook_of(situation, plans, now).decisions
        if decision.will_go and _is_letter(decision)
    )


def _is_letter(decision: Decision) -> bool:
    return decision.verdict is not Verdict.TASK and not decision.becomes_task and decision.occasion is not None


def _written(patient: Patient, situation: Situation, coming: Foreseen, now: datetime) -> ComingLetter | None:
    decision = coming.decision
    if decision.occasion is None:
        return None
    stored = Message.objects.filter(dedupe_key=decision.key, state=State.READY).values_list("pk", flat=True).first()
    if stored is not None:
        message = letters.load([stored])[stored]
    else:
        message = Message(**born(decision.key, decision.occasion, situation, now))
        message.patient = patient
    words = words_for(
        load_wordings([situation.clinic_id]),
        clinic_id=situation.clinic_id,
        letter=message.letter,
        language=message.language,
        consents=situation.consents,
    )
    letter = letters.rehearse(message, also_about=decision.also_about, now=now, words=words)
    return ComingLetter(step_words(decision.occasion.rule.step), coming.at, message.language, letter)
