"""A large invented clinic for measuring, written by PostgreSQL itself in seconds to minutes.

Every patient has a condition, three signed treatments, an active follow-up and consents; one in seven is booked, one
treatment in twelve has a side effect. About one patient in 240 becomes due each day. Figures follow `docs/clinical-sources.md`
only roughly: what matters here is how many rows stand in which table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
POINTS = {"1k": 15, "10k": 15, "100k": 15, "1m": 4}
PRACTITIONERS = 40
STATEMENTS = Path(__file__).with_name("data.sql")


@dataclass(frozen=True)
class Measured:
    """What the measuring needs to know of the data."""

    patients: int
    clinic_id: int
    user_email: str
    password: str
    is_short: bool = False


def fill(size: str, *, is_short: bool = False, now: datetime) -> Measured:
    """Fill an empty, migrated PostgreSQL database. Foreign keys and guards are not asked while it writes."""
    from clinic.accounts import User
    from clinic.practice.models import Clinic, Membership, Practitioner
    from clinic.reminders.plans import ensure_plan
    from clinic.scheduling.models import VisitKind
    from clinic.toxins.models import Indication, Presentation, Site

    call_command("load_catalogue", verbosity=0)
    clinic = Clinic.objects.create(
        name="Large clinic", sender_name="Large clinic", phone="020 555 0100", address="Quay Street 4",
        emergency_text="In an emergency call 112.", time_zone="Europe/Lisbon", reply_to="desk@example.org",
        sending_from="00:00", sending_until="23:59", sending_weekdays=[0, 1, 2, 3, 4, 5, 6],
    )  # fmt: skip
    user = User.objects.create_user("bench@example.org", "long-enough-to-measure", name="Measure")
    Membership.objects.create(user=user, clinic=clinic, role="ADMIN")
    for number in range(PRACTITIONERS):
        Practitioner.objects.create(name=f"Practitioner {number + 1}").clinics.add(clinic)
    kind = VisitKind.objects.create(clinic=clinic, code="TREATMENT", name="Visit", minutes=30)
    ensure_plan(clinic=clinic, now=now)
    indication = Indication.objects.get(code="HFS")
    presentation = Presentation.objects.filter(product__family="ONA_INCO").order_by("pk")[0]
    first_site = Site.objects.filter(indications=indication, is_selectable=True).order_by("pk")[0]
    names = {
        "n": SIZES[size], "points": POINTS[size], "clinic": clinic.pk, "user": user.pk, "kind": kind.pk,
        "indication": indication.pk, "product": presentation.product_id, "site": first_site.pk, "today": now.date(), "now": now,
        "practitioner": Practitioner.objects.order_by("pk")[0].pk, "practitioners": PRACTITIONERS,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in STATEMENTS.read_text().split(";\n"):
            if statement.strip():
                cursor.execute(statement, names)
        for table in connection.introspection.table_names(cursor):
            if table.startswith("clinic_"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) IS NOT NULL"
                )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Measured(SIZES[size], clinic.pk, user.email, "long-enough-to-measure", is_short)


def due_today(*, today: date, limit: int | None = None) -> int:
    """Have the engine look at the patients whose invitation is due today (or at the first `limit` of all); return how many."""
    with connection.cursor() as cursor:
        if limit is None:
            cursor.execute(
                "UPDATE clinic_patient SET next_check_at = now() FROM clinic_followup f "
                "WHERE f.patient_id = clinic_patient.id AND f.state = 'ACTIVE' AND f.opens_on - 14 = %s",
                [today],
            )
        else:
            cursor.execute(
                "UPDATE clinic_patient SET next_check_at = now() WHERE id IN (SELECT f.patient_id FROM clinic_followup f "
                "WHERE f.state = 'ACTIVE' AND f.opens_on - 14 <= %s AND f.opens_on > %s ORDER BY f.id LIMIT %s)",
                [today, today, limit],
            )
        return int(cursor.rowcount)
