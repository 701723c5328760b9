"""The race for a time: many real processes want the same one at the same moment, round after round.

`manage.py faults race` runs 50 processes × 200 rounds on PostgreSQL and 8 × 50 on SQLite; with `--short` 8 × 25 on SQLite. Each
has a database of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from botox_tracker import servers

NAME = "race"
#: (on PostgreSQL, processes, rounds)
FULL, SHORT = ((True, 50, 200), (False, 8, 50)), ((False, 8, 25),)

_HEAD = ("race", "database", "processes", "rounds", "booked", "told", "other times", "overlaps", "seconds", "")
_WIDTHS = (6, 11, 10, 7, 7, 7, 12, 9, 8, 7)


@dataclass
class RaceResult:
    """What came of all rounds."""

    database: str
    processes: int
    rounds: int
    #: How often somebody got the time; how many others were told that it is taken; how many of these were offered others.
    booked: int = 0
    told: int = 0
    offered: int = 0
    #: Pairs of live visits that share a practitioner or a patient and time, asked of the whole table.
    overlaps: int = 0
    seconds: float = 0
    #: Whatever else happened, in words.
    broken: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """One winner a round, everybody else told kindly with other times, nothing overlaps, nothing else happened."""
        losers = (self.processes - 1) * self.rounds
        return (self.booked, self.told, self.offered, self.overlaps, self.broken) == (self.rounds, losers, losers, 0, [])

    @property
    def row(self) -> tuple[object, ...]:
        """The row of the table."""
        told = (self.booked, self.told, self.offered, self.overlaps, f"{self.seconds:.1f}", "ok" if self.is_good else "NOT OK")
        return (NAME, self.database, self.processes, self.rounds, *told)


def run(arguments: Sequence[str], *, short: bool, inside: bool, write: Callable[[str], object]) -> None:
    """Run the race as the command line asks, and print its table. Raises CommandError if it did not go well."""
    if inside:
        from clinic.management.faults.racers import race

        write(json.dumps(asdict(race(processes=int(arguments[0]), rounds=int(arguments[1])))))
        return
    write(_line(_HEAD))
    results = []
    for postgresql, processes, rounds in SHORT if short else FULL:
        try:
            results.append(play(postgresql=postgresql, processes=processes, rounds=rounds))
        except servers.ServerError as error:
            raise CommandError(str(error)) from error
        write(_line(results[-1].row))
    if bad := [problem for one in results if not one.is_good for problem in (one.broken or ["the figures are wrong"])]:
        raise CommandError(f"The race for a time was not settled: {'; '.join(bad[:5])}")


def play(*, postgresql: bool, processes: int, rounds: int) -> RaceResult:
    """Run the race on a new database. Raises ServerError if there is no server for it, or the race itself broke off."""
    with _database(postgresql) as (url, folder):
        environment = {**os.environ, "DATABASE_URL": url, "BOTOX_TRACKER_VAR": str(folder)}
        environment.pop("BOTOX_TRACKER_DEMO", None)
        environment["DJANGO_SETTINGS_MODULE"] = "botox_tracker.settings"
        _manage(environment, "migrate", "--verbosity", "0")
        began = time.monotonic()
        found = json.loads(_manage(environment, "faults", NAME, str(processes), str(rounds), "--inside").splitlines()[-1])
        return RaceResult(**{**found, "seconds": time.monotonic() - began})


@contextmanager
def _database(postgresql: bool) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        if postgresql:
            with servers.postgres() as url:
                yield url, Path(folder)
        else:
            yield f"sqlite:///{Path(folder) / 'race.sqlite3'}", Path(folder)


def _manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise servers.ServerError(f"manage.py {arguments[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _line(cells: Sequence[object]) -> str:
    return " ".join(f"{cell!s:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
