"""The policy against an oracle that was written apart from it, on random histories in zones whose clocks change oddly.

An oracle counts only if it can contradict: the last test puts the policy a little out of true and sees it told.

`ORACLE_EXAMPLES` says how many histories (`manage.py faults oracle` asks for ten thousand).
"""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from clinic.management.faults.oracle import Gone, going
from clinic.reminders import occasions, policy, rules
from clinic.reminders.policy import decide
from clinic.reminders.situation import Address, Letter, Situation
from clinic.reminders.steps import Step, Verdict
from tests.reminders.situations import PLANS, contact, follow_up, hours, situation, visit

#: To look for a contradiction, without making it small.
ALWAYS_THE_SAME = hypothesis(
    deadline=None, max_examples=2000, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "500"))
#: With the year in whose autumn or spring their clocks did something worth trying; Apia left out a whole day.
ZONES = [
    ("Australia/Lord_Howe", 2026), ("Europe/Dublin", 2026), ("Pacific/Apia", 2011), ("America/St_Johns", 2006),
    ("America/St_Johns", 2026), ("Europe/Paris", 2026), ("UTC", 2026),
]  # fmt: skip
#: Ordinary hours, and hours that begin or end where clocks jump.
HOURS = [
    (time(8), time(19)), (time(0), time(23, 59)), (time(2, 15), time(3, 30)), (time(0, 1), time(2, 10)), (time(1, 30), time(9)),
]  # fmt: skip


@dataclass(frozen=True)
class Course:
    """One follow-up and what happens to it; times are minutes after the beginning, or None for never."""

    follow_up: object
    contacts: tuple
    booked: int | None
    starts: int
    cancelled: int | None
    #: When it was moved and by how many days, if it was.
    moved: tuple
    booked_by_patient: bool
    cancelled_by_patient: bool
    with_letter: bool


@dataclass(frozen=True)
class History:
    """A patient of a clinic, what happens to them, and the instants at which the engine looks."""

    began: datetime
    facts: Situation
    courses: tuple
    opted_out: tuple
    held: tuple
    asked: tuple
    paused: tuple
    unreachable: tuple
    ends: tuple
    tasks_take: int
    looks: tuple

    def at(self, minutes):
        return self.began + timedelta(minutes=minutes)

    def facts_at(self, at, letters, tasks, open_tasks):
        """What the database would hold at this instant."""
        minutes = (at - self.began) // timedelta(minutes=1)

        def during(span):
            return bool(span) and span[0] <= minutes < span[1]

        windows, visits = [], []
        for course in self.courses:
            window, visits_of = self.course_at(course, minutes)
            windows.append(window)
            visits += visits_of
        return replace(
            self.facts,
            follow_ups=tuple(windows),
            visits=tuple(visits),
            letters=dict(letters),
            tasks=frozenset(tasks),
            open_tasks=frozenset(open_tasks),
            consents=frozenset() if during(self.opted_out) else frozenset({"INVITE", "VISIT"}),
            on_hold=during(self.held),
            asked_to_be_called=during(self.asked),
            engine_paused=during(self.paused),
            address=Address.MISSING if during(self.unreachable) else Address.USABLE,
            status=self.ends[1] if self.ends and minutes >= self.ends[0] else "ACTIVE",
        )

    def course_at(self, course, minutes):
        window = replace(course.follow_up, contacts=tuple(one for one in course.contacts if one.at <= self.at(minutes)))
        if course.booked is None or minutes < course.booked:
            return window, []
        is_moved = bool(course.moved) and minutes >= course.moved[0]
        starts = course.starts + (course.moved[1] * 1440 if is_moved else 0)
        starts_at, pk = self.at(starts), 50 + course.follow_up.pk
        told = {"pk": pk, "follow_up_id": window.pk, "starts_at": starts_at, "with_letter": course.with_letter}
        if course.cancelled is not None and minutes >= course.cancelled:
            window = replace(window, fallen_through=1, fell_through_at=self.at(course.cancelled))
            one = visit(
                state="CANCELLED", change="CANCELLED", sequence=1 + is_moved, changed_at=self.at(course.cancelled),
                by_patient=course.cancelled_by_patient, **told,
            )  # fmt: skip
            return window, [one] if minutes < starts else []
        past = minutes >= starts
        window = replace(window, is_booked=not past, is_visit_unclear=past, booked_until=None if past else starts_at)
        one = visit(changed_at=self.at(course.booked), by_patient=course.booked_by_patient, **told)
        if is_moved:
            one = replace(
                one, change="MOVED", sequence=1, changed_at=self.at(course.moved[0]), by_patient=course.cancelled_by_patient
            )
        return window, [] if past else [one]


#: Minutes after the beginning, over ten months. In parts, because a large range would be drawn from its low end mostly.
TIMES = st.builds(
    lambda month, day, hour, minute: ((month * 30 + day) * 24 + hour) * 60 + minute,
    st.integers(0, 9), st.integers(0, 29), st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]),
)  # fmt: skip


def rarely(strategy, nothing=()):
    """So in one history of four."""
    return st.integers(0, 3).flatmap(lambda chance: strategy if chance == 3 else st.just(nothing))


def spans(days):
    """A span of minutes of at most so many days."""
    return st.tuples(TIMES, st.integers(1, days)).map(lambda span: (span[0], span[0] + span[1] * 1440))


@st.composite
def courses(draw, pk, began):
    treated = began.date()
    opens = treated + timedelta(days=draw(st.integers(20, 130)))
    closes = opens + timedelta(days=draw(st.integers(0, 150)))
    booked = draw(st.none() | TIMES)
    starts = (booked or 0) + draw(st.integers(0, 40)) * 1440 + draw(st.integers(1, 1440))
    cancelled = (
        draw(st.none() | st.integers(1, starts - booked).map(lambda later: booked + later)) if booked is not None else None
    )
    moved = ()
    if booked is not None:
        latest = (cancelled or starts) - 1
        moved = draw(rarely(st.tuples(st.integers(booked, max(latest, booked)), st.integers(1, 30))))
    return Course(
        follow_up(
            pk=pk, indication_id=pk, opens_on=opens, closes_on=closes,
            suggested_on=min(opens + timedelta(days=draw(st.integers(0, 60))), closes),
            created_on=draw(st.sampled_from([treated] * 7 + [closes + timedelta(days=1)])),
            snoozed_until=draw(rarely(st.integers(0, 200).map(lambda days: treated + timedelta(days=days)), None)),
        ),
        draw(st.lists(
            st.builds(
                contact, TIMES.map(lambda minutes: began + timedelta(minutes=minutes)),
                reached=st.booleans(), answered=st.booleans(), declined=rarely(st.just(True), False),
            ), max_size=3,
        ).map(lambda found: tuple(sorted(found, key=lambda one: one.at)))),
        booked, starts,
        cancelled, moved,
        draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([True, True, False])),
    )  # fmt: skip


@st.composite
def histories(draw):
    zone, year = draw(st.sampled_from(ZONES))
    began = datetime(year, *draw(st.sampled_from([(1, 5), (9, 1)])), 10, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    opens, closes = draw(st.sampled_from(HOURS))
    weekdays = draw(st.sampled_from([range(5), range(7), (0, 3)]))
    return History(
        began,
        situation(hours=hours(zone, opens, closes, weekdays)),
        tuple(draw(courses(pk, began)) for pk in range(1, draw(st.integers(1, 2)) + 1)),
        *(draw(rarely(spans(longest))) for longest in (60, 60, 10, 3, 60)),
        draw(rarely(st.tuples(TIMES, st.sampled_from(["PAUSED", "DISCHARGED", "DECEASED"])))),
        draw(st.integers(1, 60)) * 1440,
        (0, *sorted(draw(st.lists(TIMES, max_size=12)))),
    )


class Told:
    """What has gone, once in the engine's words and once in the oracle's."""

    def __init__(self):
        self.letters, self.tasks, self.open_tasks, self.gone = {}, set(), set(), []

    def __repr__(self):
        return ", ".join(f"{one.at:%m-%d} {one.name} {one.also_about or ''}" for one in self.gone)

    def done(self, at, minutes):
        """Staff have done the tasks that are so old."""
        self.gone = [replace(one, is_open=one.is_open and at < one.at + timedelta(minutes=minutes)) for one in self.gone]
        self.open_tasks = {f"step:{one.name}" for one in self.gone if one.is_open}

    def add(self, decision, at):
        step, _ordinal, about, _edition = decision.key.split(":")
        is_task = decision.verdict is Verdict.TASK
        if is_task:
            self.tasks.add(f"step:{decision.key}")
        else:
            follow_up_id = int(about[1:]) if about[0] == "f" else None
            self.letters[decision.key] = Letter(decision.key, Step(step), "SENT", "", follow_up_id, at, decision.also_about)
        self.gone.append(
            Gone(step, int(about[1:]), at, edition_of(decision), is_task, is_task, decision.also_about, decision.key)
        )


def edition_of(decision):
    step, ordinal, _about, edition = decision.key.split(":")
    return int(ordinal) if step == "VISIT" else int(edition[1:])


def owed(facts, at):
    """What the engine would do now, as the oracle says it, and the decisions themselves."""
    outlook = decide(facts, PLANS, at)
    found = [one for one in outlook.decisions if one.verdict in (Verdict.SEND, Verdict.TASK)]
    said = set()
    for one in found:
        step, _ordinal, about, _edition = one.key.split(":")
        said.add(("TASK" if one.verdict is Verdict.TASK else "LETTER", step, int(about[1:]), edition_of(one)))
    return said, found, outlook.look_again_at


def compare(history):
    """Live through a history, looking at the drawn instants, whenever the engine asks to be woken, and a minute before."""
    told, looks, next_look, last = Told(), [history.at(minutes) for minutes in history.looks], None, None
    for _look in range(400):
        wakes = [] if next_look is None else [max(next_look - timedelta(minutes=1), last), next_look]
        at = min([*looks[:1], *(one for one in wakes if last is None or one > last)], default=None)
        if at is None:
            return told
        looks = [one for one in looks if one > at]
        told.done(at, history.tasks_take)
        facts = history.facts_at(at, told.letters, told.tasks, told.open_tasks)
        said, decisions, next_look = owed(facts, at)
        expected = going(facts, told.gone, at)
        assert said == expected, f"at {at:%Y-%m-%d %H:%M}: the engine says {said}, the oracle {expected}, after {told}"
        assert next_look is None or next_look > at
        for decision in decisions:
            told.add(decision, at)
        last = at
    raise AssertionError("the engine never comes to rest")


@hypothesis(deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(history=histories())
def test_the_policy_says_what_the_oracle_says(history):
    compare(history)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (occasions, "BETWEEN_RUNGS", timedelta(days=12)),
        (occasions, "GAP", timedelta(hours=24)),
        (policy, "GAP", timedelta(hours=71)),
        (rules, "MOST_UNANSWERED", 2),
        (rules, "FRESH", timedelta(days=6)),
    ],
)
def test_a_policy_that_goes_wrong_is_contradicted(monkeypatch, module, name, value):
    monkeypatch.setattr(module, name, value)

    @hypothesis(ALWAYS_THE_SAME)
    @given(history=histories())
    def living(history):
        compare(history)

    with pytest.raises(AssertionError, match="the oracle"):
        living()
