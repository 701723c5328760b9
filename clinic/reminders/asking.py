"""Asks again, under the patient's lock, whether a letter may go: the last question before it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection

from clinic.patients.models import Patient
from clinic.practice.models import Clinic
from clinic.reminders import facts
from clinic.reminders.addresses import address_hash, domain_hash
from clinic.reminders.models import DomainHold, EngineState, Message, Suppression
from clinic.reminders.situation import Situation

#: Another worker's intent may carry a time this much before the moment at which it could be seen.
_UNSEEN = timedelta(minutes=2)


def locked_situation(known: Situation, *, message_id: int, address: str, looked_at: datetime, now: datetime) -> Situation:
    """Lock the patient's row until the transaction ends and return their situation as it is now.

    `known` was loaded at `looked_at`. It still holds if nobody has raised the patient's revision, which every service that
    changes one of these facts does under this same lock, and no moment has come at which time alone changes a decision; what
    changes without it is asked for here. Otherwise all is loaded again. On SQLite the transaction itself is the lock.
    """
    untouched = _locked_and_untouched(known, now)
    if untouched and not _anything_else(known, message_id, address, looked_at, now):
        return known
    return facts.load([known.patient_id], at=now)[known.patient_id]


def _locked_and_untouched(known: Situation, now: datetime) -> bool:
    """Lock the patient's row: an UPDATE that raises the revision waits for us, or we have waited for it."""
    lock = "FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    condition, values = _untouched(known, now)
    statement = f"SELECT {condition} FROM {Patient._meta.db_table} WHERE id = %s {lock}"  # noqa: S608 - names and constants only
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, known.patient_id])
        found = cursor.fetchone()
    return found is not None and bool(found[0])


def _anything_else(known: Situation, message_id: int, address: str, looked_at: datetime, now: datetime) -> bool:
    """Whether a pause, another letter, a suppression or a wait of the domain has come since."""
    condition, values = _something_came(known, message_id, address, looked_at, now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {condition}", values)
        return bool(cursor.fetchone()[0])


def still_holds(known: Situation, *, message_id: int, address: str, looked_at: datetime, now: datetime) -> tuple[str, list[Any]]:
    """Return the same question as a condition in SQL, for a statement that has the patient's row locked, with its values."""
    untouched, values = _untouched(known, now)
    something, more = _something_came(known, message_id, address, looked_at, now)
    table = Patient._meta.db_table
    condition = f"EXISTS (SELECT 1 FROM {table} WHERE id = %s AND {untouched}) AND NOT ({something})"  # noqa: S608 - the same
    return condition, [known.patient_id, *values, *more]


def _untouched(known: Situation, now: datetime) -> tuple[str, list[Any]]:
    """Of the patient's row: nobody has changed what a decision looks at, and no moment for a new one has come."""
    condition = "(facts_revision = %s AND (next_check_at IS NULL OR next_check_at > %s))"
    return condition, [known.revision, connection.ops.adapt_datetimefield_value(now)]


def _something_came(known: Situation, message_id: int, address: str, looked_at: datetime, now: datetime) -> tuple[str, list[Any]]:
    """Of what changes without the patient's row: a pause, another letter, a suppression, a wait of the domain."""
    moment = connection.ops.adapt_datetimefield_value
    values = [
        known.clinic_id,
        known.patient_id,
        message_id,
        moment(looked_at - _UNSEEN),
        known.clinic_id,
        address_hash(address),
        domain_hash(address),
        moment(now),
    ]
    return _came(), values


@cache
def _came() -> str:
    engine, clinic, message = (model._meta.db_table for model in (EngineState, Clinic, Message))
    suppression, domain = (model._meta.db_table for model in (Suppression, DomainHold))
    return f"""
        EXISTS (SELECT 1 FROM {engine} WHERE paused_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM {clinic} WHERE id = %s AND letters_paused_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM {message} WHERE patient_id = %s AND id <> %s AND handoff_at >= %s)
            OR EXISTS (SELECT 1 FROM {suppression} WHERE clinic_id = %s AND address_hash = %s AND lifted_at IS NULL)
            OR EXISTS (SELECT 1 FROM {domain} WHERE domain_hash = %s AND until > %s)
    """  # noqa: S608 - names of tables only
