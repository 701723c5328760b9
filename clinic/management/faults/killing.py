"""Processes that are killed: workers at each point of a letter and at random, a planner in the middle of its batch."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from clinic.management.faults.field import PATIENCE, Field
from clinic.management.faults.smtp import At

#: How many workers die in one case.
DEATHS = 3
_FIRST_GO = 2
_PLANNERS = 4


def mortal(at: Field) -> None:
    """A worker killed soon after its first letter, without a look at what it is doing, and another started."""
    at.mail.delay = 0.003
    at.running.start_beat()
    for _death in range(DEATHS):
        at.running.start_worker(1)
        began = at.taken()
        at.wait(lambda began=began: at.taken() > began or at.taken() >= len(at.owed), "a letter from this worker")  # type: ignore[misc]
        time.sleep(0.3)
        at.kill("worker-1")
        at.struck()
        at.may_doubt += 1
        at.inside("age")
    at.over()
    at.running.start_worker(2)


def planners(at: Field) -> None:
    """Four planners at once, the one at work killed in the middle of its batch; then four at once, twice."""
    let_go = at.database.lock("clinic_message")
    try:
        first = [_planner(at, number) for number in range(_PLANNERS)]
        at.wait(lambda: at.database.waiting() > 0, "a planner in the middle of its batch")
        at.wait(lambda: sum(one.poll() is None for one in first) == 1, "the end of those that found another at work")
        [working] = [one for one in first if one.poll() is None]
        working.kill()
        working.wait()
        at.struck()
    finally:
        let_go()
    at.must(not at.inside("look")["messages"], "half a batch was left behind")
    for _time in range(2):
        for one in [_planner(at, number) for number in range(_PLANNERS)]:
            at.must(one.wait(PATIENCE) == 0, "a planner failed")
    at.over()
    at.must(len(at.inside("look")["messages"]) == len(at.owed), "the planners did not write each letter once")
    at.start()
    at.wait_for_letters()


def killed_at(point: str) -> Callable[[Field], None]:
    """Kill workers at this point of a letter, one after the other; another takes over."""

    def killed(at: Field) -> None:
        deaths = DEATHS if len(at.owed) > DEATHS * 20 else 1
        for number in range(1, deaths + 1):
            with POINTS[point](at) as is_there:
                at.running.start_worker(number)
                if "beat-1" not in at.running.processes:
                    at.running.start_beat()
                at.wait(is_there, f"a worker at {point}")
                at.kill(f"worker-{number}")
            at.struck()
            at.may_doubt += point in _DOUBTFUL
            at.inside("age")
        at.over()
        at.running.start_worker(deaths + 1)
        if point not in _DOUBTFUL:
            at.wait_for_letters()

    return killed


def _planner(at: Field, number: int) -> subprocess.Popen[bytes]:
    name = f"planner-{number}"
    at.running.start(name, "manage.py", "faults", "--inside", "plan")
    # Not among the processes whose end is a fault.
    return at.running.processes.pop(name)


# -- the points -------------------------------------------------------------------------------------------------------


@contextmanager
def _claimed(at: Field) -> Iterator[Callable[[], bool]]:
    """The claim is committed; links for the letters, the next that is written, cannot be."""
    let_go = at.database.lock("clinic_patientlink")
    try:
        yield lambda: at.in_hand("CLAIMED") > 0 and at.database.waiting() > 0
    finally:
        let_go()


def _replying(where: At) -> Callable[[Field], AbstractContextManager[Callable[[], bool]]]:
    """The mail server does not reply to one of the next letters at this point."""

    @contextmanager
    def held(at: Field) -> Iterator[Callable[[], bool]]:
        there, over, began = threading.Event(), threading.Event(), at.taken()

        def on_reply(point: At, _recipient: str) -> None:
            if point is where and at.taken() >= began + _FIRST_GO and not there.is_set():
                there.set()
                over.wait(PATIENCE)

        at.mail.on_reply = on_reply
        try:
            yield there.is_set
        finally:
            at.mail.on_reply = None
            over.set()

    return held


def _locking(
    where: At, lock: Callable[[Field], Callable[[], None]], *, then: Callable[[Field], bool]
) -> Callable[[Field], AbstractContextManager[Callable[[], bool]]]:
    """The mail server replies, but what the worker does next has to wait."""

    @contextmanager
    def held(at: Field) -> Iterator[Callable[[], bool]]:
        there, began = threading.Event(), at.taken()
        releases: list[Callable[[], None]] = []

        def on_reply(point: At, _recipient: str) -> None:
            if point is where and at.taken() >= began + _FIRST_GO and not there.is_set():
                releases.append(lock(at))
                there.set()

        at.mail.on_reply = on_reply
        try:
            yield lambda: there.is_set() and then(at)
        finally:
            at.mail.on_reply = None
            for release in releases:
                release()

    return held


def _mark(at: Field) -> Callable[[], None]:
    """Hold the mark, which is written between the intent and the letter."""
    file = os.open(at.running.var / "engine.mark", os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_EX)
    return lambda: os.close(file)


def _table(name: str) -> Callable[[Field], Callable[[], None]]:
    return lambda at: at.database.lock(name)


def _is_handed_over(at: Field) -> bool:
    return at.in_hand("HANDOFF") > 0


def _is_waiting(at: Field) -> bool:
    """The worker has its 250 and waits for the lock; where nobody can tell, it has had half a second for both."""
    if at.database.server is not None:
        return at.database.waiting() > 0
    time.sleep(0.5)
    return True


#: Every point of a letter at which a worker may die, in order.
POINTS: dict[str, Callable[[Field], AbstractContextManager[Callable[[], bool]]]] = {
    "claim": _claimed,
    "render": _replying(At.RCPT),
    "intent": _locking(At.RCPT, _mark, then=_is_handed_over),
    "data": _replying(At.DATA),
    "dot": _replying(At.DOT),
    # The mail server has said 250: the outcome is not yet written, written and not committed, committed.
    "after250": _locking(At.DOT, _table("clinic_message"), then=_is_waiting),
    "before": _locking(At.DOT, _table("clinic_deliveryattempt"), then=_is_waiting),
    "after": _replying(At.MAIL),
}
#: Between the intent and the outcome nobody can tell afterwards whether the letter went.
_DOUBTFUL = frozenset({"intent", "data", "dot", "after250", "before"})
