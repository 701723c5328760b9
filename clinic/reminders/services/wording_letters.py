"""A clinic's own words in its letters: checked, kept in versions, looked at, and tried on oneself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.mailer import Dialogue, Ended, Letter, Unsendable, Verdict, compose, sender_address
from clinic.patients.services import Problem, Refused
from clinic.practice.models import Clinic
from clinic.reminders.addresses import envelope_form
from clinic.reminders.letter_wordings import LONGEST_OPENING, LONGEST_SUBJECT, LetterWording, Words
from clinic.reminders.letters import specimen
from clinic.reminders.neutral_words import Fault, Found, faults, variables
from clinic.reminders.rules import RULES, Family

#: So many letters may somebody send to themselves in an hour.
MOST_TESTS = 10
#: Of these a second text may be kept that names the treatment. A correction says as little as it can.
FULLER = tuple(rule.letter for rule in RULES.values() if rule.letter and rule.family is not Family.CORRECTION)


class WordingRefused(Refused):
    """These words may not stand in a letter."""


class WordingOutdated(Exception):
    """Somebody else changed the words since they were read. Nothing was written."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(_("Somebody else has changed these words meanwhile."))


class TrialRefused(Exception):
    """The letter to oneself did not go; the text says why."""


@dataclass(frozen=True, slots=True)
class WordingOf:
    """Which words: of one letter of a clinic, in one language, the neutral or the fuller ones."""

    clinic: Clinic
    letter: str
    language: str
    is_fuller: bool = False

    @property
    def has_visit(self) -> bool:
        """Whether the letter tells of a visit."""
        return has_visit(self.letter)


def has_visit(letter: str) -> bool:
    """Whether a letter of this kind tells of a visit."""
    return any(rule.letter == letter and rule.family in (Family.CHANGE, Family.VISIT, Family.MISSED) for rule in RULES.values())


def newest_wording(of: WordingOf) -> LetterWording | None:
    """Return the words that count; None if the clinic has never set any."""
    return (
        LetterWording.objects.filter(clinic=of.clinic, letter=of.letter, language=of.language, is_fuller=of.is_fuller)
        .order_by("-version")
        .first()
    )


def check_words(*, of: WordingOf, words: Words) -> None:
    """Raise WordingRefused if these words may not stand in this letter."""
    problems = [Problem("subject", words_of(one, of)) for one in _faults(words.subject, of, is_subject=True)]
    problems += [Problem("opening", words_of(one, of)) for one in _faults(words.opening, of, is_subject=False)]
    for field, text, most in (("subject", words.subject, LONGEST_SUBJECT), ("opening", words.opening, LONGEST_OPENING)):
        if len(text) > most:
            problems.append(Problem(field, _("At most %(most)d characters.") % {"most": most}))
    if of.is_fuller and of.letter not in FULLER:
        problems.append(Problem("", _("Of this letter there are no fuller words.")))
    if problems:
        raise WordingRefused(problems)


def change_words(*, by: audit.Actor, of: WordingOf, words: Words, based_on: int, now: datetime) -> LetterWording:
    """Write the next version of these words; empty ones bring the standard words back. They hold for what is written from now on.

    `based_on` is the version that its author had before them (0: none). Raises WordingRefused as `check_words` does, and
    WordingOutdated.
    """
    check_words(of=of, words=words)
    if by.user is None:
        raise ValueError("Words are set by a person.")
    with transaction.atomic():
        Clinic.objects.select_for_update(no_key=True).get(pk=of.clinic.pk)
        newest = newest_wording(of)
        version = newest.version if newest else 0
        if version != based_on:
            raise WordingOutdated(version)
        before = Words(newest.subject, newest.opening) if newest else Words()
        made = LetterWording.objects.create(
            clinic=of.clinic,
            letter=of.letter,
            language=of.language,
            is_fuller=of.is_fuller,
            version=version + 1,
            subject=words.subject,
            opening=words.opening,
            by=by.user,
            at=now,
        )
        changed = [name for name in ("subject", "opening") if getattr(before, name) != getattr(words, name)]
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=made,
            clinic_id=of.clinic.pk,
            fields=changed,
            version=made.version,
            now=now,
        )
    return made


def preview(*, of: WordingOf, words: Words, now: datetime) -> Letter:
    """Return the letter as an invented patient would get it, with links that lead nowhere. Raises WordingRefused."""
    check_words(of=of, words=words)
    return specimen(of.clinic, letter=of.letter, language=of.language, words=words, has_visit=of.has_visit, now=now)


def send_test(*, by: audit.Actor, user: User, of: WordingOf, words: Words, now: datetime) -> None:
    """Send the letter, marked as a test and with an invented patient, to the signed-in person's own address.

    Raises WordingRefused, and TrialRefused after `MOST_TESTS` in an hour, or where the mail server does not take it. The try is
    written down before the letter goes, so that one that may have arrived counts.
    """
    letter = preview(of=of, words=words, now=now)
    public_id = uuid.uuid4()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        lately = audit.AuditEvent.objects.filter(
            actor=user, action=audit.Action.SENT, what="TestLetter", at__gt=now - timedelta(hours=1)
        )
        if lately.count() >= MOST_TESTS:
            raise TrialRefused(_("That is enough for this hour: at most %(most)d test letters.") % {"most": MOST_TESTS})
        audit.record(by=by, action=audit.Action.SENT, what="TestLetter", clinic_id=of.clinic.pk, now=now)
    test = replace(
        letter,
        to=envelope_form(user.email),
        subject=_("[Test] %(subject)s") % {"subject": letter.subject},
        message_id=f"<{public_id}@{settings.SITE_HOST}>",
    )
    try:
        with Dialogue() as dialogue:
            dialogue.open()
            dialogue.address(test.to, sender=sender_address())
            outcome = dialogue.give(compose(test, at=now))
    except (Ended, Unsendable) as error:
        raise TrialRefused(_("The mail server did not take the letter.")) from error
    if outcome.verdict is not Verdict.SENT:
        raise TrialRefused(_("The mail server did not say that it took the letter."))


def _faults(text: str, of: WordingOf, *, is_subject: bool) -> Iterator[Found]:
    return faults(text, language=of.language, has_visit=of.has_visit, is_subject=is_subject, is_fuller=of.is_fuller)


def words_of(found: Found, of: WordingOf) -> str:
    """Return a fault in a sentence."""
    words = ", ".join(dict.fromkeys(found.words))
    known = ", ".join(f"{{{name}}}" for name in variables(has_visit=of.has_visit))
    return {
        Fault.UNKNOWN_VARIABLE: _("This letter knows only %(known)s, not: %(words)s.") % {"known": known, "words": words},
        Fault.BRACES: _("A brace stands alone. Write %(known)s.") % {"known": known},
        Fault.NOT_IN_SUBJECT: _("A subject says nothing of the patient or the visit: leave out %(words)s.") % {"words": words},
        Fault.MARKUP: _("Write plain text: marks such as <b> would be shown as they are."),
        Fault.LINK: _("Leave out addresses: the links of the letter stand below what you write."),
        Fault.SAYS_TOO_MUCH: _("A reader over the shoulder must not learn what the visit is for. Leave out: %(words)s.")
        % {"words": words},
        Fault.NAMES_THE_DRUG: _("A subject never names the drug. Leave out: %(words)s.") % {"words": words},
    }[found.fault]
