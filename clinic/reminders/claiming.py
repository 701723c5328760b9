"""Takes ready messages in hand, under a lease and a token, and takes them back from workers that are gone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from clinic.practice.models import Clinic
from clinic.reminders import piles, states
from clinic.reminders.models import DeliveryAttempt, EngineState, Message
from clinic.reminders.states import State
from clinic.reminders.transitions import Move, move
from clinic.rows import insert_new

BATCH = 100
#: A message claimed so often without an end may be what kills its workers: from then on it is taken alone.
_SUSPECT = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages that one worker has in hand until `lease_until`, in the order in which they go."""

    token: uuid.UUID
    lease_until: datetime
    message_ids: tuple[int, ...]


def may_send() -> bool:
    """Tell whether the engine as a whole may send."""
    return not EngineState.objects.filter(pk=1, paused_at__isnull=False).exists()


def is_anything_ready(*, now: datetime) -> bool:
    """Tell whether a message waits whose time has come."""
    return Message.objects.filter(state=State.READY, ready_at__lte=now, clinic__letters_paused_at__isnull=True).exists()


class _TooMany(Exception):
    """What was just taken belongs to a pile that a person must look at first; it is let go again."""

    def __init__(self, many: dict[int, int]) -> None:
        super().__init__()
        self.many = many


def claim(*, worker: str, now: datetime, limit: int = BATCH, most_ready: dict[int, int] | None = None) -> Claim:
    """Take up to `limit` ready messages in hand; none if there are none or the engine is paused.

    Two workers never get the same message: on PostgreSQL locked rows are passed over, on SQLite there is one writer. A clinic
    with more ready than may be is paused instead (`piles`); `most_ready` keeps for the run how many that are.
    """
    token = uuid.uuid4()
    most_ready = {} if most_ready is None else most_ready
    found: list[int] | None = None
    while found is None:
        if not may_send():
            return Claim(token, now + states.LEASE, ())
        try:
            found = _claimed(token, worker, now, limit, most_ready)
        except _TooMany as too_many:
            piles.stop(too_many.many, limits=most_ready, now=now)
    return Claim(token, now + states.LEASE, tuple(found))


def give_back(claimed: Claim, message_ids: Sequence[int], *, reason: str, ready_at: datetime, worker: str, now: datetime) -> None:
    """Let go of messages whose turn did not come; their claim is not counted."""
    if not message_ids:
        return
    told = {"from_state": State.CLAIMED.value, "to_state": State.READY.value, "outcome": reason, "worker": worker, "at": now}
    with transaction.atomic():
        held = Message.objects.filter(pk__in=message_ids, state=State.CLAIMED, token=claimed.token)
        keys = list(held.select_for_update().values_list("pk", flat=True))
        held.update(
            state=State.READY,
            reason=reason,
            ready_at=ready_at,
            token=None,
            lease_until=None,
            worker="",
            attempts=F("attempts") - 1,
            changed_at=now,
        )
        insert_new(DeliveryAttempt, [{"message_id": pk, "phase": "", "enhanced_code": "", **told} for pk in keys])


def recover(*, now: datetime) -> int:
    """Take back what workers had in hand when their lease ran out; return how many.

    What was only claimed goes back, or is given up after too many claims. What may have been given to the mail server
    is in doubt: a machine never sends it again.
    """
    late = Message.objects.filter(state__in=list(states.IN_HAND), lease_until__lte=now).order_by("lease_until", "pk")
    recovered = 0
    for pk, state, token, attempts in late.values_list("pk", "state", "token", "attempts")[:1000]:
        target = State.DEAD if attempts >= states.MOST_ATTEMPTS else State.READY
        if state == State.HANDOFF:
            target = State.UNKNOWN
        change = Move(
            pk=pk,
            origin=State(state),
            target=target,
            outcome="LEASE_RAN_OUT",
            token=token,
            ready_at=now if target is State.READY else None,
        )
        recovered += move(change, now=now)
    return recovered


def _claimed(token: uuid.UUID, worker: str, now: datetime, limit: int, most_ready: dict[int, int]) -> list[int]:
    """Take messages and tell of it in one transaction. Raises _TooMany, and nothing is taken, where a pile has formed.

    Counted after they were taken: whatever was born before that is seen.
    """
    with transaction.atomic():
        found = _take(token, worker, now, limit, suspects=False) or _take(token, worker, now, 1, suspects=True)
        if found and (many := piles.too_many(taken=found, limits=most_ready, now=now)):
            raise _TooMany(many)
        insert_new(
            DeliveryAttempt,
            [
                {
                    "message_id": pk,
                    "from_state": State.READY.value,
                    "to_state": State.CLAIMED.value,
                    "phase": "",
                    "enhanced_code": "",
                    "outcome": "CLAIMED",
                    "worker": worker,
                    "at": now,
                }
                for pk in found
            ],
        )
    return found


def _take(token: uuid.UUID, worker: str, now: datetime, limit: int, *, suspects: bool) -> list[int]:
    table, clinic = Message._meta.db_table, Clinic._meta.db_table
    moment = connection.ops.adapt_datetimefield_value
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    some = ">=" if suspects else "<"
    statement = f"""
        WITH picked AS MATERIALIZED (
            SELECT id FROM {table}
            WHERE state = 'READY' AND ready_at <= %s AND attempts {some} {_SUSPECT}
              AND clinic_id NOT IN (SELECT id FROM {clinic} WHERE letters_paused_at IS NOT NULL)
            ORDER BY ready_at, id LIMIT %s {lock}
        )
        UPDATE {table} SET state = 'CLAIMED', token = %s, lease_until = %s, worker = %s, reason = '',
            attempts = attempts + 1, changed_at = %s
        FROM picked WHERE {table}.id = picked.id AND {table}.state = 'READY' RETURNING {table}.id
    """  # noqa: S608 - names of tables and constants only
    as_stored = token if connection.features.has_native_uuid_field else token.hex
    values = [moment(now), limit, as_stored, moment(now + states.LEASE), worker, moment(now)]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return sorted(row[0] for row in cursor.fetchall())
