"""`bench record`: what it costs to record and sign a treatment of thirty points.

Beside the very statements that the service runs, run again by a bare script over the same connection: what remains is what
checking, building and locking in Python costs. Both are held to their foreign keys before they are undone, because PostgreSQL
checks those only at the end of a transaction. Five alternating rounds of several patients each.
"""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from bench.data import Measured
from bench.report import Figure, milliseconds
from botox_tracker.stack import Stack

POINTS = 30
REPEATS = 5
PATIENTS = 20

Statement = tuple[str, Any, bool]
_NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET CONSTRAINTS", "SELECT schemaname", "SELECT setval")


def run(stack: Stack, data: Measured) -> list[Figure]:
    """Record treatments of new patients of the large clinic in both ways; the median of the rounds' medians."""
    from clinic.patients.models import Condition

    desk = _Desk(data)
    newest = Condition.objects.order_by("-pk").select_related("patient__clinic", "indication")[: PATIENTS + 1]
    first, *conditions = list(newest)
    # Each once beforehand, so that no round pays for finding out what the checks ask.
    for condition in (first, *conditions):
        _undone(lambda condition=condition: desk.record(condition))
    by_service: list[float] = []
    by_script: list[float] = []
    counted = []
    for _ in range(REPEATS):
        service, script = [], []
        for condition in conditions:
            service.append(_undone(lambda condition=condition: desk.record(condition)))
            statements = _captured(lambda condition=condition: desk.record(condition))
            counted.append(len(statements))
            script.append(_undone(lambda statements=statements: _replay(statements)))
        by_service.append(statistics.median(service))
        by_script.append(statistics.median(script))
    return [
        Figure(
            f"record, {POINTS} points",
            statistics.median(by_service),
            "ms",
            statistics.median(by_script),
            "the same statements, bare",
            1.5,
        ),
        Figure("record, queries", max(counted), "queries", 25, "allowed", 1),
    ]


class _Desk:
    """One clinician with one vial large enough, and the points of the indication."""

    def __init__(self, data: Measured) -> None:
        from clinic.accounts import User
        from clinic.audit import Actor
        from clinic.practice.models import Clinic, Practitioner
        from clinic.toxins.models import Indication, Lot, Presentation, Site, Vial

        self.now = datetime.now(UTC)
        clinic = Clinic.objects.get(pk=data.clinic_id)
        presentation = Presentation.objects.filter(product__family="ONA_INCO").order_by("pk")[0]
        lot = Lot.objects.create(
            product=presentation.product, number="BENCH1", number_key="BENCH1", expires_on=self.now.date() + timedelta(days=300)
        )
        self.vial = Vial.objects.create(
            clinic=clinic, lot=lot, presentation=presentation, labelled_units=presentation.vial_units,
            received_on=self.now.date() - timedelta(days=1),
        )  # fmt: skip
        self.by = Actor.of_user(User.objects.get(email=data.user_email))
        self.practitioner = Practitioner.objects.filter(clinics=clinic).order_by("pk")[0]
        self.sites = list(Site.objects.filter(indications=Indication.objects.get(code="HFS"), is_selectable=True).order_by("pk"))
        self.reasons: dict[int, dict[str, str]] = {}
        self.today: date = self.now.astimezone(clinic.zone).date()

    def record(self, condition: Any) -> None:
        """Sign one treatment of thirty points of one unit each, with an answer to whatever the checks ask of this patient."""
        from clinic.care.services import complete_visit
        from clinic.toxins.models import Laterality
        from clinic.treatments.checks.answers import NO, Item
        from clinic.treatments.services import Point, TreatmentRefused

        sites = (self.sites * POINTS)[:POINTS]
        sign = partial(
            complete_visit,
            by=self.by,
            patient=condition.patient,
            condition=condition,
            practitioner=self.practitioner,
            vials=[self.vial],
            points=[
                Point(
                    site,
                    "MIDLINE" if site.laterality == Laterality.MIDLINE else condition.side,
                    Decimal(1),
                    label=f"point {number}",
                )
                for number, site in enumerate(sites)
            ],
            performed_on=self.today,
            public_id=uuid.uuid4(),
            answers={str(item): NO for item in Item},
            now=self.now,
        )
        if condition.pk not in self.reasons:
            # What the checks ask depends on the patient alone: found out once, in a trial that is undone.
            self.reasons[condition.pk] = {}
            try:
                _undone(sign)
            except TreatmentRefused as refused:
                self.reasons[condition.pk] = {one.key: "measured" for one in refused.unanswered}
        sign(reasons=self.reasons[condition.pk])


def _captured(work: Callable[[], object]) -> Sequence[Statement]:
    """Do the work and undo it; its statements with their values."""
    from django.db import connection

    seen: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_NOT_COUNTED):
            seen.append((sql, params, many))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        _undone(work)
    return seen


def _replay(statements: Sequence[Statement]) -> None:
    """Run the statements and fetch what they return, with nothing in between."""
    from django.db import connection

    with connection.connection.cursor() as cursor:
        for sql, params, many in statements:
            if many:
                cursor.executemany(sql, params)
            else:
                cursor.execute(sql, params)
                if cursor.description is not None:
                    cursor.fetchall()


def _undone(work: Callable[[], object]) -> float:
    """Milliseconds of the work with its foreign keys checked. Nothing of it stays; the next rows get the same numbers again."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
        )
        stood = cursor.fetchall()
    with transaction.atomic():
        took = milliseconds(lambda: (work(), connection.check_constraints()))
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.executemany("SELECT setval(%s, %s, %s)", stood)
    return took
