"""The database: stopped in the middle of a letter, between the mail server's word and its record, and full."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from clinic.management.faults.field import Field
from clinic.management.faults.smtp import At

#: Everything is back within so many seconds of the database's return, and no page keeps anybody longer than the second.
BACK_WITHIN = 60.0
MOST_OF_A_PAGE = 2.0
_FIRST_GO = 3
_LATE = 3
#: What a full disk still takes: the beginning of each file (the mark is no longer, the database and its journal are).
_ROOM = 64 * 1024


def stopped(number: signal.Signals) -> Callable[[Field], None]:
    """PostgreSQL stopped in the middle of the letters, with this signal."""

    def in_mid_send(at: Field) -> None:
        at.mail.delay = 0.02
        at.running.start_web(is_collected=True)
        at.start()
        at.wait(lambda: at.taken() >= _FIRST_GO, "the first letters")
        address = at.stop_address()
        at.database.running.stop(number)
        at.struck()
        # Of the one letter in hand whose intent stands the outcome cannot be written.
        at.may_doubt += 1
        time.sleep(0.5)
        at.stands_still(1, "while no intent could be written")
        for page in ("/healthz/engine", address):
            _must_say_so(at, page)
        _back(at, at.database.running.start)
        at.must(at.press().status == 200, "a patient's POST failed after the database was back")

    return in_mid_send


def answered(at: Field) -> None:
    """PostgreSQL stopped after the mail server has the letter and before it says so."""
    there, stop = threading.Event(), at.database.running.stop

    def on_reply(point: At, _recipient: str) -> None:
        if point is At.DOT and at.taken() >= _FIRST_GO and not there.is_set():
            stop(signal.SIGQUIT)
            there.set()

    at.mail.on_reply = on_reply
    at.start()
    at.wait(there.is_set, "a letter whose outcome cannot be written")
    at.mail.on_reply = None
    at.struck()
    at.may_doubt += 1
    at.stands_still(1, "while no intent could be written")
    _back(at, at.database.running.start)


def full(at: Field) -> None:
    """The disk is full for the worker from the middle of the letters on: no file of its grows any more."""
    at.mail.delay = 0.02
    at.start()
    at.wait(lambda: at.taken() >= _FIRST_GO, "the first letters")

    def limit(size: int) -> None:
        for pid in (at.running.processes["worker-1"].pid, *at.children("worker-1")):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(_ROOM)
    at.struck()
    at.may_doubt += 1
    time.sleep(0.5)
    at.stands_still(3, "while no intent could be written")
    _back(at, lambda: limit(resource.RLIM_INFINITY))


def _back(at: Field, mend: Callable[[], None]) -> None:
    """Mend it. Whoever falls due then gets the letter from the processes that are there, and what they held is freed."""
    alive = {name: process.pid for name, process in at.running.processes.items()}
    before = datetime.now(UTC)
    mend()
    at.over()
    at.wait_for_letters(*at.arrive(_LATE), within=BACK_WITHIN)
    at.inside("age", before.isoformat())
    at.must(
        all(at.running.processes[name].poll() is None and os.getpgid(pid) for name, pid in alive.items()),
        "a process had to be started again",
    )


def _must_say_so(at: Field, page: str) -> None:
    """A page says soon that the records are away, and nothing about anybody."""
    found = at.ask(page)
    name = "a patient's page" if "/p/" in page else page
    at.must(found.status == 503, f"{name} was answered with {found.status} without a database")
    at.must(found.seconds < MOST_OF_A_PAGE, f"{name} took longer than {MOST_OF_A_PAGE:.0f} s without a database")
    told = [word for word in ("Anna", "Mercer", "example.org", "Harbour") if word in found.body]
    at.must(not told, f"{name} told something of a patient without a database")
