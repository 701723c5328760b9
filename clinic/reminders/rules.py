"""The table of steps: what each tells of, who agreed to it, what it ignores and when it is not owed. Pure.

A new step is one entry here, one set of templates under templates/email, and tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.reminders.situation import GAP, Contact, FollowUpFacts, Situation, VisitFacts
from clinic.reminders.steps import Audience, Gate, Reason, Step

#: Unanswered letters of a ladder before staff take over; trials found one good letter about as good as three.
MOST_UNANSWERED = 3
#: A visit booked so shortly before a reminder of it needs no reminder: the confirmation has just said it.
FRESH = timedelta(hours=24)
#: States in which a letter is with the patient, or may be.
GONE_STATES = frozenset({"HANDOFF", "SENT", "UNKNOWN", "BOUNCED", "COMPLAINED"})


class Family(StrEnum):
    """What a step is counted from, and so what it is about."""

    RETURN = "RETURN"  # the window of a follow-up: a ladder of which the right rung goes
    CHANGE = "CHANGE"  # a change of an appointment
    VISIT = "VISIT"  # back from an appointment


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing that a patient may have earned, with the stretch of time in which it is right."""

    key: str
    rule: StepRule
    ordinal: int
    audience: Audience
    due_at: datetime
    #: From here on it is too late; None for a task of staff, which stays right.
    expires_at: datetime | None
    #: From here on a later step of the same thing stands in its place.
    overtaken_at: datetime | None = None
    follow_up: FollowUpFacts | None = None
    visit: VisitFacts | None = None


@dataclass(frozen=True, slots=True)
class StepRule:
    """One entry of the table."""

    step: Step
    family: Family
    #: Folder under templates/email; empty for a step that is never a letter.
    letter: str
    #: The purpose that the patient must have agreed to (`patients.ConsentPurpose`).
    purpose: str
    #: The kind of task (`patients.TaskKind`) that stands in where no letter can go; empty: none does.
    task: str
    #: Each tells why the step is not owed as things stand, or None.
    conditions: tuple[Callable[[Situation, Occasion], Reason | None], ...]
    ignores: frozenset[Gate] = frozenset()
    #: Order of the ladder; where only one letter may go, the highest goes.
    rank: int = 0
    #: For a change: the kind of `AppointmentChange` it tells of, and how long that is news (None: until the visit).
    change: str = ""
    news_for: timedelta | None = None


def made_after_its_window(facts: Situation, occasion: Occasion) -> Reason | None:
    """Imported history earns nothing for a window that had closed when it was written down."""
    follow_up = occasion.follow_up
    return Reason.HISTORY if follow_up and follow_up.created_on > follow_up.closes_on else None


def booked_ahead(facts: Situation, occasion: Occasion) -> Reason | None:
    """Whoever booked it: the invitations end. After a visit of which nobody said what became of it only staff are asked."""
    if occasion.follow_up and occasion.follow_up.is_booked:
        return Reason.BOOKED_AHEAD
    is_letter = occasion.audience is Audience.PATIENT
    return Reason.VISIT_UNCLEAR if is_letter and occasion.follow_up and occasion.follow_up.is_visit_unclear else None


def declined(facts: Situation, occasion: Occasion) -> Reason | None:
    """A patient who said no is not written to; the task for a closed window remains."""
    return Reason.DECLINED if any(contact.declined for contact in _contacts(occasion)) else None


def replaced(facts: Situation, occasion: Occasion) -> Reason | None:
    """A letter by hand or a call that reached them, from 72 hours before the step on, stands in its place."""
    since, until = occasion.due_at - GAP, occasion.overtaken_at
    for contact in _contacts(occasion):
        if contact.reached and contact.at >= since and (until is None or contact.at < until):
            return Reason.REPLACED
    return None


def answered(facts: Situation, occasion: Occasion) -> Reason | None:
    """The patient spoke with us after the last letter of this ladder."""
    letters = _gone(facts, occasion)
    if not letters:
        return None
    return Reason.ANSWERED if any(c.answered and c.at > letters[-1] for c in _contacts(occasion)) else None


def three_unanswered(facts: Situation, occasion: Occasion) -> Reason | None:
    """Three letters of the ladder went since the patient last answered, or since a visit fell through."""
    letters = _gone(facts, occasion)
    if len(letters) < MOST_UNANSWERED or occasion.follow_up is None:
        return None
    answers = [contact.at for contact in occasion.follow_up.contacts if contact.answered]
    if occasion.follow_up.fell_through_at:
        answers.append(occasion.follow_up.fell_through_at)
    since = max(answers, default=None)
    unanswered = sum(since is None or at > since for at in letters)
    return Reason.THREE_UNANSWERED if unanswered >= MOST_UNANSWERED else None


def without_letter(facts: Situation, occasion: Occasion) -> Reason | None:
    """Staff made the change and chose that no letter tells of it."""
    return Reason.WITHOUT_LETTER if occasion.visit and not occasion.visit.with_letter else None


def still_booked(facts: Situation, occasion: Occasion) -> Reason | None:
    """The visit is booked and the patient has not yet come."""
    return Reason.NOT_BOOKED if occasion.visit and occasion.visit.state != "BOOKED" else None


def confirmed_just_now(facts: Situation, occasion: Occasion) -> Reason | None:
    """The visit was booked or moved less than a day before this reminder fell due, or after."""
    visit = occasion.visit
    return Reason.JUST_BOOKED if visit and visit.changed_at > occasion.due_at - FRESH else None


def _contacts(occasion: Occasion) -> list[Contact]:
    """The contacts about this follow-up since its last visit fell through."""
    follow_up = occasion.follow_up
    if follow_up is None or not follow_up.contacts:
        return []
    since = follow_up.fell_through_at
    return [contact for contact in follow_up.contacts if since is None or contact.at > since]


def _gone(facts: Situation, occasion: Occasion) -> list[datetime]:
    """When the letters of this follow-up's ladder went, in order."""
    if occasion.follow_up is None or not facts.letters:
        return []
    pk = occasion.follow_up.pk
    return sorted(
        letter.gone_at
        for letter in facts.letters.values()
        if letter.gone_at is not None
        and letter.follow_up_id == pk
        and letter.state in GONE_STATES
        and RULES[letter.step].family is Family.RETURN
    )


_RETURN = (made_after_its_window, booked_ahead)
_LADDER = (*_RETURN, declined, replaced, three_unanswered)
_TELLS_AT_ONCE = frozenset({Gate.HOLD, Gate.GAP})

RULES: dict[Step, StepRule] = {
    rule.step: rule
    for rule in (
        StepRule(Step.INVITE, Family.RETURN, "invite", "INVITE", "PHONE_NO_ADDRESS", _LADDER, rank=1),
        StepRule(Step.REMIND, Family.RETURN, "remind", "INVITE", "PHONE_NO_ADDRESS", (*_LADDER, answered), rank=2),
        StepRule(Step.LAST_CALL, Family.RETURN, "last_call", "INVITE", "PHONE_NO_ADDRESS", _LADDER, rank=3),
        StepRule(Step.OVERDUE, Family.RETURN, "", "INVITE", "PHONE_OVERDUE", (*_RETURN, replaced), rank=4),
        StepRule(
            Step.BOOKED,
            Family.CHANGE,
            "booked",
            "VISIT",
            "",  # they booked it themselves, or staff told them as they booked it
            (still_booked, without_letter),
            _TELLS_AT_ONCE,
            change="BOOKED",
            news_for=timedelta(days=7),
        ),
        StepRule(
            Step.CANCELLED,
            Family.CHANGE,
            "cancelled",
            "VISIT",
            "PHONE_NO_ADDRESS",
            (without_letter,),
            _TELLS_AT_ONCE,
            change="CANCELLED",
        ),
        StepRule(
            Step.VISIT,
            Family.VISIT,
            "visit",
            "VISIT",
            "PHONE_NO_ADDRESS",
            (still_booked, confirmed_just_now),
            _TELLS_AT_ONCE,
        ),
    )
}
