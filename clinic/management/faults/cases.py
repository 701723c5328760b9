"""Every fault that can be played, by its name on the command line, and how it is played and judged."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from botox_tracker import servers
from clinic.management.faults import killing, mailing, queueing, storing, timing, writing
from clinic.management.faults.field import Field, taken_to
from clinic.management.faults.ground import POSTGRESQL, SQLITE, Ground
from clinic.management.faults.results import Result, judge


class Family(StrEnum):
    """What goes wrong, as the table names it."""

    KILLED = "process killed"
    QUEUE = "queue lost"
    DATABASE = "database away"
    MAIL = "mail server"
    CLOCK = "clock, copy"
    CONTENT = "content"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault: what it does, and with how many patients."""

    family: Family
    #: Its number in the list of faults (reliability, F1 to F21).
    number: str
    play: Callable[[Field], None]
    #: How many are due on PostgreSQL, and where it is short.
    patients: int = 300
    few: int = 20
    databases: tuple[str, ...] = (POSTGRESQL, SQLITE)
    #: Whether it stands for its family where only two of each are played.
    is_short: bool = False

    @property
    def short_on(self) -> str:
        """The database on which it is played where it is short: the quicker one."""
        return self.databases[-1]


def _kill(point: str, *, databases: tuple[str, ...] = (POSTGRESQL, SQLITE), is_short: bool = False) -> Case:
    return Case(family=Family.KILLED, number="F1", play=killing.killed_at(point), databases=databases, is_short=is_short)


_ON_POSTGRESQL = (POSTGRESQL,)

CASES: dict[str, Case] = {
    "claim": _kill("claim", databases=_ON_POSTGRESQL),
    "render": _kill("render"),
    "intent": _kill("intent", is_short=True),
    "data": _kill("data"),
    "dot": _kill("dot"),
    "after250": _kill("after250", is_short=True),
    "before": _kill("before", databases=_ON_POSTGRESQL),
    "after": _kill("after"),
    "mortal": Case(family=Family.KILLED, number="F2", play=killing.mortal, patients=500, few=60),
    "planners": Case(family=Family.KILLED, number="F4", play=killing.planners, patients=2000, databases=_ON_POSTGRESQL),
    "twice": Case(family=Family.QUEUE, number="F4", play=queueing.twice, patients=2000, few=60),
    "crowded": Case(family=Family.QUEUE, number="F4", play=queueing.crowded, patients=1000, few=60),
    "stopped": Case(family=Family.QUEUE, number="F6", play=queueing.stopped, is_short=True),
    "dropped": Case(family=Family.QUEUE, number="F6", play=queueing.dropped),
    "frozen": Case(family=Family.QUEUE, number="F6", play=queueing.frozen),
    "flushed": Case(family=Family.QUEUE, number="F7", play=queueing.flushed, patients=1000, few=60, is_short=True),
    "starved": Case(family=Family.QUEUE, number="F8", play=queueing.starved, patients=500),
    "fast": Case(family=Family.DATABASE, number="F9", play=storing.stopped(signal.SIGINT), databases=_ON_POSTGRESQL),
    "immediate": Case(family=Family.DATABASE, number="F9", play=storing.stopped(signal.SIGQUIT), databases=_ON_POSTGRESQL),
    "answered": Case(family=Family.DATABASE, number="F10", play=storing.answered, databases=_ON_POSTGRESQL, is_short=True),
    "full": Case(family=Family.DATABASE, number="F13", play=storing.full, databases=(SQLITE,), is_short=True),
    "away": Case(family=Family.MAIL, number="F11", play=mailing.away, is_short=True),
    "moody": Case(family=Family.MAIL, number="F11", play=mailing.moody, is_short=True),
    "clock": Case(family=Family.CLOCK, number="F14", play=timing.clock),
    "copied": Case(family=Family.CLOCK, number="F18", play=timing.copied, is_short=True),
    "restored": Case(family=Family.CLOCK, number="F18", play=timing.restored, is_short=True),
    "poisoned": Case(family=Family.CONTENT, number="F15", play=writing.poisoned, patients=1000, few=40, is_short=True),
    "deadly": Case(family=Family.CONTENT, number="F15", play=writing.deadly, is_short=True),
}

#: By their numbers in the list of faults: what this command does not play, with the reason.
NOT_RUN = {
    "F3, F12": "days without a beat or a mail server: tests/reminders/test_peers_faults.py hands the time in",
    "F5": "tasks delivered several times: they carry nothing; two workers with two beats and five beats are the nearest",
    "F11": "the replies of a mail server, one by one: tests/mailer/test_dialogue.py and tests/reminders/test_delivery.py",
    "F13": "a full disk under PostgreSQL, which needs a file system of its own: played under SQLite",
    "F14": "summer time, a clock set by days: tests/reminders/test_safeguards.py, test_hours.py, test_oracle.py",
    "F15": "a letter that eats memory or never ends: one that kills its worker is the nearest",
    "F16": "100,000 letters at once: a measurement, the bench flood",
    "F17": "an opt-out between claim and intent: tests/reminders/test_races.py and test_interleavings.py",
    "F19, F20": "old code on a new schema, and a day's soak: longer than a command should take",
    "F21": "OpenEMR's six: tests/reminders/test_peers_openemr.py",
}


def play(name: str, *, ground: Ground, kind: str, count: int) -> Result:
    """Play one fault on a database of its own and return what came of it. Raises ServerError if the product did not start."""
    case = CASES[name]
    with taken_to(ground, kind, count) as at:
        result = Result(name, kind)
        began = time.monotonic()
        try:
            case.play(at)
        except servers.ServerError as error:
            at.broken.append(str(error).splitlines()[0])
        seen = at.settle()
        result.seconds, result.healed_after = time.monotonic() - began, at.healed_after(seen)
        result.tried, result.broken = at.tried, at.broken
        judge(result, owed=at.owed, taken=list(at.mail.taken), seen=seen, bounds=at.bounds)
    return result
