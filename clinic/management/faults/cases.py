"""The faults: each breaks the running product in one way and holds what the mail server took against what was owed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis

from botox_tracker import servers, stack
from clinic.management.faults.smtp import Act, At, Fault, FaultServer, Taken, serving

#: No case takes longer; a letter that has not gone by then is lost.
PATIENCE = 240


@dataclass
class Result:
    """What one fault did to the letters."""

    name: str
    database: str
    owed: int
    accepted: int = 0
    in_doubt: int = 0
    seconds: float = 0
    #: Owed, and neither with the mail server nor in a state that says why not.
    lost: list[str] = field(default_factory=list)
    #: Taken by the mail server more than once, or without being owed.
    doubled: list[str] = field(default_factory=list)
    #: Anything else that must not be, in words.
    broken: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing doubled, nothing else amiss."""
        return not (self.lost or self.doubled or self.broken)


class Field:
    """The product under fire: its processes, its mail server and a look inside its database."""

    def __init__(self, running: stack.Stack, mail: FaultServer, count: int) -> None:
        self.running, self.mail = running, mail
        self.owed: dict[str, str] = self.inside("prepare", str(count))["owed"]

    def inside(self, *arguments: str) -> dict[str, Any]:
        """Do something in the database of the product."""
        found: dict[str, Any] = json.loads(self.running.run("faults", "--inside", *arguments).splitlines()[-1])
        return found

    def wait(self, what: Callable[[], bool], name: str) -> None:
        """Wait for something to come true while the product runs."""
        self.running.wait_for(what, seconds=PATIENCE, name=name)

    def taken(self) -> int:
        """How many letters the mail server has."""
        return len(self.mail.taken)

    def settle(self) -> dict[str, Any]:
        """Wait until nothing is due, ready or in hand any more, and then for two more ticks; return the last look."""
        deadline = time.monotonic() + PATIENCE
        seen: dict[str, Any] = {}
        while time.monotonic() < deadline:
            seen = self.inside("look")
            waiting = sum(seen["states"].get(state, 0) for state in ("READY", "CLAIMED", "HANDOFF"))
            if seen["ran"] and not waiting and not seen["due"]:
                break
            time.sleep(1)
        time.sleep(2 * float(self.running.environment["TICK_SECONDS"]))
        return self.inside("look")

    def kill(self, name: str) -> None:
        """Kill a process and its children as the power company would."""
        process = self.running.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def twice(at: Field) -> None:
    """Two workers and two beats, started at once."""
    for number in (1, 2):
        at.running.start_worker(number)
        at.running.start_beat(number)
    at.wait(lambda: at.taken() >= len(at.owed), "every letter")


def killed(at: Field) -> None:
    """A worker killed between the final dot and the answer, and one killed before DATA; others take over."""
    for step, (fault, caught) in enumerate(((At.DOT, True), (At.RCPT, False)), start=1):
        _kill_at(at, step, fault, keeps=caught)
    at.running.start_worker(3)
    at.wait(lambda: at.taken() >= len(at.owed), "every letter")


def flushed(at: Field) -> None:
    """The broker forgets everything, again and again, while letters go."""
    broker = redis.Redis.from_url(at.running.environment["REDIS_URL"])
    over = threading.Event()

    def forget() -> None:
        while not over.wait(0.7):
            broker.flushall()

    flushing = threading.Thread(target=forget)
    flushing.start()
    try:
        at.mail.delay = 0.005
        for number in (1, 2):
            at.running.start_worker(number)
        at.running.start_beat()
        at.wait(lambda: at.taken() >= len(at.owed), "every letter")
    finally:
        over.set()
        flushing.join()
        broker.close()


def mortal(at: Field) -> None:
    """A worker killed soon after its first letter, without a look at what it is doing, and another started."""
    at.mail.delay = 0.003
    at.running.start_beat()
    for _death in range(_DEATHS):
        at.running.start_worker(1)
        began = at.taken()
        at.wait(lambda began=began: at.taken() > began or at.taken() >= len(at.owed), "a letter from this worker")  # type: ignore[misc]
        time.sleep(0.3)
        at.kill("worker-1")
        at.inside("age")
    at.running.start_worker(2)


def crowded(at: Field) -> None:
    """Five beats, as after a careless start of several machines."""
    for number in range(1, 6):
        at.running.start_beat(number)
    at.running.start_worker(1)
    at.wait(lambda: at.taken() >= len(at.owed), "every letter")


def starved(at: Field) -> None:
    """The broker has no memory left for ten seconds, and says so to whoever writes."""
    broker = redis.Redis.from_url(at.running.environment["REDIS_URL"])
    at.mail.delay = 0.02
    at.running.start_beat()
    at.running.start_worker(1)
    at.wait(lambda: at.taken() > 0, "a letter")
    try:
        broker.config_set("maxmemory", "1")
        time.sleep(10)
        broker.config_set("maxmemory", "0")
    finally:
        broker.close()
    at.wait(lambda: at.taken() >= len(at.owed), "every letter")


def away(at: Field) -> None:
    """The mail server is gone when the letters fall due, and comes back: no letter has lost an attempt or goes twice."""
    at.mail.stop()
    at.running.start_beat()
    at.running.start_worker(1)
    at.wait(lambda: bool(at.inside("look")["mail_failing"]), "the engine's word that the mail server is away")
    at.mail.start()
    at.inside("hurry")
    at.wait(lambda: at.taken() >= len(at.owed), "every letter")


#: By their numbers in the list of faults: what this command does not play, with the reason.
NOT_RUN = {
    "F3, F12": "days without a beat or a mail server: time would have to be faked; the engine's tests hand it in",
    "F5": "tasks delivered several times: they carry nothing; two workers with two beats and five beats are the nearest",
    "F9, F10": "a database that stops in the middle of a letter: not built yet",
    "F11": "the replies of a mail server, one by one: played to the engine by its own tests",
    "F13": "a full disk: needs a file system of its own",
    "F14, F18": "a clock that was set, a copy, a restored backup: played to the engine by its own tests",
    "F15": "a letter that eats memory or never ends: not built yet; one that raises is in the engine's tests",
    "F16": "100,000 letters at once: a measurement, not built yet",
    "F17": "an opt-out between claim and intent: in the engine's tests of races and of any order",
    "F19, F20": "old code on a new schema, and a day's soak: longer than a command should take",
    "F21": "OpenEMR's six: tests/reminders/test_peers_openemr.py",
}
_DEATHS = 3

#: name → the fault, patients on PostgreSQL, patients where it is short, messages that may end in doubt
CASES: dict[str, tuple[Callable[[Field], None], int, int, int]] = {
    "twice": (twice, 2000, 300, 0),
    "killed": (killed, 300, 40, 1),
    "flushed": (flushed, 1000, 200, 0),
    "mortal": (mortal, 500, 60, _DEATHS),
    "crowded": (crowded, 1000, 60, 0),
    "starved": (starved, 500, 60, 0),
    "away": (away, 300, 40, 0),
}


def play(name: str, *, database_url: str, count: int) -> Result:
    """Play one fault on a database of its own and return what came of it. Raises ServerError if the product did not start."""
    fault, _full, _short, in_doubt = CASES[name]
    with _field(database_url, count) as at:
        result = Result(name, "PostgreSQL" if database_url else "SQLite", len(at.owed))
        began = time.monotonic()
        try:
            fault(at)
        except servers.ServerError as error:
            result.broken.append(str(error).splitlines()[0])
        seen = at.settle()
        result.seconds = time.monotonic() - began
        _judge(result, at, seen, in_doubt)
    return result


@contextmanager
def _field(database_url: str, count: int) -> Iterator[Field]:
    with serving(FaultServer()) as mail:
        environment = {"EMAIL_PORT": str(mail.port)}
        with stack.running(database_url=database_url, tick_seconds=1, extra_environment=environment) as running:
            yield Field(running, mail, count)


def _kill_at(at: Field, number: int, where: At, *, keeps: bool) -> None:
    """Start a worker, let the mail server hang at one point, kill the worker there, and let its lease run out."""
    began, hung = at.taken(), threading.Event()
    # The first letters go; one of the next never gets its answer.
    at.mail.on_hang = hung.set
    at.mail.on_letter = lambda _taken: _arm(at.mail, where, keeps=keeps) if at.taken() == began + 3 else None
    at.running.start_worker(number)
    if "beat-1" not in at.running.processes:
        at.running.start_beat()
    at.wait(hung.is_set, "the mail server's silence")
    at.kill(f"worker-{number}")
    at.mail.on_letter = None
    at.inside("age")


def _arm(mail: FaultServer, where: At, *, keeps: bool) -> None:
    mail.fault = Fault(where, Act.HANG, keeps=keeps, times=1)


def _judge(result: Result, at: Field, seen: dict[str, Any], in_doubt: int) -> None:
    taken: list[Taken] = list(at.mail.taken)
    result.accepted = len(taken)
    by_id = Counter(letter.message_id for letter in taken)
    by_person = Counter(letter.recipient for letter in taken)
    states = {message["email"]: message["state"] for message in seen["messages"]}
    result.doubled = sorted({name for count in (by_id, by_person) for name, number in count.items() if number > 1})
    result.doubled += sorted(set(by_person) - set(at.owed))
    result.in_doubt = seen["states"].get("UNKNOWN", 0)
    result.lost = sorted(email for email in at.owed if by_person[email] == 0 and states.get(email) != "UNKNOWN")
    if result.in_doubt > in_doubt:
        result.broken.append(f"{result.in_doubt} in doubt, at most {in_doubt} could be")
    for message in seen["messages"]:
        if message["state"] == "SENT" and message["message_id"] not in by_id:
            result.broken.append("a letter counts as sent that the mail server never saw")
        if message["state"] not in ("SENT", "UNKNOWN"):
            result.broken.append(f"a letter is left {message['state']}")
        if at.owed.get(message["email"]) != message["step"]:
            result.broken.append(f"a letter was written that nobody was owed: {message['step']}")
    if seen["too_long_in_hand"]:
        result.broken.append(f"{seen['too_long_in_hand']} in hand for more than ten minutes")
    result.broken = sorted(set(result.broken))
