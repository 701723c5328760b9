"""`bench plan`: what it costs to find who is owed a letter and to write the letter down.

Beside the bare statement (claim and INSERT in one, facts neither loaded nor decided) and a loop that treats each patient by
itself; how it grows with the patients that nothing is due for (beside a database with a tenth of them) and with those that are
due; and with a million patients beside a statement that looks at every patient's latest treatment. Five alternating rounds,
each undone; the commit is timed with the work.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bench.data import SIZES, Measured, due_today
from bench.report import Figure, alternating, milliseconds
from bench.smaller import Smaller
from botox_tracker.stack import Stack

REPEATS = 5
DUE = 1_000
#: Of a crowd that is alike in every database.
FEW, MANY = 300, 3_000
_CROWD = "due-"
MILLION = 1_000_000


def run(stack: Stack, data: Measured) -> Iterator[Figure]:
    """Plan the same due patients in each way; milliseconds a patient."""
    repeats = 1 if data.is_short else REPEATS
    now = datetime.now(UTC)
    due = _set_due(now)
    names: dict[str, Callable[[], float]] = {
        "product": lambda: _timed(lambda: _product(now), now),
        "statement": lambda: _timed(lambda: _statement(now), now),
        "loop": lambda: _timed(lambda: _loop(now), now),
    }
    if data.patients == MILLION:
        names["scan"] = lambda: _timed(lambda: _scan(now), now)
    took = alternating(repeats, names)
    each = took["product"] / due
    yield Figure("plan, a patient visited", each, "ms", took["statement"] / due, "bare claim and INSERT", 8)
    yield Figure("plan, against a loop by patient", each, "ms", took["loop"] / due, "a row at a time", 10, at_least=True)
    if data.patients == MILLION:
        yield Figure("plan, against looking at all", took["product"], "ms", took["scan"], "whole table", 5, at_least=True)
    yield from _growth(stack, data, repeats)


def _growth(stack: Stack, data: Measured, repeats: int) -> Iterator[Figure]:
    """Exponents: ten times the patients, and ten times those that are due."""
    make_crowd()
    sizes = {number: name for name, number in SIZES.items()}
    fewer = max((number for number in sizes if number < data.patients), default=0)
    works: dict[str, Callable[[], float]] = {"few": lambda: time_crowd(FEW), "many": lambda: time_crowd(MANY)}
    if not fewer:
        took = alternating(repeats, works)
    else:
        with Smaller(stack, sizes[fewer]) as smaller:
            took = alternating(repeats, {**works, "fewer patients": lambda: smaller.time_crowd(MANY)})
        exponent = math.log(took["many"] / took["fewer patients"]) / math.log(data.patients / fewer)
        yield Figure(f"plan, {sizes[fewer]} to {sizes[data.patients]} patients", exponent, "exponent", 0.1, "allowed", 1)
    exponent = math.log(took["many"] / took["few"]) / math.log(MANY / FEW)
    yield Figure(f"plan, {FEW} to {MANY} due", exponent, "exponent", 1.1, "allowed", 1)


def make_crowd() -> None:
    """Make the patients whose planning is timed beside those of another database."""
    from django.db import connection

    from clinic.management.faults.crowd import make_clinic, make_due
    from clinic.patients.models import Patient

    now = datetime.now(UTC)
    Patient.objects.filter(next_check_at__isnull=False).update(next_check_at=None)
    make_due(make_clinic(now=now), MANY, now=now, prefix=_CROWD)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    time_crowd(MANY)


def time_crowd(number: int) -> float:
    """Plan so many of the crowd, and undo it; milliseconds."""
    from clinic.patients.models import Patient

    crowd = Patient.objects.filter(record_number__startswith=_CROWD)
    crowd.filter(next_check_at__isnull=False).update(next_check_at=None)
    now = datetime.now(UTC)
    some = crowd.order_by("pk").values("pk")[:number]
    if Patient.objects.filter(pk__in=some).update(next_check_at=now) != number:
        raise RuntimeError("the crowd is not whole")
    _tidy()
    planned: list[int] = []
    took = milliseconds(lambda: planned.append(_product(now)))
    if planned != [number]:
        raise RuntimeError(f"{planned} letters were planned of {number}: the crowd does not fit the plan")
    _delete_since(now)
    return took


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
    _delete_since(now)
    due_today(today=now.date(), limit=DUE)
    _tidy()


def _delete_since(now: datetime) -> None:
    from clinic.audit import maintenance
    from clinic.patients.joined_causes import JoinedCause
    from clinic.patients.models import StaffTask
    from clinic.reminders.models import DeliveryAttempt, Message

    fresh = Message.objects.filter(created_at__gte=now)
    with maintenance("bench"):
        DeliveryAttempt.objects.filter(message__in=fresh).delete()
        JoinedCause.objects.filter(at__gte=now).delete()
    fresh.delete()
    StaffTask.objects.filter(created_at__gte=now).delete()


def _tidy() -> None:
    from django.db import connection

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


def _scan(now: datetime) -> None:
    """What needs no queue: every patient's latest treatment, and of those whose window has come near, a letter."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO clinic_message (
                   public_id, clinic_id, patient_id, step, ordinal, letter, follow_up_id, dedupe_key, message_id, language, state,
                   reason, due_at, ready_at, expires_at, worker, attempts, rendered_hash, recipient_hash, created_at, changed_at)
               SELECT gen_random_uuid(), p.clinic_id, p.id, 'INVITE', 1, 'invite', f.id, 'bare:' || f.id,
                   '<' || gen_random_uuid() || '@b>', 'en', 'READY', '', %(now)s, %(now)s, %(now)s + interval '60 days',
                   '', 0, '', '', %(now)s, %(now)s
               FROM (SELECT DISTINCT ON (patient_id) id, patient_id, performed_on FROM clinic_injectionsession
                     WHERE state = 'SIGNED' ORDER BY patient_id, performed_on DESC) latest
               JOIN clinic_patient p ON p.id = latest.patient_id
               JOIN clinic_followup f ON f.session_id = latest.id AND f.state = 'ACTIVE'
               WHERE f.opens_on - 14 <= %(now)s::date AND f.opens_on > %(now)s::date
               ORDER BY f.id LIMIT %(due)s
               ON CONFLICT (dedupe_key) DO NOTHING""",
            {"now": now, "due": DUE},
        )
