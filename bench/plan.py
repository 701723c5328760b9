"""`bench plan`: what it costs to find who is owed a letter and to write the letter down.

Beside the bare statement (claim and INSERT in one, facts neither loaded nor decided) and a loop that treats each patient by
itself. Five alternating rounds, each undone; the commit is timed with the work.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.data import Measured, due_today
from bench.report import Figure, alternating, milliseconds
from botox_tracker.stack import Stack

REPEATS = 5
DUE = 1_000


def run(stack: Stack, data: Measured) -> list[Figure]:
    """Plan the same due patients in each way; milliseconds a patient."""
    now = datetime.now(UTC)
    due = _set_due(now)
    names = {
        "product": lambda: _timed(lambda: _product(now), now),
        "statement": lambda: _timed(lambda: _statement(now), now),
        "loop": lambda: _timed(lambda: _loop(now), now),
    }
    took = alternating(REPEATS, names)
    each = took["product"] / due
    return [
        Figure("plan, a patient visited", each, "ms", took["statement"] / due, "bare claim and INSERT", 8),
        Figure("plan, against a loop by patient", each, "ms", took["loop"] / due, "a row at a time", 10, at_least=True),
    ]


def _set_due(now: datetime) -> int:
    from clinic.reminders.models import Message

    due = due_today(today=now.date(), limit=DUE)
    owed = _product(now)
    _undo(now)
    if owed < due // 3:
        raise RuntimeError(f"only {owed} of {due} patients are owed a letter: the data does not fit the plan")
    Message.objects.filter(dedupe_key__startswith="bare:").delete()
    return due


def _timed(work: Callable[[], object], now: datetime) -> float:
    took = milliseconds(work)
    _undo(now)
    return took


def _undo(now: datetime) -> None:
    from django.db import connection

    from clinic.audit import maintenance
    from clinic.patients.models import StaffTask
    from clinic.reminders.models import DeliveryAttempt, Message

    fresh = Message.objects.filter(created_at__gte=now)
    with maintenance("bench"):
        DeliveryAttempt.objects.filter(message__in=fresh).delete()
    fresh.delete()
    StaffTask.objects.filter(created_at__gte=now).delete()
    due_today(today=now.date(), limit=DUE)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE clinic_message, clinic_patient")


def _product(now: datetime) -> int:
    from clinic.reminders import planning

    later = datetime.now(UTC) + timedelta(seconds=1)
    return planning.run(clock=lambda: later, until=later + timedelta(hours=1)).letters


def _statement(now: datetime) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """WITH due AS (
                   SELECT id FROM clinic_patient WHERE next_check_at <= now() ORDER BY next_check_at, id LIMIT 10000
                   FOR UPDATE SKIP LOCKED
               ), claimed AS (
                   UPDATE clinic_patient p SET next_check_at = NULL FROM due WHERE p.id = due.id
                   RETURNING p.id, p.clinic_id
               )
               INSERT INTO clinic_message (
                   public_id, clinic_id, patient_id, step, ordinal, letter, follow_up_id, dedupe_key, message_id, language, state,
                   reason, due_at, ready_at, expires_at, worker, attempts, rendered_hash, recipient_hash, created_at, changed_at)
               SELECT gen_random_uuid(), c.clinic_id, c.id, 'INVITE', 1, 'invite', f.id, 'bare:' || f.id,
                   '<' || gen_random_uuid() || '@b>', 'en', 'READY', '', %(now)s, %(now)s, %(now)s + interval '60 days',
                   '', 0, '', '', %(now)s, %(now)s
               FROM claimed c JOIN clinic_followup f ON f.patient_id = c.id AND f.state = 'ACTIVE'
               ON CONFLICT (dedupe_key) DO NOTHING""",
            {"now": now},
        )


def _loop(now: datetime) -> None:
    from clinic.patients.models import Patient
    from clinic.reminders.models import Message

    for patient in Patient.objects.filter(next_check_at__lte=datetime.now(UTC)).order_by("pk"):
        follow_up = patient.follow_ups.filter(state="ACTIVE").first()
        if follow_up and not follow_up.appointments.filter(state="BOOKED").exists():
            Message.objects.get_or_create(
                dedupe_key=f"bare:{follow_up.pk}",
                defaults={
                    "clinic_id": patient.clinic_id, "patient": patient, "step": "INVITE", "letter": "invite",
                    "follow_up": follow_up, "message_id": f"<{uuid.uuid4()}@b>", "language": "en", "due_at": now, "ready_at": now,
                    "expires_at": now + timedelta(days=60), "created_at": now, "changed_at": now,
                },
            )  # fmt: skip
        patient.next_check_at = None
        patient.save(update_fields=["next_check_at"])
