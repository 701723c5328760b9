"""Commits the intent to hand a letter over in one exchange with the database, where nothing has changed since it was decided."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import OperationalError, connection

from clinic.patients.models import Patient
from clinic.reminders import asking, states
from clinic.reminders.addresses import address_hash
from clinic.reminders.claiming import Claim
from clinic.reminders.in_hand import InHand
from clinic.reminders.states import State
from clinic.reminders.transitions import Move, in_one_statement

_LOCK_NOT_AVAILABLE = "55P03"


def intent(in_hand: InHand, claimed: Claim, content: bytes, *, worker: str, now: datetime) -> Move:
    """Return the move that says, before the letter leaves, that it is about to."""
    return Move(
        pk=in_hand.message.pk,
        origin=State.CLAIMED,
        target=State.HANDOFF,
        outcome="INTENT",
        token=claimed.token,
        handoff_at=now,
        rendered_hash=hashlib.sha256(content).hexdigest(),
        also_about=in_hand.also_about,
        recipient_hash=address_hash(in_hand.message.patient.email) if in_hand.message.patient else "",
        worker=worker,
    )


def commit_if_unchanged(change: Move, in_hand: InHand, *, now: datetime) -> bool:
    """Commit the intent if the patient's situation is as it was loaded; False, and nothing written: ask again at length.

    The caller has just decided by what was loaded, as of `now`. Two statements travel together and are one transaction: the first
    locks the patient's row; the second sees all that was committed by then, looks whether all is as it was (`asking`), and
    writes. Who holds the lock is not waited for, so that no time passes between decision and intent. PostgreSQL only.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return False
    states.check(change.origin, change.target)
    known, patient = in_hand.situation, in_hand.message.patient
    condition, given = asking.still_holds(
        known, message_id=change.pk, address=patient.email if patient else "", looked_at=in_hand.looked_at, now=now
    )
    move, values = in_one_statement(change, now=now, condition=condition, given=given)
    lock = f"SELECT 1 FROM {Patient._meta.db_table} WHERE id = %s FOR NO KEY UPDATE NOWAIT"  # noqa: S608 - the table's name only
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"{lock}; {move}", [known.patient_id, *values])
            cursor.nextset()
            return bool(cursor.rowcount == 1)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
            return False
        raise
