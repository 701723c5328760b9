"""Plays faults one after the other, or several at once in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from botox_tracker import servers, stack
from clinic.management.faults.cases import play
from clinic.management.faults.ground import Ground
from clinic.management.faults.results import Result

#: Which fault, on which database, with how many patients.
Job = tuple[str, str, int]


def played(jobs: Sequence[Job], ground: Ground, *, at_once: int) -> Iterator[Result]:
    """Yield what came of each, in order. Raises ServerError if one could not be played."""
    if at_once <= 1:
        for name, kind, count in jobs:
            yield play(name, ground=ground, kind=kind, count=count)
        return
    waiting, running = list(enumerate(jobs)), dict[int, subprocess.Popen[bytes]]()
    try:
        for number in range(len(jobs)):
            while number in running or number in dict(waiting):
                running = {place: process for place, process in running.items() if process.poll() is None}
                while waiting and len(running) < at_once:
                    place, job = waiting.pop(0)
                    running[place] = _start(place, job, ground)
                time.sleep(0.05)
            yield _result(number, ground)
    finally:
        # One that could not be played ends the others.
        for process in running.values():
            process.kill()
            process.wait()


def _start(number: int, job: Job, ground: Ground) -> subprocess.Popen[bytes]:
    """Play it in a process of its own, which ends with this one."""
    return servers.leashed(
        [sys.executable, stack.PROJECT / "manage.py", "faults", "--inside", "played", *map(str, job), ground.folder],
        environment=stack.inherited(),
        output=ground.folder / f"{number}.told",
        cwd=stack.PROJECT,
    )


def _result(number: int, ground: Ground) -> Result:
    told = (ground.folder / f"{number}.told").read_text(errors="replace")
    try:
        return Result(**json.loads(told.splitlines()[-1]))
    except (IndexError, ValueError) as error:
        raise servers.ServerError(f"A fault could not be played:\n{told[-3000:]}") from error
