"""`python -m bench NAME… --size 10k`, started by `manage.py bench` with a private PostgreSQL in DATABASE_URL."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from importlib import import_module

from botox_tracker import servers, stack

NAMES = ("record", "plan", "pages", "letters", "flood", "memory")


def main() -> int:
    """Fill the database, run the named benches, print a line a figure; 1 if a goal was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(NAMES))
    parser.add_argument("--size", default="10k")
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    with stack.running(
        database_url=os.environ["DATABASE_URL"], extra_environment={"DJANGO_SETTINGS_MODULE": "bench.settings"}
    ) as running:
        os.environ.update(running.environment)
        import django

        django.setup()
        from bench.data import fill

        data = fill(asked.size, is_short=asked.short, now=datetime.datetime.now(datetime.UTC))
        rounds = "one round of few" if data.is_short else "medians of five alternating rounds"
        print(f"{data.patients} patients, PostgreSQL, {rounds}", flush=True)
        missed = 0
        for name in asked.names:
            for figure in import_module(f"bench.{name}").run(running, data):
                print(figure.line(), flush=True)
                missed += not figure.ok
            # What is measured next has the machine to itself.
            for process in sorted(running.processes):
                servers.stop(running.processes.pop(process))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
