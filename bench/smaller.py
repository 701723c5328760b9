"""`python -m bench.smaller SIZE`: a second database with fewer patients, in which the same crowd is planned, round by round.

It is a process of its own, because Django knows its database from the start; it plans when told to and answers how long it took.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from botox_tracker.stack import Stack

_ROOT = Path(__file__).resolve().parent.parent


class Smaller:
    """The other database, for as long as the block lasts."""

    def __init__(self, stack: Stack, size: str) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE smaller")
        url = stack.environment["DATABASE_URL"].replace("/postgres?", "/smaller?")
        environment = stack.environment | {"DATABASE_URL": url}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=_ROOT, env=environment, check=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.smaller", size],
            cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def time_crowd(self, number: int) -> float:
        """Plan so many of the crowd there, and undo it; milliseconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(number, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process of the smaller database has ended")
        return float(answer)


def main(size: str) -> None:
    """Fill the database, then plan as often as a number is read."""
    import django

    django.setup()
    from bench.data import fill
    from bench.plan import make_crowd, time_crowd

    said, sys.stdout = sys.stdout, sys.stderr
    fill(size, now=datetime.now(UTC))
    make_crowd()
    for line in sys.stdin:
        print(time_crowd(int(line)), file=said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
