"""What the database itself refuses: changing signed or append-only records, and overlapping appointments.

The guards are put in place after every `migrate`, not by a migration: SQLite rebuilds a table for most schema
changes and drops its triggers without a word. Installing is idempotent. The only way around the record guards
is `audit.maintenance()`; there is none around the appointment guards but an overbooking with its reason.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

#: Rows of these tables are added and never changed or deleted.
APPEND_ONLY = (
    "clinic_auditevent",
    "clinic_consent",
    "clinic_contactattempt",
    "clinic_appointmentchange",
    "clinic_sideeffectversion",
    "clinic_review",
    "clinic_deliveryattempt",
)
#: Rows of these tables belong to a session's version and stand still once it is signed.
PARTS_OF_A_VERSION = ("clinic_injection", "clinic_vialuse")
VERSION = "clinic_sessionversion"
WINDOW = "clinic_maintenancewindow"
APPOINTMENT = "clinic_appointment"
LIVE = "('BOOKED', 'ARRIVED', 'TREATED')"

#: Names under which an overlap is refused, by who would be in two places at once.
PRACTITIONER_OVERLAP = "appointment_practitioner_no_overlap"
PATIENT_OVERLAP = "appointment_patient_no_overlap"
_OVERLAPS = ((PRACTITIONER_OVERLAP, "practitioner_id"), (PATIENT_OVERLAP, "patient_id"))

_CLOSED = f"NOT EXISTS (SELECT 1 FROM {WINDOW})"


def install(*, using: str = "default", **_signal: Any) -> None:
    """Put every guard in place on the database `using`. Does nothing before the tables exist."""
    connection = connections[using]
    needed = {*APPEND_ONLY, *PARTS_OF_A_VERSION, VERSION, WINDOW, APPOINTMENT}
    if not needed <= set(connection.introspection.table_names()):
        return
    statements = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def installed(connection: BaseDatabaseWrapper) -> set[str]:
    """Names of the guards that stand in this database, for tests and checks."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION SELECT conname FROM pg_constraint WHERE contype = 'x'"
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {str(row[0]) for row in cursor.fetchall()}


def _sqlite() -> list[str]:
    statements: list[str] = []

    def trigger(name: str, when: str, condition: str, message: str) -> None:
        statements.append(f"DROP TRIGGER IF EXISTS {name}")
        statements.append(
            f"CREATE TRIGGER {name} BEFORE {when} FOR EACH ROW WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )

    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            trigger(f"{table}_no_{event.lower()}", f"{event} ON {table}", _CLOSED, f"{table} is append-only")
    for event in ("UPDATE", "DELETE"):
        trigger(
            f"{VERSION}_no_{event.lower()}",
            f"{event} ON {VERSION}",
            f"OLD.signed_at IS NOT NULL AND {_CLOSED}",
            "a signed version never changes",
        )
    for table in PARTS_OF_A_VERSION:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            trigger(
                f"{table}_no_{event.lower()}",
                f"{event} ON {table}",
                f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.id = {row}.version_id AND v.signed_at IS NOT NULL) AND {_CLOSED}",
                "a signed version never changes",
            )
    for name, column in _OVERLAPS:
        for event, others in (("INSERT", ""), ("UPDATE", "AND a.id <> OLD.id")):
            trigger(
                f"{name}_{event.lower()}",
                f"{event} ON {APPOINTMENT}",
                f"NEW.state IN {LIVE} AND NEW.overbooked_reason = '' AND EXISTS ("
                f"SELECT 1 FROM {APPOINTMENT} a WHERE a.{column} = NEW.{column} {others} "
                f"AND a.state IN {LIVE} AND a.overbooked_reason = '' "
                f"AND a.starts_at < NEW.ends_at AND NEW.starts_at < a.ends_at)",
                name,
            )
    return statements


def _postgresql() -> list[str]:
    def function(name: str, refused_if: str, message: str) -> str:
        return f"""
            CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$
            BEGIN
                IF ({refused_if}) AND {_CLOSED} THEN
                    RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            END $guard$"""

    signed = f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.id = %s.version_id AND v.signed_at IS NOT NULL)"
    statements = [
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        function("clinic_refuse_any_change", "true", "this table is append-only"),
        function("clinic_refuse_change_of_signed", "OLD.signed_at IS NOT NULL", "a signed version never changes"),
        function("clinic_refuse_new_part_of_signed", signed % "NEW", "a signed version never changes"),
        function("clinic_refuse_old_part_of_signed", signed % "OLD", "a signed version never changes"),
    ]

    def trigger(name: str, when: str, table: str, calls: str, each: str = "ROW") -> None:
        statements.append(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        statements.append(f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {calls}()")

    for table in APPEND_ONLY:
        trigger(f"{table}_no_change", "UPDATE OR DELETE", table, "clinic_refuse_any_change")
    trigger(f"{VERSION}_no_change", "UPDATE OR DELETE", VERSION, "clinic_refuse_change_of_signed")
    for table in PARTS_OF_A_VERSION:
        trigger(f"{table}_no_insert", "INSERT", table, "clinic_refuse_new_part_of_signed")
        trigger(f"{table}_no_change", "UPDATE OR DELETE", table, "clinic_refuse_old_part_of_signed")
    for table in (*APPEND_ONLY, VERSION, *PARTS_OF_A_VERSION):
        trigger(f"{table}_no_truncate", "TRUNCATE", table, "clinic_refuse_any_change", each="STATEMENT")
    for name, column in _OVERLAPS:
        statements.append(
            f"""DO $guard$ BEGIN
                IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = '{name}'
                               AND conrelid = '{APPOINTMENT}'::regclass) THEN
                    ALTER TABLE {APPOINTMENT} ADD CONSTRAINT {name} EXCLUDE USING gist (
                        {column} WITH =, tstzrange(starts_at, ends_at) WITH &&
                    ) WHERE (state IN {LIVE} AND overbooked_reason = '');
                END IF;
            END $guard$"""
        )
    return statements
