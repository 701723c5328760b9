"""Keeps a handful of programs running together: starts them in order, starts again what ends, stops them in reverse.

Nothing is left over however the supervisor goes: each program is on a leash (`servers.leashed`).
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from botox_tracker.servers import leashed, stop, wait_until

# A program that lived this long had started well: its next end is no reason to wait.
SETTLED_SECONDS = 30
LONGEST_PAUSE_SECONDS = 30


@dataclass
class Program:
    """One program to keep running, and how it is doing."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None = None
    stop_seconds: float = 10
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    pause: float = 0
    start_again: float = 0


@dataclass
class Supervisor:
    """Runs programs until it is told to stop; each writes to its own file in `logs`."""

    environment: Mapping[str, str]
    logs: Path
    say: Callable[[str], None]
    programs: list[Program] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, program: Program) -> None:
        """Start `program` and, if it can tell, wait until it is ready; ServerError if it does not become so."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.log(program).unlink(missing_ok=True)
        self.programs.append(program)
        self._launch(program)
        if program.ready and program.process:
            wait_until(program.ready, program.process, self.log(program), program.name)

    def log(self, program: Program) -> Path:
        """Return the file that `program` writes to."""
        return self.logs / f"{program.name}.log"

    def watch(self) -> None:
        """Start again what ends, sooner or later by how long it had lived; return when told to stop."""
        while not self.stopping.wait(0.2):
            for program in self.programs:
                self._look_after(program, time.monotonic())

    def stop_all(self) -> None:
        """Stop every program, the one started first last, since the others lean on it."""
        for program in reversed(self.programs):
            if program.process:
                stop(program.process, seconds=program.stop_seconds)

    def stop_on_signals(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal end `watch`."""

        def ask(number: int, frame: FrameType | None) -> None:
            self.stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask)

    def _launch(self, program: Program) -> None:
        program.process = leashed(program.command, environment=self.environment, output=self.log(program))
        program.started = time.monotonic()

    def _look_after(self, program: Program, now: float) -> None:
        if program.process is None:
            if now >= program.start_again:
                self._launch(program)
            return
        code = program.process.poll()
        if code is None:
            return
        stop(program.process)  # what it may have left in its group
        settled = now - program.started > SETTLED_SECONDS
        program.pause = 1 if settled else min(max(program.pause * 2, 1), LONGEST_PAUSE_SECONDS)
        program.process, program.start_again = None, now + program.pause
        self.say(f"{program.name} ended ({code}), starting it again in {program.pause:.0f} s; see {self.log(program)}")
