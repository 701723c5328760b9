"""What a web process keeps in memory while nothing has changed.

Some of what every list shows costs much to find and changes seldom: counts, names, the form of filters. Every change of a record
leaves a row in the audit log, so the newest such row says whether what was found before still holds; a minute is the longest
that anything is kept. It never leaves this process, and is lost with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from clinic.audit import Action, AuditEvent

SECONDS = 60
MOST = 200
#: Acts that change no record.
_HARMLESS = (Action.VIEWED, Action.LISTED, Action.DENIED, Action.LINK_OPENED, Action.EXPORTED)

Value = TypeVar("Value")


def newest_change() -> int:
    """What stands for the state of all records: the number of the newest change in the audit log, 0 before the first.

    A change that got its number before another, and was committed after it, can be missed: for a minute at most.
    """
    newest = AuditEvent.objects.exclude(action__in=_HARMLESS).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


class Kept(Generic[Value]):
    """Values by key, each for a minute; the key must hold `newest_change()` and all else that the value depends on."""

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[float, Value]] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value that was kept under `key`, or else a new one from `make`."""
        found = self._values.get(key)
        if found is not None and found[0] > monotonic():
            return found[1]
        value = make()
        if len(self._values) >= MOST:
            self._values.clear()
        self._values[key] = (monotonic() + SECONDS, value)
        return value
