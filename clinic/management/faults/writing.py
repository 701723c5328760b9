"""Letters that cannot be written, or that end whoever sends them."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress

from clinic.management.faults.field import Field
from clinic.management.faults.smtp import At

#: One in so many letters cannot be written.
_ONE_IN = 20


def poisoned(at: Field) -> None:
    """One letter in twenty cannot be written: it is given up, and the others go."""
    at.unwritable += at.inside("poison", str(_ONE_IN))["poisoned"]
    at.struck(len(at.unwritable))
    at.over()
    at.start()
    at.wait_for_letters()


def deadly(at: Field) -> None:
    """One letter kills every worker that sends it: it is given up, and the others go."""
    [victim] = sorted(at.owed)[len(at.owed) // 2 :][:1]
    at.unwritable.append(victim)
    died = threading.Event()

    def on_reply(point: At, recipient: str) -> None:
        if point is At.RCPT and recipient == victim and not died.is_set():
            for child in at.children("worker-1"):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            died.set()

    at.mail.on_reply = on_reply
    at.start()
    while not _is_given_up(at, victim):
        at.wait(lambda: died.is_set() or _is_given_up(at, victim), "the letter that kills")
        if died.is_set():
            at.struck()
            at.inside("age")
            died.clear()
    at.over()
    at.wait_for_letters()


def _is_given_up(at: Field, victim: str) -> bool:
    return any(one["email"] == victim and one["state"] == "DEAD" for one in at.inside("look")["messages"])
