"""Moves messages from state to state: each a compare-and-set with a row that tells of it, and nothing else moves them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from clinic.reminders import states
from clinic.reminders.models import DeliveryAttempt, Message
from clinic.reminders.states import State
from clinic.rows import insert_new

if TYPE_CHECKING:
    from clinic.accounts import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One transition of one message, and what is known of why."""

    pk: int
    origin: State
    target: State
    #: One code: a `Reason`, or what came of the dialogue with the mail server.
    outcome: str
    #: Only the worker that holds this token may move a message it has in hand.
    token: uuid.UUID | None = None
    #: For READY: not before.
    ready_at: datetime | None = None
    #: When it was given away, or for UNKNOWN may have been.
    handoff_at: datetime | None = None
    sent_at: datetime | None = None
    rendered_hash: str = ""
    also_about: tuple[int, ...] = ()
    #: The keyed hash of the address that it is handed over for.
    recipient_hash: str = ""
    #: The claim is not counted: the letter was never the reason.
    unburned: bool = False
    #: A person begins anew: the attempts so far no longer count.
    anew: bool = False
    phase: str = ""
    smtp_code: int | None = None
    enhanced_code: str = ""
    duration: timedelta | None = None
    worker: str = ""
    by_user: User | None = None


def move(change: Move, *, now: datetime) -> bool:
    """Make this transition and write its row, together; False, and nothing written, if the message is no longer where it was.

    Raises TransitionRefused if the table does not know the transition.
    """
    states.check(change.origin, change.target)
    if connection.vendor == "postgresql":
        statement, values = in_one_statement(change, now=now)
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return bool(cursor.rowcount == 1)
    statement, values = _updating(change, now)
    # Inside the transaction that locks the patient this opens none of its own.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(statement, values)
        if cursor.rowcount != 1:
            return False
        insert_new(DeliveryAttempt, [_told(change, now)])
    return True


def in_one_statement(change: Move, *, now: datetime, condition: str = "", given: Sequence[Any] = ()) -> tuple[str, list[Any]]:
    """Return the transition and its row as one statement for PostgreSQL, with its values: nothing or both, and one exchange.

    It inserts one row if the message is where it was and `condition` holds, none otherwise. The caller has asked the table of
    transitions.
    """
    update, values = _updating(change, now)
    told = _told(change, now)
    names = ", ".join(connection.ops.quote_name(name) for name in told)
    if condition:
        update += f" AND {condition}"
    statement = f"""
        WITH moved AS ({update} RETURNING id)
        INSERT INTO {DeliveryAttempt._meta.db_table} ({names}) SELECT {", ".join(["%s"] * len(told))} FROM moved
    """  # noqa: S608 - names only
    return statement, [*values, *given, *told.values()]


def move_all(changes: Sequence[Move], *, now: datetime) -> int:
    """Make many transitions of messages that nobody has in hand, locked by the caller; return how many were made.

    For the planner: its transaction holds the patients and these rows, so each row is where it was read.
    """
    for change in changes:
        states.check(change.origin, change.target)
    made: list[Move] = []
    for alike in _grouped(changes).values():
        first = alike[0]
        moved = Message.objects.filter(pk__in=[change.pk for change in alike], state=first.origin)
        keys = set(moved.values_list("pk", flat=True))
        moved.update(**_columns(first, now))
        made.extend(change for change in alike if change.pk in keys)
    insert_new(DeliveryAttempt, [_told(change, now) for change in made])
    return len(made)


def _grouped(changes: Sequence[Move]) -> dict[tuple[Any, ...], list[Move]]:
    """Changes that write the same columns go in one statement; those out of HELD first, for a message may go on from there."""
    groups: dict[tuple[Any, ...], list[Move]] = {}
    for change in sorted(changes, key=lambda change: change.origin is not State.HELD):
        groups.setdefault((change.origin, change.target, change.outcome, change.ready_at, change.handoff_at), []).append(change)
    return groups


def _columns(change: Move, now: datetime) -> dict[str, Any]:
    columns: dict[str, Any] = {"state": change.target.value, "reason": str(change.outcome), "changed_at": now}
    if change.target not in states.IN_HAND:
        columns |= {"token": None, "lease_until": None, "worker": ""}
    if change.target is State.HANDOFF:
        columns |= {
            "reason": "",
            "lease_until": now + states.LEASE,
            "handoff_at": change.handoff_at or now,
            "rendered_hash": change.rendered_hash,
            "also_about": list(change.also_about) or None,
            "recipient_hash": change.recipient_hash,
        }
    if change.target is State.UNKNOWN and change.handoff_at is not None:
        columns["handoff_at"] = change.handoff_at
    if change.target is State.SENT:
        columns |= {"reason": "", "sent_at": change.sent_at or now}
    if change.ready_at is not None:
        columns["ready_at"] = change.ready_at
    if change.anew:
        columns["attempts"] = 0
    return columns


def _updating(change: Move, now: datetime) -> tuple[str, list[Any]]:
    """The statement that moves the message if it is where it was, with its values."""
    columns = _columns(change, now)
    where: dict[str, Any] = {"id": change.pk, "state": change.origin.value}
    if change.token is not None:
        where |= {"token": change.token}
    statement = _update(tuple(columns), tuple(where), unburned=change.unburned)
    return statement, [_stored(name, value) for name, value in (*columns.items(), *where.items())]


@lru_cache(maxsize=128)
def _update(columns: tuple[str, ...], where: tuple[str, ...], *, unburned: bool) -> str:
    """The statement of a transition, in bare SQL: it runs twice for each letter."""
    quote = connection.ops.quote_name
    sets = [f"{quote(name)} = %s" for name in columns] + (["attempts = attempts - 1"] if unburned else [])
    conditions = " AND ".join(f"{quote(name)} = %s" for name in where)
    return f"UPDATE {quote(Message._meta.db_table)} SET {', '.join(sets)} WHERE {conditions}"  # noqa: S608 - names only


def _stored(name: str, value: Any) -> Any:
    return value if value is None else Message._meta.get_field(name).get_db_prep_save(value, connection)  # type: ignore[union-attr]


def _told(change: Move, now: datetime) -> dict[str, Any]:
    return {
        "message_id": change.pk,
        "from_state": change.origin.value,
        "to_state": change.target.value,
        "phase": change.phase,
        "outcome": str(change.outcome),
        "smtp_code": change.smtp_code,
        "enhanced_code": change.enhanced_code,
        "duration_ms": None if change.duration is None else round(change.duration.total_seconds() * 1000),
        "worker": change.worker,
        "by_user_id": None if change.by_user is None else change.by_user.pk,
        "at": now,
    }
