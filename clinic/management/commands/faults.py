"""`manage.py faults`: the engine under fire, with real workers, beats, broker, database and mail server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from argparse import SUPPRESS
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from botox_tracker import servers
from clinic.management.faults import race
from clinic.management.faults.cases import CASES, NOT_RUN, play
from clinic.management.faults.ground import SQLITE, Ground, prepared
from clinic.management.faults.playing import Job, played
from clinic.management.faults.results import Result

#: The policy against the oracle, on so many random histories: not a fault, but asked for by the same command.
ORACLE = "oracle"
HISTORIES = 10_000

_HEAD = ("fault", "family", "database", "tried", "due", "accepted", "lost", "twice", "in doubt", "given up", "healed after", "")


class Command(BaseCommand):
    help = "Breaks the running product in known ways and counts letters. Exit code 1 if one is lost or goes twice."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join((*CASES, ORACLE, race.NAME))}; default: all")
        parser.add_argument(
            "--short", action="store_true", help="two faults of each family, or those named, with few patients, two at a time"
        )
        parser.add_argument("--few", action="store_true", help="few patients, but every fault on every database")
        parser.add_argument("--inside", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, names: list[str], short: bool, few: bool, inside: bool, **options: Any) -> None:
        if names[:1] == [race.NAME]:
            race.run(names[1:], short=short, inside=inside, write=self.stdout.write)
            return
        if inside:
            self._be_inside(names)
            return
        known = (*CASES, ORACLE)
        if unknown := set(names) - set(known):
            raise CommandError(f"There is no fault called {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        if ORACLE in names or not (names or short or few):
            self._compare_with_oracle()
        cases = [name for name in names or CASES if name != ORACLE and (names or not short or CASES[name].is_short)]
        if not cases:
            return
        began = time.monotonic()
        self.stdout.write(_row(_HEAD))
        results = self._told(
            [job for name in cases for job in _jobs(name, short=short, few=few)], at_once=2 if short or few else 1
        )
        self.stdout.write(_row(_total(results)))
        self.stdout.write(f"after {time.monotonic() - began:.0f} s")
        if not names:
            for fault, reason in NOT_RUN.items():
                self.stdout.write(f"{fault:<10} not run: {reason}")
        bad = [result for result in results if not result.is_good]
        for result in bad:
            self.stdout.write(f"\n{result.name} on {result.database}:")
            for title, found in (("lost", result.lost), ("twice", result.doubled), ("broken", result.broken)):
                if found:
                    self.stdout.write(f"  {title}: {'; '.join(found[:5])}{' …' if len(found) > 5 else ''}")
        if bad:
            raise CommandError("Letters were lost, doubled or left behind.")

    def _compare_with_oracle(self) -> None:
        """Let the policy and the oracle say what goes in many histories of patients, and fail where they differ."""
        self.stdout.write(f"{ORACLE}: {HISTORIES} histories of patients, the policy against the oracle")
        self.stdout.flush()
        command = [sys.executable, "-m", "pytest", "-q", "tests/reminders/test_oracle.py", "-k", "says_what_the_oracle_says"]
        environment = {**os.environ, "ORACLE_EXAMPLES": str(HISTORIES), "DJANGO_SETTINGS_MODULE": "tests.settings"}
        if subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False).returncode:
            raise CommandError("The policy and the oracle differ.")

    def _told(self, jobs: list[Job], *, at_once: int) -> list[Result]:
        """Play the faults, telling the figures as they come."""
        results = []
        try:
            with prepared({kind for _name, kind, _count in jobs}) as ground:
                for result in played(jobs, ground, at_once=min(at_once, len(jobs))):
                    results.append(result)
                    self.stdout.write(_row(_figures(result)))
                    self.stdout.flush()
        except servers.ServerError as error:
            raise CommandError(str(error)) from error
        return results

    def _be_inside(self, names: list[str]) -> None:
        """Do what is named, or what each line asks for until there is none, in the database of the product under fire."""
        if names:
            self.stdout.write(json.dumps(_done(names)))
            return
        for line in sys.stdin:
            try:
                told = _done(json.loads(line))
            except DatabaseError as error:
                told = {"error": type(error).__name__}
            finally:
                connection.close()
            self.stdout.write(json.dumps(told))
            self.stdout.flush()


def _jobs(name: str, *, short: bool, few: bool) -> Iterator[Job]:
    """On which databases a fault is played, with how many patients."""
    case = CASES[name]
    for kind in (case.short_on,) if short else case.databases:
        yield name, kind, case.few if short or few or kind == SQLITE else case.patients


def _done(asked: list[str]) -> dict[str, Any]:
    if asked[0] == "played":
        _played, name, kind, count, folder = asked
        return asdict(play(name, ground=Ground(Path(folder)), kind=kind, count=int(count)))

    from clinic.management.faults import inside

    found: dict[str, Any] = getattr(inside, asked[0])(*asked[1:], now=timezone.now())
    return found


def _figures(result: Result) -> tuple[object, ...]:
    bad = (len(result.lost), len(result.doubled), result.in_doubt, result.given_up)
    said = "ok" if result.is_good else "NOT OK"
    named = (result.name, CASES[result.name].family, result.database)
    return (*named, result.tried, result.owed, result.accepted, *bad, _seconds(result.healed_after), said)


def _total(results: list[Result]) -> tuple[object, ...]:
    def total(name: str) -> int:
        found = [getattr(result, name) for result in results]
        return sum(one if isinstance(one, int) else len(one) for one in found)

    counted = ("tried", "owed", "accepted", "lost", "doubled", "in_doubt", "given_up")
    longest = max((result.healed_after for result in results if result.healed_after is not None), default=None)
    return ("together", "", "", *(total(name) for name in counted), _seconds(longest), "")


def _seconds(healed_after: float | None) -> str:
    return "-" if healed_after is None else f"{healed_after:.1f} s"


def _row(cells: tuple[object, ...]) -> str:
    widths = (10, 14, 11, 6, 7, 9, 5, 6, 9, 9, 13, 7)
    return " ".join(
        f"{cell!s:<{width}}" if number < 3 else f"{cell!s:>{width}}"
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()
