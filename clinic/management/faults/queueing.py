"""The queue and the clock in front of it: twice as many as there should be, forgotten, full, gone, silent."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from clinic.management.faults.field import Field

#: A patient's POST takes no longer, and signing in no longer than usual by more, whatever the queue does (seconds).
MOST_OF_A_POST = 1.0
#: The first letter goes within so many seconds of the queue's return.
BACK_WITHIN = 120.0
_LATE = 3


def twice(at: Field) -> None:
    """Two workers and two beats, started at once."""
    at.start(workers=2, beats=2)
    at.struck()
    at.wait_for_letters()


def crowded(at: Field) -> None:
    """Five beats, as after a careless start of several machines."""
    at.start(beats=5)
    at.struck()
    at.wait_for_letters()


def flushed(at: Field) -> None:
    """The broker forgets everything, again and again, while letters go."""
    over = threading.Event()

    def forget() -> None:
        with _broker(at) as broker:
            while not over.wait(0.7):
                broker.flushall()
                at.struck()

    flushing = threading.Thread(target=forget)
    flushing.start()
    try:
        at.mail.delay = 0.005
        at.start(workers=2)
        at.wait_for_letters()
    finally:
        over.set()
        flushing.join()


def starved(at: Field) -> None:
    """The broker has no memory left for ten seconds, and says so to whoever writes."""
    at.mail.delay = 0.02
    at.start()
    at.wait(lambda: at.taken() > 0, "a letter")
    with _broker(at) as broker:
        broker.config_set("maxmemory", "1")
        at.struck()
        more = at.arrive(_LATE)
        time.sleep(10)
        broker.config_set("maxmemory", "0")
    at.over()
    at.wait_for_letters(*more, within=BACK_WITHIN)


def stopped(at: Field) -> None:
    """The broker is stopped for two seconds, and then for longer, while patients and clinicians go on."""
    usual = _begin(at)
    for seconds in (2, 6):
        _away(at, seconds, usual, at.running.broker.stop, at.running.broker.start)


def dropped(at: Field) -> None:
    """The broker drops every connection three times in three seconds."""
    usual = _begin(at)
    at.mail.delay = 0.02
    more = at.arrive(_LATE)
    for _time in range(3):
        with _broker(at) as broker:
            broker.client_kill_filter(_type="normal", skipme=True)
        at.struck()
        _press(at, usual)
        time.sleep(1)
    at.over()
    at.wait_for_letters(*more, within=BACK_WITHIN)


def frozen(at: Field) -> None:
    """The broker takes connections and answers nobody."""
    usual = _begin(at)
    pid = at.running.broker.pid
    _away(at, 8, usual, lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT))


def _begin(at: Field) -> float:
    """Let everything run; return how long signing in takes (seconds): most of it is the password's hash."""
    at.running.start_web(is_collected=True)
    at.start()
    at.wait_for_letters()
    at.sign_in("nobody@clinic.example")
    return at.sign_in("nobody@clinic.example").seconds


def _away(at: Field, seconds: float, usual: float, begin: Callable[[], None], end: Callable[[], None]) -> None:
    """The broker is away for so long; who falls due meanwhile gets the letter soon after it is back."""
    began = time.monotonic()
    begin()
    at.struck()
    try:
        more = at.arrive(_LATE)
        while time.monotonic() < began + seconds:
            _press(at, usual)
            time.sleep(1)
    finally:
        end()
    at.over()
    at.wait_for_letters(*more, within=BACK_WITHIN)


def _press(at: Field, usual: float) -> None:
    """A patient stops invitations, and somebody mistypes a password: both are answered at once, by pages."""
    pressed = at.press()
    at.must(pressed.status == 200, f"a patient's POST was answered with {pressed.status}")
    at.must(pressed.seconds < MOST_OF_A_POST, f"a patient's POST took longer than {MOST_OF_A_POST:.0f} s")
    signing_in = at.sign_in("nobody@clinic.example")
    # Whoever tries too often is told so, with or without a broker to count in.
    at.must(signing_in.status in (200, 429), f"a wrong password was answered with {signing_in.status}")
    at.must(
        signing_in.seconds < usual + MOST_OF_A_POST, f"signing in took {signing_in.seconds:.1f} s, usually it takes {usual:.1f} s"
    )


@contextmanager
def _broker(at: Field) -> Iterator[redis.Redis]:
    broker = redis.Redis.from_url(at.running.broker.url)
    try:
        yield broker
    finally:
        broker.close()
