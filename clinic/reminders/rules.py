"""The table of steps: what each tells of, who agreed to it, what it ignores and when it is not owed. Pure.

A new step is one entry here, one set of templates under templates/email, and tests: `tests/reminders/test_made_up_step.py`
makes one up and sees its letter go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.reminders.situation import GAP, Contact, FollowUpFacts, Situation, VisitFacts
from clinic.reminders.steps import Anchor, Audience, Gate, PlanStep, Reason, Step, Unit

#: Unanswered letters of a ladder before staff take over; trials found one good letter about as good as three.
MOST_UNANSWERED = 3
#: A visit booked so shortly before a reminder of it needs no reminder: the patient has just been told, by letter or in person.
FRESH = timedelta(hours=24)
#: What `Situation.tasks` calls the task that stands in for a step: this, and the step's key.
TASK_PREFIX = "step:"
#: States in which a letter is with the patient, or may be.
GONE_STATES = frozenset({"HANDOFF", "SENT", "UNKNOWN", "BOUNCED", "COMPLAINED"})


def gettext_noop(text: str) -> str:
    """Mark a text for translation. Named as the collectors of texts expect; this module does not know Django."""
    return text


class Family(StrEnum):
    """What a step is counted from, and so what it is about."""

    RETURN = "RETURN"  # the window of a follow-up: a ladder of which the right rung goes
    CHANGE = "CHANGE"  # a change of an appointment
    VISIT = "VISIT"  # back from an appointment
    MISSED = "MISSED"  # the visit of a follow-up to which the patient did not come
    CORRECTION = "CORRECTION"  # what made an invitation that went untrue


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
    #: In words for staff, to be translated where it is shown.
    title: str
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
    #: For a change: the kind of `AppointmentChange` it tells of. How long it, or a missed visit, is news (None: until the visit).
    change: str = ""
    news_for: timedelta | None = None
    #: When it goes unless a clinic's plan says otherwise.
    plan: tuple[PlanStep, ...] = ()


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
    """Three letters of the ladder went since the patient last answered, a visit fell through or they were taken back."""
    letters = _gone(facts, occasion)
    if len(letters) < MOST_UNANSWERED or occasion.follow_up is None:
        return None
    answers = [contact.at for contact in occasion.follow_up.contacts if contact.answered]
    if occasion.follow_up.fell_through_at:
        answers.append(occasion.follow_up.fell_through_at)
    answers += _gone(facts, occasion, Family.CORRECTION)
    since = max(answers, default=None)
    unanswered = sum(since is None or at > since for at in letters)
    return Reason.THREE_UNANSWERED if unanswered >= MOST_UNANSWERED else None


def told_together(facts: Situation, occasion: Occasion) -> Reason | None:
    """The letter about another visit told of this one too, while this step was the right one.

    That of the patient's other follow-up does, or that about the visit just missed: it asks them to choose a new time.
    """
    if occasion.follow_up is None:
        return None
    if _asked_again(facts, occasion):
        return Reason.TOLD_TOGETHER
    for letter in facts.letters.values():
        if letter.gone_at is None or occasion.follow_up.pk not in letter.also_about or letter.state not in GONE_STATES:
            continue
        if letter.gone_at >= occasion.due_at and (occasion.overtaken_at is None or letter.gone_at < occasion.overtaken_at):
            return Reason.TOLD_TOGETHER
    return None


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


def _asked_again(facts: Situation, occasion: Occasion) -> bool:
    """Whether the letter about a missed visit of this follow-up went from 72 hours before the step on, and before the next."""
    since, until = occasion.due_at - GAP, occasion.overtaken_at
    return any(at >= since and (until is None or at < until) for at in _gone(facts, occasion, Family.MISSED))


def _contacts(occasion: Occasion) -> list[Contact]:
    """The contacts about this follow-up since its last visit fell through."""
    follow_up = occasion.follow_up
    if follow_up is None or not follow_up.contacts:
        return []
    since = follow_up.fell_through_at
    return [contact for contact in follow_up.contacts if since is None or contact.at > since]


def _gone(facts: Situation, occasion: Occasion, family: Family = Family.RETURN) -> list[datetime]:
    """When the letters of this follow-up's ladder (or of another family) went, in order."""
    if occasion.follow_up is None or not facts.letters:
        return []
    pk = occasion.follow_up.pk
    return sorted(
        letter.gone_at
        for letter in facts.letters.values()
        if letter.gone_at is not None
        and (letter.follow_up_id == pk or pk in letter.also_about)
        and letter.state in GONE_STATES
        and RULES[letter.step].family is family
    )


_RETURN = (made_after_its_window, booked_ahead)
_LADDER = (*_RETURN, told_together, declined, replaced, three_unanswered)
_TELLS_AT_ONCE = frozenset({Gate.HOLD, Gate.GAP})

RULES: dict[Step, StepRule] = {
    rule.step: rule
    for rule in (
        StepRule(
            step=Step.INVITE,
            title=gettext_noop("Invitation"),
            family=Family.RETURN,
            letter="invite",
            purpose="INVITE",
            task="PHONE_NO_ADDRESS",
            conditions=_LADDER,
            rank=1,
            plan=(PlanStep(Step.INVITE, Anchor.SUGGESTED, -21, floor=Anchor.OPENS, floor_days=-14),),
        ),
        StepRule(
            step=Step.REMIND,
            title=gettext_noop("Second letter"),
            family=Family.RETURN,
            letter="remind",
            purpose="INVITE",
            task="PHONE_NO_ADDRESS",
            conditions=(*_LADDER, answered),
            rank=2,
            plan=(PlanStep(Step.REMIND, Anchor.OPENS, 14, floor=Anchor.SUGGESTED),),
        ),
        StepRule(
            step=Step.LAST_CALL,
            title=gettext_noop("Last letter"),
            family=Family.RETURN,
            letter="last_call",
            purpose="INVITE",
            task="PHONE_NO_ADDRESS",
            conditions=_LADDER,
            rank=3,
            plan=(PlanStep(Step.LAST_CALL, Anchor.CLOSES, -28),),
        ),
        StepRule(
            step=Step.OVERDUE,
            title=gettext_noop("Phone: window closed"),
            family=Family.RETURN,
            letter="",
            purpose="INVITE",
            task="PHONE_OVERDUE",
            conditions=(*_RETURN, replaced),
            rank=4,
            plan=(PlanStep(Step.OVERDUE, Anchor.CLOSES, 1, audience=Audience.STAFF),),
        ),
        StepRule(
            step=Step.BOOKED,
            title=gettext_noop("Confirmation of the visit"),
            family=Family.CHANGE,
            letter="booked",
            purpose="VISIT",
            task="",  # they booked it themselves, or staff told them as they booked it
            conditions=(still_booked, without_letter),
            ignores=_TELLS_AT_ONCE,
            change="BOOKED",
            news_for=timedelta(days=7),
            plan=(PlanStep(Step.BOOKED, Anchor.CHANGE),),
        ),
        StepRule(
            step=Step.MOVED,
            title=gettext_noop("News of the moved visit"),
            family=Family.CHANGE,
            letter="moved",
            purpose="VISIT",
            task="PHONE_NO_ADDRESS",
            conditions=(still_booked, without_letter),
            ignores=_TELLS_AT_ONCE,
            change="MOVED",
            plan=(PlanStep(Step.MOVED, Anchor.CHANGE),),
        ),
        StepRule(
            step=Step.CANCELLED,
            title=gettext_noop("News of the cancelled visit"),
            family=Family.CHANGE,
            letter="cancelled",
            purpose="VISIT",
            task="PHONE_NO_ADDRESS",
            conditions=(without_letter,),
            ignores=_TELLS_AT_ONCE,
            change="CANCELLED",
            plan=(PlanStep(Step.CANCELLED, Anchor.CHANGE),),
        ),
        StepRule(
            step=Step.MISSED,
            title=gettext_noop("After a missed visit"),
            family=Family.MISSED,
            letter="missed",
            purpose="INVITE",
            task="PHONE_NO_ADDRESS",
            conditions=(booked_ahead, declined, replaced),
            rank=5,
            news_for=timedelta(days=14),
            plan=(PlanStep(Step.MISSED, Anchor.CHANGE, 1),),
        ),
        StepRule(
            step=Step.VISIT,
            title=gettext_noop("Reminder of the visit"),
            family=Family.VISIT,
            letter="visit",
            purpose="VISIT",
            task="PHONE_NO_ADDRESS",
            conditions=(still_booked, confirmed_just_now),
            ignores=_TELLS_AT_ONCE,
            plan=(
                PlanStep(Step.VISIT, Anchor.APPOINTMENT, -7, ordinal=1),
                PlanStep(Step.VISIT, Anchor.APPOINTMENT, -48, ordinal=2, unit=Unit.HOUR),
            ),
        ),
        StepRule(
            step=Step.CORRECTION,
            title=gettext_noop("Correction of an invitation"),
            family=Family.CORRECTION,
            letter="correction",
            purpose="INVITE",
            task="PHONE_NO_ADDRESS",
            conditions=(booked_ahead, declined, replaced),
            ignores=_TELLS_AT_ONCE,
            plan=(PlanStep(Step.CORRECTION, Anchor.CHANGE),),
        ),
    )
}


def default_steps() -> tuple[PlanStep, ...]:
    """Return what a clinic starts with, and how a step goes that its plan does not name.

    Source: docs/clinical-sources.md, reminders.
    """
    return tuple(step for rule in RULES.values() for step in rule.plan)
