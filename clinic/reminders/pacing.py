"""Gives each recipient domain no more letters a minute than it takes well, however many workers there are."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models

from clinic.reminders.addresses import domain_hash


class DomainPace(models.Model):
    """How many letters a recipient domain (by keyed hash) was given, or asked for, in the minute that is under way."""

    domain_hash = models.CharField(max_length=64, unique=True)
    minute = models.DateTimeField()
    asked = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.asked} at {self.minute:%H:%M}"


def not_before(address: str, *, now: datetime) -> datetime | None:
    """Count a letter to this address's domain; None if it may go now, else the minute in which its turn comes.

    The letters beyond a minute's number are spread over the minutes to come, so that each is put off once and not every minute.
    Without a limit (LETTERS_PER_DOMAIN_A_MINUTE) nothing is asked and nothing is counted.
    """
    limit = settings.LETTERS_PER_DOMAIN_A_MINUTE
    if limit <= 0:
        return None
    minute = now.replace(second=0, microsecond=0)
    minutes_ahead = (_count(domain_hash(address), minute) - 1) // limit
    return minute + timedelta(minutes=minutes_ahead) if minutes_ahead else None


def _count(digest: str, minute: datetime) -> int:
    """The number of this letter among its domain's of this minute: one statement, so that no two workers have the same."""
    table = DomainPace._meta.db_table
    statement = f"""
        INSERT INTO {table} (domain_hash, minute, asked) VALUES (%s, %s, 1)
        ON CONFLICT (domain_hash) DO UPDATE SET
            asked = CASE WHEN {table}.minute = excluded.minute THEN {table}.asked + 1 ELSE 1 END, minute = excluded.minute
        RETURNING asked
    """  # noqa: S608 - the table's name only
    with connection.cursor() as cursor:
        cursor.execute(statement, [digest, connection.ops.adapt_datetimefield_value(minute)])
        return int(cursor.fetchone()[0])
