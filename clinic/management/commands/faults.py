"""`manage.py faults`: the engine under fire, with real workers, beats, broker, database and mail server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import SUPPRESS
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from botox_tracker import servers
from clinic.management.faults import race
from clinic.management.faults.cases import CASES, NOT_RUN, Result, play

#: The policy against the oracle, on so many random histories: not a fault, but asked for by the same command.
ORACLE = "oracle"
HISTORIES = 10_000

_HEAD = ("fault", "database", "owed", "accepted", "in doubt", "lost", "doubled", "seconds", "")


class Command(BaseCommand):
    help = "Breaks the running product in known ways and counts letters. Exit code 1 if one is lost or goes twice."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join((*CASES, ORACLE, race.NAME))}; default: all")
        parser.add_argument("--short", action="store_true", help="few patients, on SQLite alone")
        parser.add_argument("--inside", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, names: list[str], short: bool, inside: bool, **options: Any) -> None:
        if names[:1] == [race.NAME]:
            race.run(names[1:], short=short, inside=inside, write=self.stdout.write)
            return
        if inside:
            self.stdout.write(json.dumps(self._inside(names)))
            return
        known = (*CASES, ORACLE)
        if unknown := set(names) - set(known):
            raise CommandError(f"There is no fault called {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        if ORACLE in names or not (names or short):
            self._compare_with_oracle()
        cases = [name for name in names or CASES if name != ORACLE]
        if not cases:
            return
        self.stdout.write(_row(_HEAD))
        results = [self._told(name, short) for name in cases]
        if not names:
            for fault, reason in NOT_RUN.items():
                self.stdout.write(f"{fault:<10} not run: {reason}")
        bad = [result for one in results for result in one if not result.is_good]
        for result in bad:
            self.stdout.write(f"\n{result.name} on {result.database}:")
            for title, found in (("lost", result.lost), ("doubled", result.doubled), ("broken", result.broken)):
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

    def _told(self, name: str, short: bool) -> list[Result]:
        """Play one fault on each database, telling the figures as they come."""
        _fault, full, few, _doubt = CASES[name]
        results = []
        for postgresql, count in ((False, few),) if short else ((True, full), (False, few)):
            with ExitStack() as around:
                try:
                    url = around.enter_context(servers.postgres()) if postgresql else ""
                    result = play(name, database_url=url, count=count)
                except servers.ServerError as error:
                    raise CommandError(str(error)) from error
            results.append(result)
            figures = (result.owed, result.accepted, result.in_doubt, len(result.lost), len(result.doubled))
            self.stdout.write(
                _row((name, result.database, *figures, f"{result.seconds:.1f}", "ok" if result.is_good else "NOT OK"))
            )
            self.stdout.flush()
        return results

    def _inside(self, names: list[str]) -> dict[str, Any]:
        from clinic.management.faults import inside

        now = timezone.now()
        if names[0] == "prepare":
            return inside.prepare(int(names[1]), now=now)
        asked = {"age": inside.age, "hurry": inside.hurry, "look": inside.look}
        return asked[names[0]](now=now)


def _row(cells: tuple[object, ...]) -> str:
    widths = (10, 11, 7, 9, 9, 6, 8, 8, 7)
    return " ".join(
        f"{cell!s:<{width}}" if number < 2 else f"{cell!s:>{width}}"
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()
