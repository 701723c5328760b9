"""One planner at a time. Two would change nothing, because what they write is unique; they would only waste time."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from clinic.reminders.models import EngineState

#: PostgreSQL's name for it.
_LOCK = 7_250_011
#: Where the database has no such lock, one planner keeps the others out for this long after its last batch.
_LEASE = timedelta(minutes=2)


def hold(token: uuid.UUID, now: datetime) -> bool:
    """Keep other planners out until this transaction (on SQLite: until `let_go`); False if one is at work."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            return bool(cursor.fetchone()[0])
    free = Q(planning_until__isnull=True) | Q(planning_until__lte=now) | Q(planning_token=token)
    taken = EngineState.objects.filter(free, pk=1).update(planning_until=now + _LEASE, planning_token=token)
    return taken == 1


def let_go(token: uuid.UUID) -> None:
    """Let others plan, where the end of the transaction does not."""
    if connection.vendor != "postgresql":
        EngineState.objects.filter(pk=1, planning_token=token).update(planning_until=None, planning_token=None)
