"""What Celery runs: a clock and pairs of hands. Tasks carry nothing; lost, doubled or late, they change nothing."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import shared_task
from celery.signals import task_received, worker_ready
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from clinic.reminders import engine
from clinic.reminders.deployment import Deployment
from clinic.reminders.models import Heartbeat

log = logging.getLogger(__name__)

#: A worker that has seen no tick for so long has lost its broker without noticing (celery issues 8030, 9054): it leaves.
SILENCE_SECONDS = 300.0
#: Where others see the ticks, one of many workers may wait longer for its turn.
PATIENCE = 6


@shared_task
def tick() -> None:
    """Run the engine once, and call more hands where one batch is not enough."""
    close_old_connections()
    engine.run(clock=timezone.now, worker=engine.worker_name(), deployment=Deployment.here(), call_helpers=_call_helpers)


@shared_task
def hand_over() -> None:
    """Lend a hand with the letters that are ready."""
    close_old_connections()
    engine.help_out(clock=timezone.now, worker=engine.worker_name(), deployment=Deployment.here())


def _call_helpers(count: int) -> None:
    """Ask for more workers. Without a broker this one goes on alone."""
    try:
        for _number in range(count):
            hand_over.apply_async(expires=55, retry=False)
    except OperationalError:
        log.warning("no further worker could be called")


class Watchdog:
    """Leaves when no tick has been seen for too long, so that whoever supervises the worker starts it anew."""

    def __init__(self, *, leave: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        self._leave, self._now = leave, now
        self._seen_at = now()

    def seen(self) -> None:
        """A tick has reached this worker, whatever becomes of it."""
        self._seen_at = self._now()

    def look(self) -> None:
        """Leave if this worker is deaf: no tick here, and none anywhere or for much too long."""
        silence = self._now() - self._seen_at
        if silence > SILENCE_SECONDS and (silence > SILENCE_SECONDS * PATIENCE or not _others_tick()):
            log.error("no tick for %.0f s: leaving", silence)
            self._leave()

    def watch(self) -> None:
        """Look for ever; runs in a thread of the worker's main process."""
        while True:
            time.sleep(SILENCE_SECONDS / 10)
            self.look()


def _others_tick() -> bool:
    """Whether some worker has run a tick lately. Without the database nobody can tell: then leaving would not help."""
    try:
        last = Heartbeat.objects.values_list("last_tick_at", flat=True).filter(pk=1).first()
    except DatabaseError:
        return True
    finally:
        connection.close()
    return last is not None and (timezone.now() - last).total_seconds() < SILENCE_SECONDS


@worker_ready.connect
def _start_watchdog(sender: Any, **_signal: Any) -> None:
    """Watch in the main process: the ticks arrive there, whatever its children are busy with."""

    def leave() -> None:
        # The pool's processes would outlive us; nobody may be in the middle of a letter for five silent minutes.
        for child in getattr(getattr(sender.pool, "_pool", None), "_pool", ()):
            child.terminate()
        os._exit(1)

    watchdog = Watchdog(leave=leave)

    def heard(request: Any, **_received: Any) -> None:
        if request.name == tick.name:
            watchdog.seen()

    task_received.connect(heard, weak=False)
    threading.Thread(target=watchdog.watch, name="watchdog", daemon=True).start()
