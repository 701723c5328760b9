"""The one decision over letters: what goes, what waits, what does not go, and why. Pure.

The planner acts on it, the hand-over asks it again under the patient's lock, and the screens explain with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from clinic.reminders.address_checks import cause_of
from clinic.reminders.occasions import occasions, subject_of
from clinic.reminders.rules import GONE_STATES, RULES, TASK_PREFIX, Family, Occasion
from clinic.reminders.situation import GAP, Address, PlanBook, Situation
from clinic.reminders.steps import Audience, Gate, Reason, Verdict

#: How the cause of the task begins that a patient's own opt-out raised (`patients.services.consents`).
OPTED_OUT_PREFIX = "opted-out:"
#: States in which a message may still go.
OPEN_STATES = frozenset({"READY", "CLAIMED", "HELD"})
#: While a more specific letter of the same patient is on its way, the other is asked again after this.
ASK_AGAIN = timedelta(hours=1)
#: A change of a visit that begins so soon after the quiet hours is told at once.
NOTICE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one thing at one instant, and why."""

    key: str
    verdict: Verdict
    reason: Reason
    #: For WAIT: when it may go at the earliest; None: when somebody changes something.
    when: datetime | None = None
    #: None for a letter about something that no longer stands.
    occasion: Occasion | None = None
    #: Staff will have it as a task: there is no address, or the step is theirs.
    becomes_task: bool = False
    #: The patient's other follow-ups that are due as well: the letter tells of them too.
    also_about: tuple[int, ...] = ()

    @property
    def is_earned(self) -> bool:
        """A letter is to be written down: it may go now, or only a pause of the engine keeps it."""
        return self.verdict is Verdict.SEND or self.reason in (Reason.ENGINE_PAUSED, Reason.CLINIC_PAUSED)

    @property
    def will_go(self) -> bool:
        """As things stand something will come of it: a letter or a task, now or at a known time while it is still right."""
        if self.verdict in (Verdict.SEND, Verdict.TASK):
            return True
        if self.verdict is Verdict.NEVER or self.when is None or self.occasion is None:
            return False
        ends = [end for end in (self.occasion.overtaken_at, self.occasion.expires_at) if end is not None]
        return self.when < min(ends, default=self.when + ASK_AGAIN)


@dataclass(frozen=True, slots=True)
class Outlook:
    """All decisions about one patient, and when to look at them again."""

    decisions: tuple[Decision, ...]
    look_again_at: datetime | None
    #: No decision could be made: whatever the patient is owed stands still, and the log says for whom.
    has_failed: bool = False

    @property
    def has_task(self) -> bool:
        """Whether staff get a task now."""
        return any(decision.verdict is Verdict.TASK for decision in self.decisions)

    def about(self, key: str) -> Decision:
        """Return the decision about the message with this dedupe key."""
        for decision in self.decisions:
            if decision.key == key:
                return decision
        return Decision(key, Verdict.NEVER, Reason.ENDED)


def decide(facts: Situation, plans: PlanBook, at: datetime) -> Outlook:
    """Decide about everything that this patient may have earned, as of `at`.

    `look_again_at` is the next instant at which a decision changes by time alone or by a plan that begins; None if there is none.
    """
    decisions = [_judge(facts, occasion, at) for occasion in occasions(facts, plans)]
    decisions = _one_at_a_time(decisions, at)
    known = {decision.key for decision in decisions}
    told = {subject_of(d.key) for d in decisions if d.occasion and d.occasion.visit and d.occasion.visit.state == "BOOKED"}
    for key, letter in facts.letters.items():
        if key not in known and letter.state in OPEN_STATES:
            # What stood in the letter about a visit that is still booked stands in the one about its newest change.
            is_overtaken = RULES[letter.step].family is Family.CHANGE and subject_of(key) in told
            decisions.append(Decision(key, Verdict.NEVER, Reason.OVERTAKEN if is_overtaken else Reason.ENDED))
    whens = [d.when for d in decisions if d.verdict is Verdict.WAIT and d.when is not None and d.when > at]
    whens += [f.booked_until for f in facts.follow_ups if f.booked_until is not None and f.booked_until > at]
    changes_at = plans.changes_at.get(facts.clinic_id)
    if changes_at is not None and changes_at > at and (facts.follow_ups or facts.void_follow_ups or facts.visits):
        # Another plan may owe what this one does not: without a look on its day nobody would ask it.
        whens.append(changes_at)
    return Outlook(tuple(decisions), min(whens, default=None))


def _judge(facts: Situation, occasion: Occasion, at: datetime) -> Decision:
    if (reason := _why_never(facts, occasion, at)) is not None:
        return Decision(occasion.key, Verdict.NEVER, reason, occasion=occasion)
    if Gate.HOLD not in occasion.rule.ignores and (reason := _what_holds(facts)) is not None:
        return Decision(occasion.key, Verdict.WAIT, reason, occasion=occasion)
    when, reason = _earliest(facts, occasion)
    is_letter = _is_letter(facts, occasion)
    if is_letter:
        if Gate.GAP not in occasion.rule.ignores and (last := _last_gone(facts)) and last + GAP > max(when, at):
            when, reason = last + GAP, Reason.TOO_SOON
        if not _may_go_at_any_hour(facts, occasion, max(when, at)):
            permitted = facts.hours.next_permitted(max(when, at))
            if permitted is None:
                return Decision(occasion.key, Verdict.WAIT, Reason.QUIET_HOURS, occasion=occasion)
            if permitted > max(when, at):
                when, reason = permitted, reason if when > at else Reason.QUIET_HOURS
    if when > at:
        return Decision(occasion.key, Verdict.WAIT, reason, when, occasion, becomes_task=not is_letter)
    if not is_letter:
        missing = missing_for_letter(facts, occasion) if occasion.audience is Audience.PATIENT else None
        return Decision(occasion.key, Verdict.TASK, missing or Reason.DUE, occasion=occasion)
    return _last_gates(facts, occasion, at)


def _last_gates(facts: Situation, occasion: Occasion, at: datetime) -> Decision:
    if facts.domain_held_until is not None and facts.domain_held_until > at:
        return Decision(occasion.key, Verdict.WAIT, Reason.DOMAIN_HELD, facts.domain_held_until, occasion)
    if facts.engine_paused or facts.clinic_paused:
        reason = Reason.ENGINE_PAUSED if facts.engine_paused else Reason.CLINIC_PAUSED
        return Decision(occasion.key, Verdict.WAIT, reason, occasion=occasion)
    return Decision(occasion.key, Verdict.SEND, Reason.DUE, occasion=occasion)


def _why_never(facts: Situation, occasion: Occasion, at: datetime) -> Reason | None:
    letter = facts.letters.get(occasion.key)
    if letter is not None and letter.state not in OPEN_STATES:
        return Reason.ALREADY_SENT if letter.state in GONE_STATES else Reason.ALREADY_SETTLED
    if TASK_PREFIX + occasion.key in facts.tasks:
        return Reason.ALREADY_A_TASK
    if facts.status == "DECEASED":
        return Reason.DECEASED
    if facts.status == "DISCHARGED":
        return Reason.DISCHARGED
    for condition in occasion.rule.conditions:
        if (reason := condition(facts, occasion)) is not None:
            return reason
    if occasion.overtaken_at is not None and at >= occasion.overtaken_at:
        return Reason.OVERTAKEN
    if occasion.expires_at is not None and at >= occasion.expires_at:
        return Reason.EXPIRED
    if occasion.overtaken_at is not None and occasion.overtaken_at <= occasion.due_at:
        return Reason.OVERTAKEN
    return _why_no_letter(facts, occasion)


def _why_no_letter(facts: Situation, occasion: Occasion) -> Reason | None:
    """Nobody to write to and nothing for staff to do instead, or no consent to write."""
    if occasion.audience is Audience.STAFF or (missing := missing_for_letter(facts, occasion)) is None:
        return None
    if not _is_phoned(occasion, missing):
        return missing
    if occasion.rule.family is Family.CHANGE:
        # Whoever is to phone about the visit, or for another reason, has not been told what became of it.
        return None
    if missing is not Reason.NO_CONSENT and occasion.follow_up and cause_of(occasion.follow_up.pk) in facts.open_tasks:
        # Somebody is to phone for an address before the invitation falls due: the same call.
        return Reason.ALREADY_A_TASK
    if missing is Reason.NO_CONSENT and any(cause.startswith(OPTED_OUT_PREFIX) for cause in facts.open_tasks):
        # Somebody is to phone about the opt-out itself: no second task.
        return missing
    subject = subject_of(occasion.key)
    steps = (cause.removeprefix(TASK_PREFIX) for cause in facts.open_tasks if cause.startswith(TASK_PREFIX))
    return Reason.ALREADY_A_TASK if any(subject_of(key) == subject for key in steps) else None


def missing_for_letter(facts: Situation, occasion: Occasion) -> Reason | None:
    """What a letter of this step lacks whatever the hour: a usable address or the patient's consent; None if nothing."""
    if facts.address is Address.MISSING:
        return Reason.NO_ADDRESS
    if facts.address is Address.SUPPRESSED:
        return Reason.ADDRESS_SUPPRESSED
    return None if occasion.rule.purpose in facts.consents else Reason.NO_CONSENT


def _is_letter(facts: Situation, occasion: Occasion) -> bool:
    return occasion.audience is Audience.PATIENT and missing_for_letter(facts, occasion) is None


def _is_phoned(occasion: Occasion, missing: Reason) -> bool:
    """Whether staff have this step as a task where no letter can go.

    Whoever agreed to no letter is phoned when it is time to come back, so that nobody is lost, and when the clinic cancelled
    or moved their visit, lest they come for nothing; of their own acts and of visits that they know of they are told nothing.
    """
    if not occasion.rule.task:
        return False
    if missing is not Reason.NO_CONSENT or occasion.rule.family is Family.RETURN:
        return True
    return occasion.rule.family is Family.CHANGE and occasion.visit is not None and not occasion.visit.by_patient


def _what_holds(facts: Situation) -> Reason | None:
    if facts.status == "PAUSED":
        return Reason.PATIENT_PAUSED
    if facts.on_hold:
        return Reason.ON_HOLD
    return Reason.ASKED_TO_BE_CALLED if facts.asked_to_be_called else None


def _earliest(facts: Situation, occasion: Occasion) -> tuple[datetime, Reason]:
    """When the step falls due, or the snooze ends if that is later."""
    follow_up = occasion.follow_up
    if follow_up is not None and follow_up.snoozed_until is not None and Gate.HOLD not in occasion.rule.ignores:
        awake_at = facts.hours.at_opening(follow_up.snoozed_until)
        if awake_at > occasion.due_at:
            return awake_at, Reason.SNOOZED
    return occasion.due_at, Reason.NOT_YET


def _last_gone(facts: Situation) -> datetime | None:
    """When the last letter of any kind went to this patient."""
    gone = [letter.gone_at for letter in facts.letters.values() if letter.gone_at and letter.state in GONE_STATES]
    return max(gone, default=None)


def _may_go_at_any_hour(facts: Situation, occasion: Occasion, at: datetime) -> bool:
    """Quiet hours are waived for a step that ignores them, for the patient's own act, and where waiting would be too late."""
    if Gate.QUIET in occasion.rule.ignores:
        return True
    visit = occasion.visit
    if visit is None or occasion.rule.family is not Family.CHANGE:
        return False
    if visit.by_patient:
        return True
    permitted = facts.hours.next_permitted(at)
    return permitted is not None and visit.starts_at < permitted + NOTICE


def _one_at_a_time(decisions: list[Decision], at: datetime) -> list[Decision]:
    """Of the letters that keep the distance of 72 hours only the most specific goes, and tells of the others too.

    The others ask again: once it has gone they are told, and until then they are owed.
    """
    going = [d for d in decisions if d.verdict is Verdict.SEND and d.occasion is not None]
    bound = [d for d in going if d.occasion is not None and Gate.GAP not in d.occasion.rule.ignores]
    if not bound or len(going) == 1:
        return decisions
    chosen = max(bound, key=_specificity) if len(bound) == len(going) else None
    waiting = {d.key for d in bound if d is not chosen}
    about = {d.occasion.follow_up.pk for d in bound if d is not chosen and d.occasion and d.occasion.follow_up}
    if chosen is not None and chosen.occasion and chosen.occasion.follow_up:
        about.discard(chosen.occasion.follow_up.pk)
    told = {chosen.key: replace(chosen, also_about=tuple(sorted(about)))} if chosen is not None else {}
    asks_again: dict[str, Any] = {"verdict": Verdict.WAIT, "reason": Reason.OTHER_FIRST, "when": at + ASK_AGAIN}
    return [replace(d, **asks_again) if d.key in waiting else told.get(d.key, d) for d in decisions]


def _specificity(decision: Decision) -> tuple[int, float, str]:
    """The higher rung first, then the window that closes first."""
    occasion = decision.occasion
    if occasion is None or occasion.expires_at is None:
        return (0, 0.0, decision.key)
    return (occasion.rule.rank, -occasion.expires_at.timestamp(), decision.key)
