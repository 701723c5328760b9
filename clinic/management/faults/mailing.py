"""The mail server: gone, and in a bad mood."""

from __future__ import annotations

import time

from clinic.management.faults.field import Field
from clinic.management.faults.smtp import Act, At, Fault

#: One after the other, each once: whether the server keeps the letter, and whether anybody can know.
_MOODS = (
    Fault(At.MAIL, Act.REPLY, "451 4.3.0 not now", times=1),
    Fault(At.RCPT, Act.REPLY, "450 4.2.1 not now", times=1),
    Fault(At.RCPT, Act.DROP, times=1),
    Fault(At.DATA, Act.DROP, times=1),
    Fault(At.DOT, Act.REPLY, "452 4.3.1 no room", times=1),
    Fault(At.DOT, Act.DROP, keeps=True, times=1),
    Fault(At.DOT, Act.DROP, keeps=False, times=1),
    Fault(At.QUIT, Act.DROP, times=1),
)
_UNKNOWABLE = sum(mood.at is At.DOT and mood.act is Act.DROP for mood in _MOODS)


def away(at: Field) -> None:
    """The mail server is gone when the letters fall due, and comes back: no letter has lost an attempt or goes twice."""
    at.mail.stop()
    at.struck()
    at.start()
    at.wait(lambda: bool(at.inside("look")["mail_failing"]), "the engine's word that the mail server is away")
    at.mail.start()
    at.over()
    at.inside("hurry")
    at.wait_for_letters()


def moody(at: Field) -> None:
    """The mail server refuses for now, hangs up, and hangs up after it has the letter."""
    at.may_doubt += _UNKNOWABLE
    at.start()
    for mood in _MOODS:
        at.mail.fault = mood
        at.struck()
        at.arrive(2)
        at.wait(lambda: at.mail.fault is None, f"a {mood.act} at {mood.at}")
        at.inside("hurry")
    at.over()
    time.sleep(1)
    at.inside("hurry")
