"""Whatever the dates, the holds and the contacts: what a patient gets over a whole cycle keeps the promises."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from clinic.reminders.rules import RULES
from clinic.reminders.situation import GAP, Letter, Situation
from clinic.reminders.steps import Gate, Step, Verdict
from tests.reminders.situations import PLANS, contact, follow_up, hours, outlook, situation

ZONES = ["Europe/Paris", "Europe/Dublin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC"]
TREATED = date(2026, 9, 1)


@st.composite
def stories(draw):
    """A follow-up with its window, a clinic with its hours, and what happens on the way."""
    opens = TREATED + timedelta(days=draw(st.integers(20, 150)))
    closes = opens + timedelta(days=draw(st.integers(0, 180)))
    suggested = min(opens + timedelta(days=draw(st.integers(0, 180))), closes)
    snoozed = draw(st.none() | st.integers(0, 200).map(lambda days: TREATED + timedelta(days=days)))
    contacts = draw(st.lists(st.builds(
        contact,
        st.integers(0, 300).map(lambda days: datetime(2026, 9, 1, 13, tzinfo=UTC) + timedelta(days=days)),
        reached=st.booleans(), answered=st.booleans(), declined=st.just(False),
    ), max_size=3))  # fmt: skip
    return situation(
        hours=hours(draw(st.sampled_from(ZONES)), weekdays=draw(st.sets(st.integers(0, 6), min_size=1))),
        follow_ups=(
            follow_up(
                opens_on=opens, closes_on=closes, suggested_on=suggested, snoozed_until=snoozed, created_on=TREATED,
                contacts=tuple(sorted(contacts, key=lambda one: one.at)),
            ),
        ),
    )  # fmt: skip


def lived(facts: Situation, late: timedelta = timedelta(0)):
    """Live through the cycle as the engine does: look, send what goes, look again when told (or so much later)."""
    at, letters, went, tasks = datetime(2026, 9, 1, 12, tzinfo=UTC), {}, [], []
    # Whoever comes late by the length of a day's hours finds every day over, and looks again on each until the window closes.
    for _look in range(400):
        seen = Situation(**{**as_arguments(facts), "letters": dict(letters), "tasks": frozenset(tasks)})
        decided = outlook(seen, at)
        for decision in decided.decisions:
            step = Step(decision.key.split(":")[0])
            if decision.verdict is Verdict.SEND:
                letters[decision.key] = Letter(decision.key, step, "SENT", "", facts.follow_ups[0].pk, at)
                went.append((at, step))
            elif decision.verdict is Verdict.TASK:
                tasks.append(f"step:{decision.key}")
        if decided.look_again_at is None:
            return went, tasks
        assert decided.look_again_at > at
        at = decided.look_again_at + late
    raise AssertionError("the engine never comes to rest")


def as_arguments(facts):
    return {name: getattr(facts, name) for name in Situation.__dataclass_fields__}


@hypothesis(deadline=None, max_examples=300)
@given(facts=stories(), late=st.integers(0, 10 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)))
def test_over_a_whole_cycle_the_promises_are_kept(facts, late):
    went, tasks = lived(facts, late)
    window = facts.follow_ups[0]
    assert len(went) <= 3
    assert len({step for _at, step in went}) == len(went)
    assert all(facts.hours.permits(at) for at, _step in went)
    assert all(later - earlier >= GAP for (earlier, _), (later, _) in pairwise(went))
    assert all(facts.hours.local_date(at) <= window.closes_on for at, _step in went)
    assert all(window.snoozed_until is None or facts.hours.local_date(at) >= window.snoozed_until for at, _step in went)
    ranks = [RULES[step].rank for _at, step in went]
    assert ranks == sorted(ranks)
    assert [task.split(":")[1] for task in tasks] in ([], ["OVERDUE"])


@hypothesis(deadline=None, max_examples=200)
@given(facts=stories(), minutes=st.integers(0, 400 * 24 * 60))
def test_at_any_moment_at_most_one_letter_that_keeps_the_distance_goes(facts, minutes):
    at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    going = [
        decision
        for decision in outlook(facts, at, PLANS).decisions
        if decision.verdict is Verdict.SEND and decision.occasion and Gate.GAP not in decision.occasion.rule.ignores
    ]
    assert len(going) <= 1


@hypothesis(deadline=None, max_examples=200)
@given(facts=stories(), minutes=st.integers(0, 400 * 24 * 60))
def test_a_decision_to_wait_holds_until_the_moment_it_names(facts, minutes):
    """Nobody needs to look before: that is what lets the queue be one date."""
    at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    decided = outlook(facts, at)
    if any(d.verdict in (Verdict.SEND, Verdict.TASK) for d in decided.decisions):
        return
    until = decided.look_again_at or at + timedelta(days=400)
    for step in range(1, 8):
        between = at + (until - at) * step / 8
        quiet = outlook(facts, between)
        assert not [d for d in quiet.decisions if d.verdict in (Verdict.SEND, Verdict.TASK)]
