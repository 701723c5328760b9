"""What goes at an instant: the engine's promise once more, written apart from the policy.

Written from the design of the engine, whose sentences stand in quotation marks, and where that is silent from the ADRs; where
these are too, the comment says what was chosen. Shares with the engine the shape of a patient's facts and nothing else: no
table of steps, no arithmetic of hours, no keys. Knows the default plan without corrections and without letters after a missed
visit. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from clinic.reminders.situation import Address, FollowUpFacts, Situation, VisitFacts

_DAY = timedelta(days=1)
_72_HOURS = timedelta(hours=72)
_MINUTE = timedelta(minutes=1)
_LADDER = ("INVITE", "REMIND", "LAST_CALL", "OVERDUE")


@dataclass(frozen=True)
class Gone:
    """Something went, as a letter or as a task to staff, about a follow-up or a visit."""

    step: str
    about: int
    at: datetime
    #: For a follow-up: how many visits had fallen through. For a visit: which of its reminders, or the number of its change.
    edition: int = 0
    is_task: bool = False
    is_open: bool = False
    also_about: tuple[int, ...] = ()
    #: What others call it; the oracle does not look at it.
    name: str = ""


#: What goes: "LETTER" or "TASK", the step, what it is about, its edition.
Going = tuple[str, str, int, int]


def going(facts: Situation, gone: Sequence[Gone], at: datetime) -> set[Going]:
    """Return everything that goes at this instant."""
    if facts.status in ("DECEASED", "DISCHARGED"):
        return set()
    held = facts.on_hold or facts.asked_to_be_called or facts.status == "PAUSED"
    found = {thing for visit in facts.visits for thing in _of_visit(facts, visit, gone, at)}
    if not held:
        now = [Gone(step, about, at, is_task=kind == "TASK") for kind, step, about, _edition in found]
        found |= _of_windows(facts, [*gone, *now], at)
    paused = facts.engine_paused or facts.clinic_paused
    return {thing for thing in found if thing[0] == "TASK" or not paused}


def _of_windows(facts: Situation, gone: Sequence[Gone], at: datetime) -> set[Going]:
    """At most one invitation, and the tasks that stand for those which cannot be written."""
    due = [(step, one) for one in facts.follow_ups if (step := _rung(facts, one, gone, at))]
    reachable = "INVITE" in facts.consents and facts.address is Address.USABLE
    # "a staff task, no letter"; "Patients without a usable address get the same steps as staff tasks" (ADR 8: one at a time).
    tasks = {
        ("TASK", step, one.pk, one.fallen_through)
        for step, one in due
        if step == "OVERDUE" or not (reachable or any(old.is_open and old.about == one.pk for old in gone))
    }
    letters = [(step, one) for step, one in due if step != "OVERDUE"]
    # "At most one letter a patient in 72 h", and only at a civil hour.
    too_soon = any(not letter.is_task and at - letter.at < _72_HOURS for letter in gone)
    if not letters or not reachable or too_soon or not _civil(facts, at):
        return tasks
    # "Several due things of one patient go in one letter" (ADR 19: the later rung, then the window that closes first).
    step, one = max(letters, key=lambda pair: (_LADDER.index(pair[0]), -pair[1].closes_on.toordinal(), pair[1].pk))
    return tasks | {("LETTER", step, one.pk, one.fallen_through)}


def _right(facts: Situation, one: FollowUpFacts, at: datetime) -> tuple[str, datetime]:
    """Return the step that is right at this instant, and its beginning: "A step is a range, not a day"."""
    invited = max(one.suggested_on - 21 * _DAY, one.opens_on - 14 * _DAY)
    starts = (
        invited,
        max(one.opens_on + 14 * _DAY, one.suggested_on),
        # Of a window shorter than its own ladder the design says nothing: the last call leaves the invitation a week.
        max(one.closes_on - 28 * _DAY, invited + 7 * _DAY),
        one.closes_on + _DAY,
    )
    begins = [_moved_forward(facts, start) for start in starts]
    begun = [(step, moment) for step, moment in zip(_LADDER, begins, strict=True) if moment <= at]
    # "past it EXPIRED": no invitation once the window's last day is over.
    is_over = at.astimezone(facts.hours.zone).date() > one.closes_on
    return begun[-1] if begun and (begun[-1][0] == "OVERDUE" or not is_over) else ("", at)


def _rung(facts: Situation, one: FollowUpFacts, gone: Sequence[Gone], at: datetime) -> str:
    """Return the step that is right now, unless it went, was replaced or is not wanted: then nothing."""
    step, begins = _right(facts, one, at)
    # "nothing booked"; "Imported history earns nothing for windows that are closed."
    if not step or one.is_booked or one.created_on > one.closes_on:
        return ""
    if one.snoozed_until is not None and at < _morning(facts, one.snoozed_until):
        return ""
    # "Cancelled or missed, it is owed again": not within 72 hours, in which somebody may still put it right.
    if one.fell_through_at is not None and at < one.fell_through_at + _72_HOURS:
        return ""
    mine = [old for old in gone if one.pk in (old.about, *old.also_about) and old.step in _LADDER]
    # A letter about another follow-up that told of this one stands for the step that was right then (ADR 19).
    went = [
        old.step if old.about == one.pk else _right(facts, one, old.at)[0]
        for old in mine
        if (old.edition == one.fallen_through if old.about == one.pk else old.at >= (one.fell_through_at or old.at))
    ]
    return "" if step in went or _is_enough(facts, one, step, begins, mine) else step


def _is_enough(facts: Situation, one: FollowUpFacts, step: str, begins: datetime, mine: Sequence[Gone]) -> bool:
    """Tell whether a person did it instead, the patient has answered, or enough was written."""
    # What was said before a visit was booked that then fell through was answered by that visit.
    contacts = [contact for contact in one.contacts if one.fell_through_at is None or contact.at > one.fell_through_at]
    # Nobody is written to who may have been treated already, or who said no; staff still get their task.
    if step != "OVERDUE" and (one.is_visit_unclear or any(contact.declined for contact in contacts)):
        return True
    # "A manual letter or a phone contact replaces the automatic one" (ADR 8: from 72 hours before the step until the next).
    if any(contact.reached and contact.at >= begins - _72_HOURS for contact in contacts):
        return True
    answers = [contact.at for contact in one.contacts if contact.answered]
    # What went before was answered by that visit too.
    letters = [old for old in mine if not old.is_task and (one.fell_through_at is None or old.at > one.fell_through_at)]
    # "INVITE unanswered"
    if step == "REMIND" and any(answer > old.at for answer in answers for old in letters if old.step == "INVITE"):
        return True
    # "At most three unanswered INVITE/REMIND/LAST_CALL a cycle"
    unanswered = [old for old in letters if not any(answer > old.at for answer in answers)]
    return step != "OVERDUE" and len(unanswered) >= 3


def _of_visit(facts: Situation, visit: VisitFacts, gone: Sequence[Gone], at: datetime) -> set[Going]:
    """The news of a change of a visit, and the reminders of one that is still booked."""
    kind = "LETTER" if facts.address is Address.USABLE else "TASK"
    agreed = kind == "TASK" or "VISIT" in facts.consents
    if not agreed:
        # Without consent only what would let somebody come for nothing becomes a task.
        kind = "TASK" if visit.change in ("CANCELLED", "MOVED") and not visit.by_patient else ""
    if at >= visit.starts_at or not kind:
        return set()
    civil = kind == "TASK" or _civil(facts, at)
    found: set[Going] = set()
    reminders = ((1, _moved_back(facts, visit, 7)), (2, _moved_back(facts, visit, 2)))
    # "still booked for that time"; of two reminders that are due, the later; none in the last three hours, and none to
    # somebody who booked in the day before it, or later, and so has just been told, by letter or in person.
    told_at = visit.changed_at + _DAY
    begun = [(number, told_at <= due) for number, due in reminders if visit.state == "BOOKED" and due <= at][-1:]
    due_now = [number for number, is_due in begun if is_due]
    has_task = kind == "TASK" and any(old.is_open and old.about == visit.pk for old in gone)
    if agreed and civil and not has_task and at < visit.starts_at - timedelta(hours=3):
        found |= {(kind, "VISIT", visit.pk, number) for number in due_now}
    # "the change itself", "quiet hours when it is the patient's own act"; beside a reminder it is no news, nor, of a booking,
    # after a week. Who booked without an address was spoken to; who is expected at another time than they know of is told.
    is_news = visit.change == "CANCELLED" or (visit.change == "MOVED" and visit.state == "BOOKED" and not due_now)
    if visit.change == "BOOKED":
        is_news = kind == "LETTER" and not due_now and at < visit.changed_at + 7 * _DAY
    if visit.with_letter and is_news and (civil or visit.by_patient or _cannot_wait(facts, visit, at)):
        found.add((kind, visit.change, visit.pk, visit.sequence))
    # A reminder of the time before the move tells of another time: "still booked for that time".
    told = [old for old in gone if old.step != "VISIT" or visit.change != "MOVED" or old.at >= visit.changed_at]
    return {thing for thing in found if not any(thing[1:] == (old.step, old.about, old.edition) for old in told)}


def _civil(facts: Situation, at: datetime) -> bool:
    """Tell whether letters may go by the clinic's clock and calendar."""
    local = at.astimezone(facts.hours.zone)
    return local.weekday() in facts.hours.weekdays and facts.hours.opens <= local.time() < facts.hours.closes


def _morning(facts: Situation, day: date) -> datetime:
    """Return when this day's letters begin."""
    return datetime.combine(day, facts.hours.opens, tzinfo=facts.hours.zone).astimezone(UTC)


def _moved_forward(facts: Situation, day: date) -> datetime:
    """Return when a step of this day begins: "any other [moves] forward to the next [permitted instant]"."""
    mornings = [_morning(facts, day + later * _DAY) for later in range(8)]
    return next((morning for morning in mornings if _civil(facts, morning)), mornings[0])


def _cannot_wait(facts: Situation, visit: VisitFacts, at: datetime) -> bool:
    """ADR 8: the visit begins before the next civil hours or in their first two hours."""
    latest = visit.starts_at - timedelta(hours=2)
    return not any(_civil(facts, at + minutes * _MINUTE) for minutes in range(max(0, (latest - at) // _MINUTE)))


def _moved_back(facts: Situation, visit: VisitFacts, days: int) -> datetime:
    """Return when a reminder is due: one that falls into quiet hours half an hour before the end of the last civil ones."""
    local = visit.starts_at.astimezone(facts.hours.zone)
    # "- 7 days" by the wall, "- 48 hours" elapsed.
    due = visit.starts_at - 2 * _DAY if days == 2 else (local - days * _DAY).replace(fold=0).astimezone(UTC)
    day = due.astimezone(facts.hours.zone).date()
    for back in range(15 if not _civil(facts, due) else 0):
        end = datetime.combine(day - back * _DAY, facts.hours.closes, tzinfo=facts.hours.zone).astimezone(UTC) - 30 * _MINUTE
        end = max(end, _morning(facts, day - back * _DAY))
        if end <= due and _civil(facts, end):
            return end
    return due
