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
        parser.add_argument("--size", choices=SIZES, default="10k", help="how many patients (default: 10k)")
        parser.add_argument("--short", action="store_true", help="one round of few: whether it runs, not how fast (record)")

    def handle(self, *args: Any, names: list[str], size: str, short: bool, **options: Any) -> None:
        if unknown := sorted(set(names) - set(NAMES)):
            raise CommandError(f"There is no bench called {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
        try:
            with servers.postgres(durable=True) as url:
                command = [sys.executable, "-m", "bench", *(names or NAMES), "--size", size, *(["--short"] if short else [])]
                done = subprocess.run(command, cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": url}, check=False)
        except servers.ServerError as error:
            raise CommandError(str(error)) from error
        if done.returncode:
            raise SystemExit(done.returncode)
