"""One run of the engine: plan, take back, hand over. Celery's tick and `manage.py engine` both call it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.reminders import planning, safeguards, sweep
from clinic.reminders.claiming import BATCH, recover
from clinic.reminders.delivery import Courier
from clinic.reminders.deployment import Deployment
from clinic.reminders.in_hand import Handed
from clinic.reminders.models import Heartbeat, Message
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
    deployment: Deployment,
    budget: timedelta = BUDGET,
    call_helpers: Callable[[int], None] | None = None,
) -> Ran:
    """Do what is due now. Safe to repeat, to run twice at once and to be cut off anywhere.

    `call_helpers` is told how many more workers the backlog is worth. Where a guard says that the clock or the database
    cannot be believed, nothing is done; where what is done cannot be remembered, nothing is handed over.
    """
    began = clock()
    standing = safeguards.begin(deployment, worker=worker, now=began)
    if standing.rests:
        return Ran(Planned(), 0, Handed(), 0)
    planned = planning.run(clock=clock, until=began + budget / 2)
    recovered = recover(now=clock())
    handed = Handed()
    if standing.may_hand_over:
        if call_helpers is not None and (helpers := _helpers_wanted(clock())):
            call_helpers(helpers)
        handed = Courier(clock=clock, until=began + budget, worker=worker, mark=deployment.mark).run()
    missed = sweep.run(clock=clock, until=began + budget)
    if standing.remembers:
        Heartbeat.objects.filter(pk=1).update(last_success_at=clock())
    return Ran(planned, recovered, handed, missed)


def help_out(*, clock: Callable[[], datetime], worker: str, deployment: Deployment, budget: timedelta = BUDGET) -> Handed:
    """Lend a hand with what is ready, if the guards of this worker's machine have nothing against it."""
    if not safeguards.compare(deployment, now=clock()).may_hand_over:
        return Handed()
    return Courier(clock=clock, until=clock() + budget, worker=worker, mark=deployment.mark).run()


def worker_name() -> str:
    """Return this process's name as rows tell it."""
    return f"{socket.gethostname()[:48]}:{os.getpid()}"


def _helpers_wanted(now: datetime) -> int:
    """How many further batches wait, up to the most."""
    ready = Message.objects.filter(state=State.READY, ready_at__lte=now)
    waiting = ready.order_by()[: BATCH * (MOST_HELPERS + 1)].count()
    return min(max(waiting - 1, 0) // BATCH, MOST_HELPERS)
