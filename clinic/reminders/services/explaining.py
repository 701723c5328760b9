"""Why and why not: what the policy will do about patients, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from clinic.reminders import facts
from clinic.reminders.outlooks import outlook_of
from clinic.reminders.plans import load_book
from clinic.reminders.policy import Decision, Outlook, missing_for_letter
from clinic.reminders.situation import Situation
from clinic.reminders.steps import Reason, Step, Verdict
from clinic.reminders.wording import REASONS, moment_words, step_words

#: Where several reasons keep letters back, the one that says most, first.
_TELLING = (
    Reason.DECEASED,
    Reason.DISCHARGED,
    Reason.BOOKED_AHEAD,
    Reason.PATIENT_PAUSED,
    Reason.ON_HOLD,
    Reason.ASKED_TO_BE_CALLED,
    Reason.DECLINED,
    Reason.HISTORY,
    Reason.NO_CONSENT,
    Reason.ENGINE_PAUSED,
    Reason.CLINIC_PAUSED,
    Reason.QUIET_HOURS,
    Reason.THREE_UNANSWERED,
    Reason.ALREADY_A_TASK,
    Reason.REPLACED,
    Reason.TOLD_TOGETHER,
    Reason.SNOOZED,
    Reason.ANSWERED,
    Reason.ADDRESS_SUPPRESSED,
    Reason.NO_ADDRESS,
    Reason.ALREADY_SENT,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The next letter or task about a follow-up, or the one reason why there is none."""

    next_step: Step | None
    #: When it goes; None for "nothing will go" and for what waits until somebody changes something.
    when: datetime | None
    reason_code: str
    #: "Second letter, Wed 25 Nov 08:00", or "Nothing will go".
    headline: str
    text: str
    is_task: bool = False
    #: Of the letter or task that comes.
    key: str = ""

    @property
    def will_go(self) -> bool:
        """As things stand something will come of it."""
        return self.next_step is not None


@dataclass(frozen=True, slots=True)
class Coming:
    """A letter or task that as things stand will go out in a stretch of time."""

    patient_id: int
    follow_up_id: int | None
    step: Step
    when: datetime
    is_task: bool
    words: str
    reason: str
    #: The letter is written down already and merely waits for its turn.
    is_ready: bool = False
    key: str = ""


def explain(*, patient_ids: Iterable[int], at: datetime) -> dict[int, dict[int, Explanation]]:
    """Return, by patient and by open follow-up, the next letter or why there is none; in six queries for any number."""
    plans = load_book(at)
    explained: dict[int, dict[int, Explanation]] = {}
    for pk, situation in facts.load(set(patient_ids), at=at).items():
        outlook = outlook_of(situation, plans, at)
        explained[pk] = {
            follow_up.pk: _explanation(outlook, _about(outlook, follow_up.pk), situation, at)
            for follow_up in situation.follow_ups
        }
    return explained


def forecast(*, patient_ids: Iterable[int], at: datetime, until: datetime) -> list[Coming]:
    """Return what will go out to these patients until then, soonest first; in six queries for any number."""
    plans = load_book(at)
    coming = [
        coming_of(decision, situation, at)
        for situation in facts.load(set(patient_ids), at=at).values()
        for decision in outlook_of(situation, plans, at).decisions
        if decision.will_go and (decision.when or at) <= until
    ]
    return sorted(coming, key=lambda one: (one.when, one.patient_id))


def _about(outlook: Outlook, follow_up_id: int) -> list[Decision]:
    """The decisions about a follow-up: its letters, and those of its visits."""
    return [
        decision
        for decision in outlook.decisions
        if (occasion := decision.occasion) is not None
        and (
            (occasion.follow_up is not None and occasion.follow_up.pk == follow_up_id)
            or (occasion.visit is not None and occasion.visit.follow_up_id == follow_up_id)
        )
    ]


def _explanation(outlook: Outlook, decisions: list[Decision], situation: Situation, at: datetime) -> Explanation:
    if outlook.has_failed:
        return Explanation(None, None, "FAILED", _("Nothing will go"), _("the plan could not be applied: see the log"))
    coming = [decision for decision in decisions if decision.will_go]
    if coming:
        first = min(coming, key=lambda decision: decision.when or at)
        return _next(first, situation, at)
    reasons = {decision.reason for decision in decisions}
    reason = next((reason for reason in _TELLING if reason in reasons), Reason.ENDED)
    text = _("every letter of this window has gone") if reason is Reason.ALREADY_SENT else str(REASONS[reason])
    if reason is Reason.ENDED:
        text = _("the plan has no further letter")
    return Explanation(None, None, reason.value, _("Nothing will go"), text)


def _next(decision: Decision, situation: Situation, at: datetime) -> Explanation:
    when = decision.when or at
    step, is_task = _step(decision), _is_task(decision)
    if is_task:
        missing = missing_for_letter(situation, decision.occasion) if decision.occasion and step != Step.OVERDUE else None
        text = str(REASONS[missing]) if missing else _("if nothing is booked by then")
    elif decision.reason in (Reason.NOT_YET, Reason.DUE) and decision.occasion and decision.occasion.follow_up:
        text = _("if nothing is booked by then")
    else:
        text = "" if decision.reason is Reason.NOT_YET else str(REASONS[decision.reason])
    headline = _("%(step)s, %(when)s") % {"step": _words(decision), "when": moment_words(when, situation.hours.zone, at=at)}
    return Explanation(step, when, decision.reason.value, headline, text, is_task, decision.key)


def coming_of(decision: Decision, situation: Situation, at: datetime) -> Coming:
    """Return a decision of which something will come, as of `at`, in words."""
    occasion = decision.occasion
    follow_up = occasion.follow_up.pk if occasion and occasion.follow_up else None
    if occasion is not None and occasion.visit is not None:
        follow_up = occasion.visit.follow_up_id
    reason = "" if decision.reason in (Reason.DUE, Reason.NOT_YET) else str(REASONS[decision.reason])
    return Coming(
        patient_id=situation.patient_id,
        follow_up_id=follow_up,
        step=_step(decision),
        when=decision.when or at,
        is_task=_is_task(decision),
        words=_words(decision),
        reason=reason,
        is_ready=decision.key in situation.letters,
        key=decision.key,
    )


def _step(decision: Decision) -> Step:
    return decision.occasion.rule.step if decision.occasion else Step(decision.key.partition(":")[0])


def _is_task(decision: Decision) -> bool:
    return decision.verdict is Verdict.TASK or decision.becomes_task


def _words(decision: Decision) -> str:
    step = _step(decision)
    if _is_task(decision) and step != Step.OVERDUE:
        return _("Phone instead of: %(step)s") % {"step": step_words(step)}
    return step_words(step)
