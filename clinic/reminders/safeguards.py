"""What makes the engine pause itself before a run: a clock that was set, another installation's database, a database older than
what has been done.

Each comparison is made with what this deployment remembers outside the database (`mark`). Where that cannot be read or written
nothing is handed over, because nobody could tell afterwards what has gone.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic import audit
from clinic.reminders import timekeeping
from clinic.reminders.deployment import Deployment
from clinic.reminders.mark import MarkUnusable, Remembered
from clinic.reminders.models import EngineState, Heartbeat, Message
from clinic.reminders.safeguard_state import Safeguard, SafeguardState
from clinic.reminders.states import State
from clinic.reminders.timekeeping import Reading
from clinic.reminders.transitions import Move, move_all

log = logging.getLogger(__name__)

#: As many characters as the reason of a pause has room for.
_ROOM = 200
_BATCH = 1000
#: Under these nothing is decided either: it would be decided by a wrong clock, or in somebody else's database.
_RESTING = frozenset({Safeguard.CLOCK, Safeguard.INSTANCE})
#: What a letter may be in that a restored database knows of, and may have gone since.
_MAY_HAVE_GONE = (State.READY, State.CLAIMED, State.HANDOFF, State.HELD)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the guards allow for now. Whether letters are paused is asked elsewhere, and again before each letter."""

    #: Nothing at all is done: neither planned nor taken back nor handed over.
    rests: bool = False
    #: What is done can be remembered outside the database.
    remembers: bool = True

    @property
    def may_hand_over(self) -> bool:
        """Letters may be taken in hand."""
        return self.remembers and not self.rests


def begin(deployment: Deployment, *, worker: str, now: datetime) -> Standing:
    """Begin a run: compare, pause where something is amiss, and leave the sign of life in the database and outside it.

    The database is written first: the mark is never ahead of it but where the database has been set back.
    """
    standing, clock_went_back = _compared(deployment, now)
    _beat(worker, now, clock_went_back=clock_went_back)
    if not standing.remembers:
        return standing
    reading = deployment.reading(now)
    try:
        deployment.mark.ticked(now, boot=reading.boot, steady=reading.steady, wall=reading.wall, clock_went_back=clock_went_back)
    except MarkUnusable as unusable:
        not_remembered(unusable, now=now)
        return Standing(rests=standing.rests, remembers=False)
    SafeguardState.objects.filter(pk=1, mark_failing_since__isnull=False).update(mark_failing_since=None)
    return standing


def compare(deployment: Deployment, *, now: datetime) -> Standing:
    """The same comparison for whoever only lends a hand. Writes no sign of life."""
    return _compared(deployment, now)[0]


def not_remembered(unusable: MarkUnusable, *, now: datetime) -> None:
    """The mark cannot be used: say so in the log, on every staff page and to whoever watches."""
    log.error("nothing is sent, what is done cannot be remembered outside the database: %s", unusable)
    SafeguardState.objects.get_or_create(pk=1)
    SafeguardState.objects.filter(pk=1, mark_failing_since=None).update(mark_failing_since=now)


def _compared(deployment: Deployment, now: datetime) -> tuple[Standing, bool]:
    EngineState.objects.get_or_create(pk=1)
    state, _new = SafeguardState.objects.get_or_create(pk=1)
    try:
        # Read before the database, which is written first: what is remembered here must be known there.
        remembered = deployment.mark.read()
        if deployment.instance is None and remembered.instance is None:
            deployment.mark.adopt(uuid.uuid4())
            remembered = deployment.mark.read()
    except MarkUnusable as unusable:
        not_remembered(unusable, now=now)
        return Standing(rests=bool(state.guards & _RESTING), remembers=False), False
    here = deployment.instance or remembered.instance or uuid.uuid4()
    SafeguardState.objects.filter(pk=1, instance_id=None).update(instance_id=here)
    state.refresh_from_db()
    last_tick_at = Heartbeat.objects.filter(pk=1).values_list("last_tick_at", flat=True).first()
    reading = deployment.reading(now)
    steps = list(_clock_steps(remembered, reading, last_tick_at, now))
    found: dict[Safeguard, str] = {}
    if steps:
        found[Safeguard.CLOCK] = _("The clock was set by %(minutes)d minutes, or differs by them. Check the machine's time.") % {
            "minutes": max(abs(step) for step in steps) // timedelta(minutes=1)
        }
    if state.instance_id != here:
        found[Safeguard.INSTANCE] = _("This database belongs to another installation: is this the right one?")
    elif not steps and (until := _done_unknown_here(remembered, state, last_tick_at)):
        number = _put_in_doubt(until, now)
        found[Safeguard.MARK] = _("The database is older than what has been done. In doubt: %(number)d letters.") % {
            "number": number
        }
    if found:
        _pause(found, here, now)
        state.refresh_from_db()
    return Standing(rests=bool(state.guards & _RESTING)), _went_back(last_tick_at, now)


def _clock_steps(remembered: Remembered, reading: Reading, last_tick_at: datetime | None, now: datetime) -> Iterator[timedelta]:
    """By how much the clock was set or differs, wherever that is too much."""
    before = Reading(remembered.wall, remembered.steady, remembered.boot) if remembered.wall else None
    if timekeeping.is_too_much(step := timekeeping.step(before, reading)):
        yield step or timedelta(0)
    # This machine's clock beside the database's, which is the same one on SQLite.
    if timekeeping.is_too_much(now - reading.wall):
        yield now - reading.wall
    if last_tick_at is not None and _went_back(last_tick_at, now):
        yield now - last_tick_at


def _went_back(last_tick_at: datetime | None, now: datetime) -> bool:
    return last_tick_at is not None and last_tick_at - now > timekeeping.MOST_STEP


def _done_unknown_here(remembered: Remembered, state: SafeguardState, last_tick_at: datetime | None) -> datetime | None:
    """Up to when this deployment has done what this database does not know of; None where it knows of everything."""
    settled = max((moment for moment in (state.gap_until, state.confirmed_at) if moment), default=None)
    done = [moment for moment in (remembered.last_tick_at, remembered.handed_at) if moment]
    until = max(done, default=None)
    if until is None or (settled is not None and until <= settled):
        return None
    if remembered.last_tick_at and (last_tick_at is None or last_tick_at < remembered.last_tick_at):
        return until
    if remembered.handed is None or remembered.handed_at is None or (settled is not None and remembered.handed_at <= settled):
        return None
    known = Message.objects.filter(public_id=remembered.handed, handoff_at__gte=remembered.handed_at).exists()
    return None if known else until


def _put_in_doubt(until: datetime, now: datetime) -> int:
    """Nobody knows which of the letters that waited have gone since: a person decides about each. Returns how many.

    Those that will be planned only now, and fell due by then, follow as they are born.
    """
    waiting = Message.objects.filter(state__in=_MAY_HAVE_GONE).exclude(state=State.READY, ready_at__gt=until).order_by("pk")
    number, after = 0, 0
    while True:
        with transaction.atomic():
            rows = list(waiting.filter(pk__gt=after).select_for_update().values_list("pk", "state")[:_BATCH])
            if not rows:
                break
            after = rows[-1][0]
            number += move_all([doubted(pk, State(state), until) for pk, state in rows], now=now)
    SafeguardState.objects.filter(Q(gap_until=None) | Q(gap_until__lt=until), pk=1).update(gap_until=until)
    return number


def doubted(pk: int, origin: State, until: datetime) -> Move:
    """The move of a letter that may have gone without this database knowing."""
    return Move(pk=pk, origin=origin, target=State.UNKNOWN, outcome="MAY_HAVE_GONE", handoff_at=until)


def _pause(found: dict[Safeguard, str], here: uuid.UUID, now: datetime) -> None:
    """Pause all letters for these reasons. A person's own pause gives way: its end must not be the end of this one."""
    with transaction.atomic():
        state = SafeguardState.objects.select_for_update().get(pk=1)
        engine = EngineState.objects.select_for_update().get(pk=1)
        new = [guard for guard in found if guard not in state.guards]
        if Safeguard.INSTANCE in found:
            state.instance_found = here
        if new:
            told = [engine.paused_reason] if state.guards and engine.paused_at else []
            engine.paused_at = engine.paused_at or now
            engine.paused_reason = " ".join([*told, *(found[guard] for guard in new)])[:_ROOM]
            engine.save(update_fields=["paused_at", "paused_reason"])
            state.paused_by = " ".join([*state.paused_by.split(), *new])
            audit.record(by=audit.Actor.system(), action=audit.Action.PAUSED, what="EngineState", fields=["paused_at"], now=now)
        state.save(update_fields=["paused_by", "instance_found"])
    for guard in new:
        log.error("letters are paused: %s", guard.value)


def _beat(worker: str, now: datetime, *, clock_went_back: bool) -> None:
    """Leave the sign of life. It goes back only with the clock: a slower worker's would look like an older database."""
    if Heartbeat.objects.filter(pk=1).exists():
        earlier = Q() if clock_went_back else Q(last_tick_at=None) | Q(last_tick_at__lt=now)
        Heartbeat.objects.filter(earlier, pk=1).update(last_tick_at=now, last_worker=worker)
    else:
        Heartbeat.objects.get_or_create(pk=1, defaults={"last_tick_at": now, "last_worker": worker})
