"""One run of the engine: plan, take back, hand over. Celery's tick and `manage.py engine` both call it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.reminders import planning, sweep
from clinic.reminders.claiming import BATCH, recover
from clinic.reminders.delivery import Courier
from clinic.reminders.in_hand import Handed
from clinic.reminders.models import EngineState, Heartbeat, Message
from clinic.reminders.planning import Planned
from clinic.reminders.states import State

#: A run begins nothing new after this, so that the next minute's finds the workers free.
BUDGET = timedelta(seconds=50)
#: More hands than these for one backlog only get into each other's way.
MOST_HELPERS = 3


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run did."""

    planned: Planned
    recovered: int
    handed: Handed
    missed: int


def run(
    *,
    clock: Callable[[], datetime],
    worker: str,
    budget: timedelta = BUDGET,
    call_helpers: Callable[[int], None] | None = None,
) -> Ran:
    """Do what is due now. Safe to repeat, to run twice at once and to be cut off anywhere.

    `call_helpers` is told how many more workers the backlog is worth.
    """
    began = clock()
    _beat(worker, began)
    planned = planning.run(clock=clock, until=began + budget / 2)
    recovered = recover(now=clock())
    if call_helpers is not None and (helpers := _helpers_wanted(clock())):
        call_helpers(helpers)
    handed = Courier(clock=clock, until=began + budget, worker=worker).run()
    missed = sweep.run(clock=clock, until=began + budget)
    Heartbeat.objects.filter(pk=1).update(last_success_at=clock())
    return Ran(planned, recovered, handed, missed)


def help_out(*, clock: Callable[[], datetime], worker: str, budget: timedelta = BUDGET) -> Handed:
    """Lend a hand with what is ready."""
    return Courier(clock=clock, until=clock() + budget, worker=worker).run()


def worker_name() -> str:
    """Return this process's name as rows tell it."""
    return f"{socket.gethostname()[:48]}:{os.getpid()}"


def _beat(worker: str, now: datetime) -> None:
    """Leave the sign of life, and see to it that the engine's two rows exist."""
    EngineState.objects.get_or_create(pk=1)
    if not Heartbeat.objects.filter(pk=1).update(last_tick_at=now, last_worker=worker):
        Heartbeat.objects.get_or_create(pk=1, defaults={"last_tick_at": now, "last_worker": worker})


def _helpers_wanted(now: datetime) -> int:
    """How many further batches wait, up to the most."""
    ready = Message.objects.filter(state=State.READY, ready_at__lte=now)
    waiting = ready.order_by()[: BATCH * (MOST_HELPERS + 1)].count()
    return min(max(waiting - 1, 0) // BATCH, MOST_HELPERS)
