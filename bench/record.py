"""`bench record`: what it costs to record and sign a treatment of thirty points.

Beside the very statements that signing runs, run again with the same values by a bare script over the same connection: what
remains is what checking, building and locking in Python costs. Both begin a transaction and commit it, each for patients of its
own, by turns; each run comes right after a trial for the same patient that is undone, which tells the script its statements and
leaves the same rows in the database's memory for both. Savepoints are left out of the script: it has nothing to go back to.
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
ROUNDS = 5
#: In each round, for each way.
PATIENTS = 20

Statement = tuple[str, Any, bool]
_NOT_REPEATED = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT schemaname", "SELECT setval")


def run(stack: Stack, data: Measured) -> list[Figure]:
    """Record treatments of patients of the large clinic in both ways; the median of the rounds' medians."""
    from clinic.patients.models import Condition

    rounds, patients = (1, 2) if data.is_short else (ROUNDS, PATIENTS)
    desk = _Desk(data)
    newest = Condition.objects.order_by("-pk").select_related("patient__clinic", "indication")
    conditions = iter(newest[: 1 + rounds * patients * 2])
    # Once beforehand, so that no round pays for what is read or put into SQL a single time.
    _undone(desk.signing(next(conditions)))
    by_service: list[float] = []
    by_script: list[float] = []
    counted: list[int] = []
    for _ in range(rounds):
        service, script = [], []
        for _ in range(patients):
            sign = desk.signing(next(conditions))
            counted.append(len(_captured(sign)))
            service.append(milliseconds(sign))
            statements = _captured(desk.signing(next(conditions)))
            script.append(milliseconds(partial(_replay, statements)))
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
    """One clinician, a new vial for each treatment, and the points of the indication."""

    def __init__(self, data: Measured) -> None:
        from clinic.accounts import User
        from clinic.audit import Actor
        from clinic.practice.models import Clinic, Membership, Practitioner
        from clinic.toxins.models import Indication, Lot, Presentation, Site, Vial

        self.now = datetime.now(UTC)
        clinic = Clinic.objects.get(pk=data.clinic_id)
        presentation = Presentation.objects.filter(product__family="ONA_INCO").order_by("pk")[0]
        lot = Lot.objects.create(
            product=presentation.product, number="BENCH1", number_key="BENCH1", expires_on=self.now.date() + timedelta(days=300)
        )
        self.new_vial = partial(
            Vial.objects.create, clinic=clinic, lot=lot, presentation=presentation, labelled_units=presentation.vial_units,
            received_on=self.now.date() - timedelta(days=1),
        )  # fmt: skip
        user = User.objects.create_user("clinician@example.org", data.password, name="Clinician")
        Membership.objects.create(user=user, clinic=clinic, role="CLINICIAN")
        self.by = Actor.of_user(user)
        self.practitioner = Practitioner.objects.filter(clinics=clinic).order_by("pk")[0]
        self.sites = list(Site.objects.filter(indications=Indication.objects.get(code="HFS"), is_selectable=True).order_by("pk"))
        self.today: date = self.now.astimezone(clinic.zone).date()

    def signing(self, condition: Any) -> Callable[[], object]:
        """What signs one treatment of thirty points of one unit each, with an answer to whatever the checks ask."""
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
            vials=[self.new_vial()],
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
        try:
            _undone(sign)
        except TreatmentRefused as refused:
            return partial(sign, reasons={one.key: "measured" for one in refused.unanswered})
        return sign


def _captured(work: Callable[[], object]) -> Sequence[Statement]:
    """Do the work and undo it; its statements with their values."""
    from django.db import connection

    seen: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_NOT_REPEATED):
            seen.append((sql, params, many))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        _undone(work)
    return seen


def _replay(statements: Sequence[Statement]) -> None:
    """Run the statements in a transaction and fetch what they return, with nothing in between."""
    from django.db import connection

    with connection.connection.transaction(), connection.connection.cursor() as cursor:
        for sql, params, many in statements:
            if many:
                cursor.executemany(sql, params)
            else:
                cursor.execute(sql, params)
                if cursor.description is not None:
                    cursor.fetchall()


def _undone(work: Callable[[], object]) -> None:
    """Do the work with nothing of it left; the next rows get the same numbers again."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.' || sequencename, coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
        )
        stood = cursor.fetchall()
    try:
        with transaction.atomic():
            work()
            transaction.set_rollback(True)
    finally:
        with connection.cursor() as cursor:
            cursor.executemany("SELECT setval(%s, %s, %s)", stood)
