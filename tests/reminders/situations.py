"""Situations for the policy's tests: valid and boring by default, so that a test names only what it is about.

The window opens on Tuesday 1 December 2026 and closes on Monday 1 March 2027, in Paris: the invitation is due on
Tuesday 17 November at 08:00, the second letter on 15 December, the last on 1 February, the phone call on 2 March.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from clinic.reminders.hours import SendingHours
from clinic.reminders.policy import decide
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import Contact, FollowUpFacts, Letter, PlanBook, Situation, VisitFacts
from clinic.reminders.steps import Step

PARIS = ZoneInfo("Europe/Paris")
WEEKDAYS = frozenset(range(5))
PLANS = PlanBook({}, default_steps())


def paris(month, day, hour=8, minute=0, year=None):
    """A local time of the season in which the default window lies."""
    return datetime(year or (2026 if month > 6 else 2027), month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


def hours(zone="Europe/Paris", opens=time(8), closes=time(19), weekdays=WEEKDAYS):
    return SendingHours(ZoneInfo(zone), opens, closes, frozenset(weekdays))


def follow_up(**facts):
    return FollowUpFacts(
        **{
            "pk": 1,
            "indication_id": 7,
            "opens_on": date(2026, 12, 1),
            "closes_on": date(2027, 3, 1),
            "suggested_on": date(2026, 12, 1),
            "created_on": date(2026, 9, 1),
            **facts,
        }
    )


def visit(**facts):
    """Booked on 20 November by staff for Thursday 10 December at 09:30."""
    return VisitFacts(
        **{
            "pk": 5,
            "follow_up_id": 1,
            "indication_id": 7,
            "starts_at": paris(12, 10, 9, 30),
            "state": "BOOKED",
            "change": "BOOKED",
            "sequence": 0,
            "changed_at": paris(11, 20, 10),
            **facts,
        }
    )


def contact(at, *, reached=True, answered=True, declined=False):
    return Contact(at, reached, answered, declined)


def situation(*, letters=(), **facts):
    return Situation(
        **{
            "patient_id": 3,
            "clinic_id": 2,
            "hours": hours(),
            "consents": frozenset({"INVITE", "VISIT"}),
            "follow_ups": (follow_up(),),
            "letters": {letter.key: letter for letter in letters},
            **facts,
        }
    )


def letter(step, at=None, *, state="SENT", follow_up_id=1, key=None):
    return Letter(key or f"{step}:1:f{follow_up_id}:r0", Step(step), state, "", follow_up_id, at)


def outlook(facts, at, plans=PLANS):
    return decide(facts, plans, at)


def said(facts, at, plans=PLANS):
    """What the policy decides, by step (with the ordinal where it is not the first): verdict and reason."""
    return {
        ":".join(d.key.split(":")[: 1 if d.key.split(":")[1] == "1" else 2]): (d.verdict.value, d.reason.value)
        for d in decide(facts, plans, at).decisions
    }


def going(facts, at, plans=PLANS):
    """The steps that go now, as letters or as tasks."""
    return [step for step, (verdict, _reason) in said(facts, at, plans).items() if verdict in ("SEND", "TASK")]
