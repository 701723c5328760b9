"""The product under fire: its processes, its mail server, its database and a look inside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botox_tracker import servers, stack
from clinic.management.faults.ground import Database, Ground
from clinic.management.faults.results import Bounds
from clinic.management.faults.smtp import FaultServer, serving

#: No case takes longer; a letter that has not gone by then is lost.
PATIENCE = 240
_UNSUBSCRIBE = re.compile(rb"^List-Unsubscribe: <([^>]+)>", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What the web server said, and after how long."""

    status: int
    seconds: float
    body: str


@dataclass
class Field:
    """The product under fire."""

    running: stack.Stack
    mail: FaultServer
    database: Database
    owed: dict[str, str] = field(default_factory=dict)
    #: How often the fault struck.
    tried: int = 0
    #: When it was over.
    over_at: float = 0
    may_doubt: int = 0
    unwritable: list[str] = field(default_factory=list)
    #: What must not be, in words.
    broken: list[str] = field(default_factory=list)
    _inside: subprocess.Popen[str] | None = None

    # -- inside the database --------------------------------------------------------------------------------------

    def inside(self, *arguments: str) -> dict[str, Any]:
        """Do something in the database of the product. Raises ServerError if it cannot be done."""
        if self._inside is None:
            self._inside = subprocess.Popen(
                [sys.executable, str(stack.PROJECT / "manage.py"), "faults", "--inside"],
                env=self.running.environment,
                cwd=stack.PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        asked, told = self._inside.stdin, self._inside.stdout
        if asked is None or told is None:
            raise servers.ServerError("There is nobody inside.")
        asked.write(json.dumps(arguments) + "\n")
        asked.flush()
        line = told.readline()
        found: dict[str, Any] = json.loads(line) if line else {"error": "ended"}
        if "error" in found:
            raise servers.ServerError(f"{arguments[0]}: {found['error']}")
        return found

    def leave(self) -> None:
        """Part from the process inside the database."""
        if self._inside is not None:
            if self._inside.stdin is not None:
                self._inside.stdin.close()
            self._inside.wait()
            if self._inside.stdout is not None:
                self._inside.stdout.close()
            self._inside = None

    def arrive(self, count: int) -> list[str]:
        """Let so many more patients be due; return their addresses."""
        more: dict[str, str] = self.inside("arrive", str(count))["owed"]
        self.owed.update(more)
        return list(more)

    def in_hand(self, state: str) -> int:
        """How many messages a living worker has in hand in this state."""
        return int(self.inside("look")["in_hand"].get(state, 0))

    # -- waiting --------------------------------------------------------------------------------------------------

    def wait(self, what: Callable[[], bool], name: str, seconds: float = PATIENCE) -> None:
        """Wait for something to come true while the product runs."""
        self.running.wait_for(what, seconds=seconds, name=name)

    def wait_for_letters(self, *to: str, within: float = PATIENCE) -> None:
        """Wait until the mail server has every letter, or those to these addresses. Late is amiss, never is lost."""
        if to:
            self.wait(lambda: set(to) <= {letter.recipient for letter in self.mail.taken}, "the letters that wait", within)
        else:
            self.wait(lambda: self.taken() >= len(self.owed) - len(self.unwritable), "every letter", within)

    def taken(self) -> int:
        """How many letters the mail server has."""
        return len(self.mail.taken)

    def struck(self, number: int = 1) -> None:
        """The fault has struck once more."""
        self.tried += number

    def over(self) -> None:
        """The fault has ended: from now on the product heals."""
        self.over_at = time.time()

    def must(self, what: bool, words: str) -> None:
        """Something is amiss unless `what` is true."""
        if not what:
            self.broken.append(words)

    def stands_still(self, seconds: float, why: str) -> None:
        """No letter may leave for so long."""
        before = self.taken()
        time.sleep(seconds)
        self.must(self.taken() == before, f"a letter left {why}")

    def settle(self) -> dict[str, Any]:
        """Wait until nothing is due, ready or in hand any more, and then for two more ticks; return the last look."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            seen = self.inside("look")
            waiting = sum(seen["states"].get(state, 0) for state in ("READY", "CLAIMED", "HANDOFF"))
            if seen["ran"] and not waiting and not seen["due"]:
                break
            time.sleep(0.2)
        time.sleep(2 * float(self.running.environment["TICK_SECONDS"]))
        return self.inside("look")

    def healed_after(self, seen: dict[str, Any]) -> float | None:
        """Seconds from the end of the fault until the last letter was taken or came to its end; None if it did not end."""
        last = max([seen["last_change"], *(letter.at for letter in self.mail.taken)])
        return max(0.0, last - self.over_at) if self.over_at else None

    # -- processes ------------------------------------------------------------------------------------------------

    def start(self, *, beats: int = 1, workers: int = 1) -> None:
        """Start beats and workers."""
        for number in range(1, workers + 1):
            self.running.start_worker(number)
        for number in range(1, beats + 1):
            self.running.start_beat(number)

    def kill(self, name: str) -> None:
        """Kill a process and its children as the power company would."""
        process = self.running.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self, *names: str) -> None:
        """Stop processes as a supervisor does."""
        for name in names:
            servers.stop(self.running.processes.pop(name))

    def children(self, name: str) -> list[int]:
        """The processes that a worker works with (Linux)."""
        pid = self.running.processes[name].pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    # -- the web --------------------------------------------------------------------------------------------------

    def ask(self, address: str, **posted: str) -> Answer:
        """Ask the web server for a page, or post to it as a mail program does."""
        content = urllib.parse.urlencode(posted).encode() if posted else None
        url = address if address.startswith("http") else self.running.site_url + address
        return self._asked(urllib.request.build_opener(), url, content)

    def _asked(self, browser: urllib.request.OpenerDirector, url: str, content: bytes | None) -> Answer:
        began = time.monotonic()
        try:
            with browser.open(url, content, timeout=30) as found:
                return Answer(found.status, time.monotonic() - began, found.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, time.monotonic() - began, error.read().decode())
        except OSError:
            return Answer(0, time.monotonic() - began, "")

    def press(self) -> Answer:
        """Stop invitations by the button that a mail program makes of the newest letter: a patient's POST."""
        return self.ask(self.stop_address(), **{"List-Unsubscribe": "One-Click"})

    def sign_in(self, email: str) -> Answer:
        """Try to sign in with a wrong password, as a browser does; how long the page took is not counted."""
        jar = urllib.request.HTTPCookieProcessor()
        browser = urllib.request.build_opener(jar)
        url = self.running.site_url + "/account/login/"
        with browser.open(url, timeout=30) as page:
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        posted = {"login": email, "password": "not the one", "csrfmiddlewaretoken": found.group(1) if found else ""}
        return self._asked(browser, url, urllib.parse.urlencode(posted).encode())

    def stop_address(self) -> str:
        """The page of a patient's own that the newest letter leads to."""
        found = _UNSUBSCRIBE.search(self.mail.taken[-1].content)
        return found.group(1).decode() if found else "/"

    # -- judging --------------------------------------------------------------------------------------------------

    @property
    def bounds(self) -> Bounds:
        """What the fault may leave behind."""
        return Bounds(in_doubt=self.may_doubt, unwritable=self.unwritable)


@contextmanager
def taken_to(ground: Ground, kind: str, count: int) -> Iterator[Field]:
    """Bring up the product on a database of this kind with so many due patients, and nothing running yet."""
    with ground.database(kind) as database, serving(FaultServer()) as mail:
        environment = {"EMAIL_PORT": str(mail.port), "STATIC_ROOT": str(ground.static)}
        with stack.running(database_url=database.url, tick_seconds=1, extra_environment=environment, is_migrated=True) as running:
            field = Field(running, mail, database)
            try:
                field.owed = field.inside("prepare", str(count))["owed"]
                yield field
            finally:
                with suppress(OSError):
                    field.leave()
