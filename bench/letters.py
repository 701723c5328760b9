"""`bench letters`: how many letters a second go through two real Celery workers, intent and outcome each committed.

Beside django-post-office with two processes, a task a letter on two workers, and Django's own tools over one connection. Each is
counted by the same mail server, in a process of its own, from its first letter to its last, so that no start is measured; five
rounds by turns, each with letters of its own; PostgreSQL waits for its disk. Then once more with a mail server that takes ten
milliseconds to each reply, beside smtplib on one connection.
"""

from __future__ import annotations

import json
import smtplib
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.crowds import Crowd, until_workers
from bench.data import Measured
from bench.post_office import Missing, PostOffice
from bench.report import Figure, NotMeasured
from bench.sink import Sink
from botox_tracker.stack import Stack

REPEATS = 5
LETTERS = 1_500
#: The slower ones need fewer.
FEWER = 500
WAITING_MS = 10
WHILE_WAITING = 60
WORKERS = 2


def run(stack: Stack, data: Measured) -> Iterator[Figure | NotMeasured]:
    """Measure by turns; letters a second."""
    share = 10 if data.is_short else 1
    rounds = _Rounds(stack, Sink(stack), letters=LETTERS // share, fewer=FEWER // share)
    works: dict[str, Callable[[], float]] = {
        "product": rounds.product,
        "post-office": rounds.post_office,
        "task": rounds.task,
        "django": rounds.django,
    }
    absent = rounds.prepare_post_office()
    if absent:
        del works["post-office"]
    seen: dict[str, list[float]] = {name: [] for name in works}
    waited: dict[str, list[float]] = {"product": [], "smtplib": []}
    for _ in range(1 if data.is_short else REPEATS):
        for name, work in works.items():
            seen[name].append(work())
        waited["product"].append(rounds.product(letters=100 * WORKERS, delay_ms=WAITING_MS))
        waited["smtplib"].append(rounds.smtplib(letters=WHILE_WAITING, delay_ms=WAITING_MS))
    found = {name: statistics.median(values) for name, values in seen.items()}
    product, name = found["product"], "letters, "
    if absent:
        yield NotMeasured(f"{name}two workers", f"django-post-office is not here: {absent}")
    else:
        yield _faster(f"{name}two workers", product, found["post-office"], "django-post-office, 2 processes", 1.5)
    yield _faster(f"{name}two workers", product, found["task"], "a task a letter, 2 workers", 3)
    yield _faster(f"{name}two workers", product, found["django"], "Django, one connection", 0.4)
    slow, bare = statistics.median(waited["product"]), statistics.median(waited["smtplib"])
    yield _faster(f"{name}10 ms a reply", slow, bare, "smtplib, one connection", 0.8)
    yield _faster(f"{name}10 ms a reply, a worker", slow / WORKERS, bare, "smtplib, one connection", 0.8)


def _faster(name: str, value: float, baseline: float, baseline_name: str, goal: float) -> Figure:
    return Figure(name, value, "a second", baseline, baseline_name, goal, at_least=True, is_rate=True)


class _Rounds:
    """One round of each: what is timed, with what has to stand ready before it."""

    def __init__(self, stack: Stack, sink: Sink, *, letters: int, fewer: int) -> None:
        self.stack, self.sink, self.letters, self.fewer = stack, sink, letters, fewer
        self.rival: PostOffice | None = None
        self.crowd = Crowd(letters)
        for number in range(1, WORKERS + 1):
            stack.start_worker(number)
        with _environment(stack, BENCH_PLAIN_CELERY="1"):
            for number in range(1, WORKERS + 1):
                stack.start(
                    f"worker-plain-{number}", "-m", "celery", "-A", "botox_tracker", "worker", "-l", "warning", "-c", "1",
                    "-Q", "plain", "-n", f"plain{number}@%h", "--without-gossip", "--without-mingle",
                )  # fmt: skip
        until_workers(stack, 2 * WORKERS)

    def prepare_post_office(self) -> str:
        """Install the rival; why not, where that cannot be done."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE post_office")
        url = self.stack.environment["DATABASE_URL"].replace("/postgres?", "/post_office?")
        try:
            self.rival = PostOffice(self.stack.var / "post-office", database_url=url, port=self.sink.port)
        except Missing as missing:
            return str(missing)
        return ""

    def product(self, *, letters: int = 0, delay_ms: float = 0) -> float:
        """Both workers of the product, woken by one tick."""
        from clinic.reminders.models import DeliveryAttempt
        from clinic.tasks import tick

        keys = self.crowd.due(letters or self.letters)
        self.sink.reset(delay_ms=delay_ms)
        tick.delay()
        rate = self._until_taken(len(keys))
        outcomes = DeliveryAttempt.objects.filter(message_id__in=keys, to_state="SENT")
        self.stack.wait_for(lambda: outcomes.count() == len(keys), seconds=20, name="every outcome in the database")
        return rate

    def task(self) -> float:
        """A task a letter, on as many workers."""
        from bench.by_task import send_one
        from clinic.reminders.models import Message

        keys = self.crowd.due(self.fewer)
        # Out of the product's reach: these are not its letters.
        Message.objects.filter(pk__in=keys).update(state="HELD")
        self.sink.reset()
        for key in keys:
            send_one.apply_async([key], queue="plain")
        return self._until_taken(len(keys))

    def django(self) -> float:
        """Django's own tools in this process: render and send, over one connection."""
        from django.core.mail import get_connection

        from bench.by_task import letter

        messages = self.crowd.messages(self.fewer)
        self.sink.reset()
        with get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=self.sink.port) as connection:
            for message in messages:
                letter(message, connection).send()
        return self._until_taken(len(messages))

    def post_office(self) -> float:
        """django-post-office with two processes, its letters queued before."""
        from bench.by_task import letter

        assert self.rival is not None
        written = self.stack.var / "written.json"
        example = letter(self.crowd.messages(1)[0], None)
        written.write_text(
            json.dumps({"subject": example.subject, "text": example.body, "html": example.alternatives[0].content})
        )
        self.rival.queue(self.letters, written)
        self.sink.reset()
        self.rival.send()
        return self._until_taken(self.letters)

    def smtplib(self, *, letters: int, delay_ms: float) -> float:
        """The bare dialogue: one connection, the letter written beforehand."""
        from bench.by_task import letter

        message = self.crowd.messages(1)[0]
        content = letter(message, None).message().as_bytes(linesep="\r\n")
        self.sink.reset(delay_ms=delay_ms)
        with smtplib.SMTP("127.0.0.1", self.sink.port) as server:
            for number in range(letters):
                own = content.replace(message.message_id.encode(), b"<%d@bench>" % number)
                server.sendmail("clinic@localhost", [f"p{number}@example.org"], own)
        return self._until_taken(letters)

    def _until_taken(self, number: int) -> float:
        return self.crowd.until_taken(self.stack, self.sink, number).a_second


@contextmanager
def _environment(stack: Stack, **values: str) -> Iterator[None]:
    stack.environment.update(values)
    try:
        yield
    finally:
        for name in values:
            del stack.environment[name]
