"""The whole product in real processes, for as long as a command or a test runs.

Valkey or Redis, a mail server that records what it accepts, the web server, Celery workers and beats, on one database
that the caller names. Everything listens on this machine only and ends with the process that asked for it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from botox_tracker import servers

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Accepted:
    """One letter for which the mail server answered 250."""

    recipient: str
    message: EmailMessage
    at: float


@dataclass
class Mailbox:
    """A real SMTP server in a thread of this process, and what it accepted, in order."""

    accepted: list[Accepted] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the letter, then answer for it."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            self.accepted.extend(Accepted(recipient, message, time.time()) for recipient in envelope.rcpt_tos)
        return "250 kept"

    def to(self, recipient: str) -> list[Accepted]:
        """Return what was accepted for one address."""
        with self._lock:
            return [letter for letter in self.accepted if letter.recipient == recipient]

    def __len__(self) -> int:
        """Return how many letters were accepted."""
        with self._lock:
            return len(self.accepted)


@dataclass
class Stack:
    """What is running. `environment` is what a further command needs to belong to it."""

    site_url: str
    environment: dict[str, str]
    mailbox: Mailbox
    var: Path
    broker: servers.Server
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Run a management command to its end in this stack; return its output. Raises ServerError if it fails."""
        done = subprocess.run(
            [sys.executable, str(PROJECT / "manage.py"), *arguments],
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise servers.ServerError(f"manage.py {' '.join(arguments)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start one more process of this stack; it ends with the stack. Its output is `var/<name>.log`."""
        process = servers.leashed(
            [sys.executable, *command], environment=self.environment, output=self.var / f"{name}.log", cwd=PROJECT
        )
        self.processes[name] = process
        return process

    def start_web(self, *, is_collected: bool = False) -> None:
        """Collect the files for browsers unless they are, start the web server and return once it answers."""
        if not is_collected:
            self.run("collectstatic", "--noinput", "--verbosity", "0")
        host, port = self.site_url.removeprefix("http://").split(":")
        web = self.start(
            "web", "-m", "gunicorn", "botox_tracker.wsgi", "-b", f"{host}:{port}", "--worker-class", "gthread", "--threads", "4",
            "--no-control-socket", "--log-level", "warning",
        )  # fmt: skip
        servers.wait_until(lambda: servers.answers((host, int(port))), web, self.var / "web.log", "The web server")

    def start_worker(self, number: int = 1, *, concurrency: int = 1) -> None:
        """Start a Celery worker."""
        self.start(
            f"worker-{number}", "-m", "celery", "-A", "botox_tracker", "worker", "-l", "warning", "-c", str(concurrency),
            "-n", f"worker{number}@%h", "--without-gossip", "--without-mingle",
        )  # fmt: skip

    def start_beat(self, number: int = 1) -> None:
        """Start a Celery beat."""
        self.start(
            f"beat-{number}", "-m", "celery", "-A", "botox_tracker", "beat", "-l", "warning", "--pidfile=",
            "-s", str(self.var / f"beat-{number}"),
        )  # fmt: skip

    def wait_for(self, what: Callable[[], bool], *, seconds: float, name: str) -> None:
        """Return once `what` comes true; ServerError naming what did not, with the ends of the logs, if it takes too long."""
        deadline = time.monotonic() + seconds
        while not what():
            gone = [label for label, process in self.processes.items() if process.poll() is not None]
            if gone or time.monotonic() > deadline:
                ends = "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in self.var.glob("*.log"))
                cause = f"{', '.join(gone)} ended" if gone else f"not within {seconds:.0f} s"
                raise servers.ServerError(f"{name}: {cause}.\n{ends}")
            time.sleep(0.05)


def inherited() -> dict[str, str]:
    """Return what a process of the product gets to know of ours: nothing of the tests that may have started it."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "COV_", "PYTEST_"))}


@contextlib.contextmanager
def running(
    *,
    database_url: str = "",
    tick_seconds: float = 2,
    extra_environment: Mapping[str, str] | None = None,
    is_migrated: bool = False,
) -> Iterator[Stack]:
    """Bring up broker, mail server and a migrated database (SQLite in a temporary folder unless one is named).

    With `is_migrated` the named database has its tables already. Web, workers and beats are started by the caller, when the
    story needs them. Nothing is left over.
    """
    mailbox = Mailbox()
    smtp_port = servers.free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp_port)
    with servers.short_folder("clinic-") as var, servers.valkey_server() as broker:
        site_url = f"http://127.0.0.1:{servers.free_port()}"
        environment = inherited() | {
            "BOTOX_TRACKER_VAR": str(var),
            "DATABASE_URL": database_url or f"sqlite:///{var / 'db.sqlite3'}",
            "STATIC_ROOT": str(var / "static"),
            "REDIS_URL": broker.url,
            "SITE_URL": site_url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(smtp_port),
            "TICK_SECONDS": str(tick_seconds),
            "PYTHONUNBUFFERED": "1",
            **(extra_environment or {}),
        }
        stack = Stack(site_url, environment, mailbox, var, broker)
        controller.start()
        try:
            if not is_migrated:
                stack.run("migrate", "--verbosity", "0")
            yield stack
        finally:
            for name in sorted(stack.processes, key=lambda name: name.startswith("worker")):
                servers.stop(stack.processes[name])
            controller.stop()
