"""`bench flood`: as many letters due at once as there are patients (F16 with --size 100k), the guard against piles overridden.

Two real workers and a beat by the minute, as in an installation, on a PostgreSQL that waits for its disk, beside a web process of
which a staff page is asked all the while. Each letter must come once.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bench import processes
from bench.crowds import Crowd, until_workers
from bench.data import Measured
from bench.pages import addresses, asking, signed_in
from bench.report import Figure
from bench.sink import Sink
from botox_tracker.stack import Stack

WORKERS = ("worker-1", "worker-2")
#: Seconds.
FIRST, PLANNED = 60, 60
#: The share of one of two workers.
MOST_SHARE = 0.6
MOST_MB = 300
A_SECOND = 100
IDLE_REQUESTS = 200
PAUSE = 0.02


def run(stack: Stack, data: Measured) -> Iterator[Figure]:
    """Let it pour, and watch."""
    from clinic.reminders.models import DeliveryAttempt, Message

    letters = data.patients // 10 if data.is_short else data.patients
    sink, crowd = Sink(stack), Crowd(letters)
    stack.environment["TICK_SECONDS"] = "60"
    stack.start_web()
    ask, page = asking(stack, signed_in(data)), addresses(data)["follow-up list"]
    crowd.due(letters, planned=False)
    for number in (1, 2):
        stack.start_worker(number)
    until_workers(stack, 2)
    idle = [_asked(ask, page) for _ in range(IDLE_REQUESTS)]
    began = _wake(stack)
    watched = _Watched(stack)
    while sink.taken().letters < letters:
        watched.look(lambda: _asked(ask, page))
    taken = crowd.until_taken(stack, sink, letters)
    those = Message.objects.filter(clinic=crowd.clinic, patient__in=crowd.clinic.patients.all(), created_at__gte=began)
    planned_at = those.order_by("created_at").values_list("created_at", flat=True).last()
    outcomes = DeliveryAttempt.objects.filter(message__in=those, to_state="SENT")
    stack.wait_for(lambda: outcomes.count() == letters, seconds=20, name="every outcome in the database")
    shares = Counter(outcomes.values_list("worker", flat=True))
    busiest = max(shares.values()) / letters
    yield Figure(f"flood, {letters} letters: first", taken.first_at - began.timestamp(), "s", FIRST, "allowed", 1)
    yield Figure("flood, all planned", (planned_at - began).total_seconds(), "s", PLANNED, "allowed", 1)
    yield Figure("flood, drained", taken.a_second, "a second", A_SECOND, "wanted", 1, at_least=True, is_rate=True)
    yield Figure("flood, busiest of two workers", busiest, "of all", MOST_SHARE, "allowed", 1)
    yield Figure("flood, largest process", watched.largest, "MB", MOST_MB, "allowed", 1)
    yield Figure("flood, follow-up list p95", _tail(watched.asked), "ms", _tail(idle), "idle", 2)
    yield Figure("flood, letters that came", taken.letters, "letters", letters, "due, each once", 1)


class _Watched:
    """What was seen while letters went."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.largest = stack, 0.0
        self.asked: list[float] = []
        self._looked = 0.0

    def look(self, ask: Callable[[], float]) -> None:
        """Ask for a page, and once a second for what the processes occupy."""
        self.asked.append(ask())
        if time.monotonic() - self._looked > 1:
            self._looked = time.monotonic()
            for pid in processes.of_stack(self.stack, [*WORKERS, "web", "beat-1"]):
                self.largest = max(self.largest, processes.resident(pid))


def _wake(stack: Stack) -> datetime:
    """The first tick now, the next by the beat."""
    from clinic.tasks import tick

    stack.start_beat()
    began = datetime.now(UTC)
    tick.delay()
    return began


def _asked(ask: Callable[[str], float], page: str) -> float:
    time.sleep(PAUSE)
    return ask(page)


def _tail(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
