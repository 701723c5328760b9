"""What a web process keeps in memory while nothing has changed.

Some of what every list shows costs much to find and changes seldom: counts, names, the next letters. Every change of a record
leaves a row in the audit log, every letter that is born or moves on leaves one of its own, so the newest of these rows say
whether what was found before still holds; a minute is the longest that anything is kept. It never leaves this process, and is
lost with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from time import monotonic
from typing import Generic, TypeVar

from django.db import connection
from django.http import HttpRequest

from clinic.audit import Action, AuditEvent
from clinic.reminders.models import DeliveryAttempt, Message

SECONDS = 60
_SEEN = "_newest_change_seen"
#: Acts that change no record.
_HARMLESS = (Action.VIEWED, Action.LISTED, Action.DENIED, Action.LINK_OPENED, Action.EXPORTED)

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def newest_change() -> tuple[int, int, int]:
    """What stands for the state of all records: the numbers of the newest change, message and step of a message.

    A change that got its number before another, and was committed after it, can be missed: for a minute at most. One query,
    written out because it is asked on every page and its plan is the same on every database: the end of three primary keys.
    """
    harmless = ", ".join(["%s"] * len(_HARMLESS))
    newest = (
        f"(SELECT id FROM {AuditEvent._meta.db_table} WHERE action NOT IN ({harmless}) ORDER BY id DESC LIMIT 1)",  # noqa: S608
        f"(SELECT MAX(id) FROM {Message._meta.db_table})",  # noqa: S608
        f"(SELECT MAX(id) FROM {DeliveryAttempt._meta.db_table})",  # noqa: S608
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(newest)}", _HARMLESS)
        changes, messages, steps = cursor.fetchone()
    return changes or 0, messages or 0, steps or 0


def change_seen_by(request: HttpRequest) -> tuple[int, int, int]:
    """The newest change when this request first asked: the page and its frame then need one query for it."""
    seen: tuple[int, int, int] | None = vars(request).get(_SEEN)
    if seen is None:
        seen = vars(request)[_SEEN] = newest_change()
    return seen


class Kept(Generic[Key, Value]):
    """Values by key, each for a minute at most; the key must hold `newest_change()` and all else that the value depends on."""

    def __init__(self, *, most: int = 200, seconds: float = SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._values: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value that was kept under `key`, or else a new one from `make`."""
        return self.get_many([key], lambda missing: dict.fromkeys(missing, make()))[key]

    def get_many(self, keys: Iterable[Key], make: Callable[[list[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """The values of `keys`; `make` is called once for all that were not kept, if there are any."""
        now = monotonic()
        found: dict[Key, Value] = {}
        missing = []
        for key in keys:
            entry = self._values.get(key)
            if entry is not None and entry[0] > now:
                found[key] = entry[1]
            else:
                missing.append(key)
        if missing:
            made = make(missing)
            if len(self._values) + len(made) > self._most:
                self._values.clear()
            self._values.update((key, (now + self._seconds, value)) for key, value in made.items())
            found.update(made)
        return found

    def forget(self) -> None:
        """Keep nothing of what was found so far."""
        self._values.clear()
