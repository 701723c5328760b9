"""`manage.py bench [NAME…] [--size 10k]`: how fast, beside what a user would pick instead, in one run."""

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from botox_tracker import servers

NAMES = ("record", "plan", "pages", "letters", "flood", "memory")
SIZES = ("1k", "10k", "100k", "1m")


class Command(BaseCommand):
    help = "Measures the product against its baselines on a private PostgreSQL; exit code 1 if a goal is missed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help=f"which: {', '.join(NAMES)} (default: all)")
        parser.add_argument(
            "--size", choices=SIZES, help="how many patients (default: 10k; pages are measured with 10k and then with 100k)"
        )
        parser.add_argument("--short", action="store_true", help="one round of few: whether it runs, not how fast (record)")

    def handle(self, *args: Any, names: list[str], size: str | None, short: bool, **options: Any) -> None:
        if unknown := sorted(set(names) - set(NAMES)):
            raise CommandError(f"There is no bench called {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
        missed = 0
        try:
            with servers.short_folder("bench-") as folder:
                kept = {"BENCH_PAGES_OF_10K": str(folder / "pages.json")}
                for each, with_names in _runs(names or list(NAMES), size):
                    missed = max(missed, self.run(with_names, each, short=short, environment=kept))
        except servers.ServerError as error:
            raise CommandError(str(error)) from error
        if missed:
            raise SystemExit(missed)

    def run(self, names: list[str], size: str, *, short: bool, environment: dict[str, str]) -> int:
        """Measure with so many patients, on a PostgreSQL of its own; return the exit code."""
        with servers.postgres(durable=True) as url:
            command = [sys.executable, "-m", "bench", *names, "--size", size, *(["--short"] if short else [])]
            environment = os.environ | environment | {"DATABASE_URL": url}
            return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False).returncode


def _runs(names: list[str], size: str | None) -> list[tuple[str, list[str]]]:
    """Which benches run with how many patients. Pages that are measured with more than 10,000 are held against that many."""
    if "pages" not in names:
        return [(size or "10k", names)]
    most = size or "100k"
    others = [name for name in names if name != "pages"]
    if most in ("1k", "10k"):
        return [(most, names)]
    if size is None:
        return [("10k", [*others, "pages"]), (most, ["pages"])]
    return [("10k", ["pages"]), (most, names)]
