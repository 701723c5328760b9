"""The installation that runs the engine: its file outside the database, its name, and how it tells the time."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from clinic.reminders.mark import Mark
from clinic.reminders.timekeeping import Reading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
#: Goes on while the machine sleeps, as the time of day does; where there is none, the one that Python offers everywhere.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def database_time() -> datetime | None:
    """Return the database server's time; None where the database has no clock but this machine's."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at.astimezone(UTC)


def this_boot() -> str:
    """Return what tells this start of the machine from others; where the system does not say, only this process is sure."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"process {os.getpid()} {_PROCESS}"


_PROCESS = uuid.uuid4()


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the guards compare the database with."""

    mark: Mark
    #: The name that the settings give it, for several machines that are one deployment; else the mark's.
    instance: uuid.UUID | None = None
    steady: Callable[[], float] = lambda: time.clock_gettime(_STEADY)
    boot: str = field(default_factory=this_boot)
    database_time: Callable[[], datetime | None] = lambda: database_time()

    @classmethod
    def here(cls) -> Deployment:
        """The deployment that the settings describe."""
        named = settings.ENGINE_INSTANCE
        return cls(Mark(Path(settings.ENGINE_MARK)), uuid.UUID(named) if named else None)

    def reading(self, now: datetime) -> Reading:
        """The time as the database has it, or `now` where it has none, beside the steady seconds."""
        return Reading(self.database_time() or now, self.steady(), self.boot)
