"""`bench memory`: what the web worker and a Celery child occupy, whether it grows with letters, and how long a command starts.

Letters by the thousand through one real worker until 50,000 have gone (with --size 100k and more; 3,000 otherwise), its memory
read after the first thousand and after the last. Beside the start of a command stands that of an empty project, by turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import processes
from bench.crowds import Crowd, until_workers
from bench.data import Measured
from bench.pages import addresses, asking, signed_in
from bench.report import Figure, alternating, milliseconds
from bench.sink import Sink
from botox_tracker import servers
from botox_tracker.stack import Stack

REPEATS = 5
AT_A_TIME = 1_000
MANY, FEW = 50_000, 3_000
PAGES = 200
MOST_MB = 110
#: How far memory that is flat may still wander.
FLAT = 1.1


def run(stack: Stack, data: Measured) -> Iterator[Figure]:
    """Measure memory after work, and the start of a command."""
    stack.start_web()
    ask, pages = asking(stack, signed_in(data)), addresses(data)
    for number in range(PAGES // 10 if data.is_short else PAGES):
        ask(list(pages.values())[number % len(pages)])
    web = max(processes.resident(pid) for pid in processes.children(stack, ["web"]))
    yield Figure("web worker, after pages", web, "MB", MOST_MB, "allowed", 1)
    yield from _child(stack, data)
    yield from _starts(data)


def _child(stack: Stack, data: Measured) -> Iterator[Figure]:
    from clinic.tasks import tick

    sink, letters = Sink(stack), MANY if data.patients >= 100_000 else FEW
    share = 10 if data.is_short else 1
    crowd = Crowd(letters // share)
    stack.start_worker(1)
    until_workers(stack, 1)
    seen: list[float] = []
    for _ in range(letters // AT_A_TIME):
        due = len(crowd.due(AT_A_TIME // share))
        sink.reset()
        tick.delay()
        # A run of the engine ends after 50 seconds; what is left then waits for the next.
        crowd.until_taken(stack, sink, due, again=tick.delay)
        seen.append(max(processes.resident(pid) for pid in processes.children(stack, ["worker-1"])))
    servers.stop(stack.processes.pop("worker-1"))
    yield Figure(f"Celery child, {letters // share} letters", seen[-1], "MB", MOST_MB, "allowed", 1)
    yield Figure("Celery child, growth", seen[-1], "MB", seen[0], f"after the first {AT_A_TIME // share}", FLAT)


def _starts(data: Measured) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "django", "startproject", "empty", folder], check=True)
        root = Path(__file__).resolve().parent.parent
        works = {
            "product": lambda: _start(root / "manage.py", root),
            "empty": lambda: _start(Path(folder) / "manage.py", Path(folder)),
        }
        found = alternating(1 if data.is_short else REPEATS, works)
    yield Figure("manage.py version", found["product"], "ms", found["empty"], "an empty project", 1.5)


def _start(manage: Path, folder: Path) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, str(manage), "version"]
    return milliseconds(lambda: subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True))
