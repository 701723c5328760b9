"""What a patient may have earned, and the stretch of time in which each thing is right. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from clinic.reminders.rules import FRESH, GONE_STATES, RULES, TASK_PREFIX, Family, Occasion
from clinic.reminders.situation import GAP, FollowUpFacts, PlanBook, Situation, VisitFacts
from clinic.reminders.steps import Anchor, Audience, PlanStep, Step, Unit

#: The letters of one ladder keep at least this distance, whatever dates the window gives them.
BETWEEN_RUNGS = timedelta(days=7)
#: An invitation that counted from a void treatment is taken back within this time, or not at all.
CORRECTED_FOR = timedelta(days=28)
#: A reminder of a visit later than this before it is of no use.
VISIT_AT_THE_LATEST = timedelta(hours=3)


def occasions(facts: Situation, plans: PlanBook) -> Iterator[Occasion]:
    """Yield everything that the plan of the clinic may owe this patient, whenever it is due."""
    beginnings: list[datetime] = []
    for follow_up in facts.follow_ups:
        steps = plans.steps(facts.clinic_id, follow_up.indication_id)
        ladder = list(_ladder(facts, follow_up, steps))
        yield from ladder
        yield from _after_a_miss(facts, follow_up, steps)
        begins_at = min((rung.due_at for rung in ladder), default=facts.hours.midnight_after(follow_up.closes_on))
        beginnings.append(begins_at)
        yield from _corrections(facts, follow_up, steps, until=begins_at)
    for follow_up in facts.void_follow_ups:
        if follow_up.corrected_at is not None:
            # Where another follow-up of the patient is due by now, that it is time to come back was true after all.
            until = min([*beginnings, follow_up.corrected_at + CORRECTED_FOR])
            yield from _corrections(facts, follow_up, plans.steps(facts.clinic_id, follow_up.indication_id), until=until)
    for visit in facts.visits:
        steps = plans.steps(facts.clinic_id, visit.indication_id)
        reminders = list(_reminders(facts, visit, steps))
        yield from _news(visit, steps, reminders)
        yield from reminders


def subject_of(key: str) -> str:
    """Return the part of a key that names the follow-up or the visit it is about."""
    return key.split(":")[2]


def _key(step: Step, ordinal: int, subject: str, edition: str) -> str:
    return f"{step}:{ordinal}:{subject}:{edition}"


def _ladder(facts: Situation, follow_up: FollowUpFacts, steps: Iterable[PlanStep]) -> Iterator[Occasion]:
    """The rungs of one follow-up. A rung ends where the next begins; the last letter, with the window."""
    rungs = sorted(
        ((_day(follow_up, step), step) for step in steps if RULES[step.step].family is Family.RETURN),
        key=lambda rung: (RULES[rung[1].step].rank, rung[1].ordinal),
    )
    begins: list[datetime] = []
    for day, step in rungs:
        if begins and step.audience is Audience.PATIENT:
            # A clinician's own late date would have the last letter come before the first.
            day = max(day, rungs[0][0] + BETWEEN_RUNGS)
        begins.append(_opening(facts, day))
    closed_at = facts.hours.midnight_after(follow_up.closes_on)
    for number, (_, step) in enumerate(rungs):
        due_at = begins[number]
        if follow_up.fell_through_at is not None:
            # Whoever has just cancelled or missed a visit is not invited in the same breath.
            due_at = max(due_at, follow_up.fell_through_at + GAP)
        yield Occasion(
            key=_key(step.step, step.ordinal, f"f{follow_up.pk}", f"r{_edition(facts, follow_up)}"),
            rule=RULES[step.step],
            ordinal=step.ordinal,
            audience=step.audience,
            due_at=due_at,
            expires_at=closed_at if step.audience is Audience.PATIENT else None,
            overtaken_at=min(begins[number + 1 :], default=None),
            follow_up=follow_up,
        )


def _after_a_miss(facts: Situation, follow_up: FollowUpFacts, steps: Iterable[PlanStep]) -> Iterator[Occasion]:
    """The letter to somebody who did not come, so many days after staff said so, until it would be stale."""
    visit = follow_up.missed
    if visit is None or follow_up.fell_through_at is None:
        return
    for step in steps:
        rule = RULES[step.step]
        if rule.family is Family.MISSED:
            day = facts.hours.local_date(follow_up.fell_through_at) + timedelta(days=step.offset)
            yield Occasion(
                key=_key(step.step, step.ordinal, f"f{follow_up.pk}", f"r{_edition(facts, follow_up)}"),
                rule=rule,
                ordinal=step.ordinal,
                audience=step.audience,
                due_at=max(_opening(facts, day), follow_up.fell_through_at),
                expires_at=visit.starts_at + (rule.news_for or GAP),
                follow_up=follow_up,
                visit=visit,
            )


def _edition(facts: Situation, follow_up: FollowUpFacts) -> int:
    """How often its invitations have become owed anew: visits fell through, or the ones that went were taken back."""
    taken_back = {
        key
        for key, letter in facts.letters.items()
        if letter.follow_up_id == follow_up.pk and letter.state in GONE_STATES and letter.step == Step.CORRECTION
    }
    phoned = {task.removeprefix(TASK_PREFIX) for task in facts.tasks if task.startswith(TASK_PREFIX + Step.CORRECTION)}
    taken_back |= {key for key in phoned if subject_of(key) == f"f{follow_up.pk}"}
    return follow_up.fallen_through + len(taken_back)


def _corrections(facts: Situation, follow_up: FollowUpFacts, steps: Iterable[PlanStep], *, until: datetime) -> Iterator[Occasion]:
    """The letter that takes back an invitation which the amended record does not bear out, until it does (`until`)."""
    changed_at, edition = follow_up.corrected_at, f"r{_edition(facts, follow_up)}"
    if changed_at is None or until <= changed_at:
        return
    subject = f"f{follow_up.pk}"
    invited = any(
        letter.gone_at is not None
        and letter.gone_at < changed_at
        and letter.state in GONE_STATES
        and RULES[letter.step].family is Family.RETURN
        and key.split(":")[2:] == [subject, edition]
        for key, letter in facts.letters.items()
    )
    for step in steps:
        if invited and RULES[step.step].family is Family.CORRECTION:
            yield Occasion(
                key=_key(step.step, step.ordinal, subject, edition),
                rule=RULES[step.step],
                ordinal=step.ordinal,
                audience=step.audience,
                due_at=changed_at,
                expires_at=until,
                follow_up=follow_up,
            )


def _day(follow_up: FollowUpFacts, step: PlanStep) -> date:
    anchors = {
        Anchor.SUGGESTED: follow_up.suggested_on,
        Anchor.OPENS: follow_up.opens_on,
        Anchor.CLOSES: follow_up.closes_on,
    }
    day = anchors[step.anchor] + timedelta(days=step.offset)
    if step.floor is not None:
        day = max(day, anchors[step.floor] + timedelta(days=step.floor_days))
    return day


def _opening(facts: Situation, day: date) -> datetime:
    """The first permitted moment on or after this day; its opening hour where no day ever permits any."""
    opening = facts.hours.at_opening(day)
    return facts.hours.next_permitted(opening) or opening


def _news(visit: VisitFacts, steps: Iterable[PlanStep], reminders: list[Occasion]) -> Iterator[Occasion]:
    """The letter that tells of the last change, until a reminder of the same visit says it all."""
    for step in steps:
        rule = RULES[step.step]
        if rule.family is not Family.CHANGE or rule.change != visit.change:
            continue
        expires_at = visit.starts_at
        if rule.news_for is not None:
            expires_at = min(expires_at, visit.changed_at + rule.news_for)
        later = [reminder.due_at for reminder in reminders if reminder.due_at - FRESH >= visit.changed_at]
        yield Occasion(
            key=_key(step.step, step.ordinal, f"a{visit.pk}", f"s{visit.sequence}"),
            rule=rule,
            ordinal=step.ordinal,
            audience=step.audience,
            due_at=visit.changed_at,
            expires_at=expires_at,
            overtaken_at=min(later, default=None),
            visit=visit,
        )


def _reminders(facts: Situation, visit: VisitFacts, steps: Iterable[PlanStep]) -> Iterator[Occasion]:
    """The reminders of a booked visit, each until the next. One that falls into quiet hours moves back."""
    if visit.state != "BOOKED":
        return
    dated = []
    for step in steps:
        if RULES[step.step].family is not Family.VISIT:
            continue
        if step.unit is Unit.DAY:
            moment = facts.hours.days_before(visit.starts_at, -step.offset)
        else:
            moment = visit.starts_at + timedelta(hours=step.offset)
        dated.append((facts.hours.last_permitted(moment), step))
    dated.sort(key=lambda pair: (pair[0], pair[1].ordinal))
    for number, (due_at, step) in enumerate(dated):
        yield Occasion(
            key=_key(step.step, step.ordinal, f"a{visit.pk}", f"t{int(visit.starts_at.timestamp()) // 60}"),
            rule=RULES[step.step],
            ordinal=step.ordinal,
            audience=step.audience,
            due_at=due_at,
            expires_at=visit.starts_at - VISIT_AT_THE_LATEST,
            overtaken_at=dated[number + 1][0] if number + 1 < len(dated) else None,
            visit=visit,
        )
