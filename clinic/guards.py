"""What the database itself refuses: changing signed or append-only records, and overlapping appointments.

The guards are put in place after every `migrate`, not by a migration: SQLite rebuilds a table for most schema
changes and drops its triggers without a word. It refuses to rebuild one that a trigger of another table asks, so
there they are taken down before a `migrate` that has something to do. Installing is idempotent. The only way around
the record guards is `audit.maintenance()`; there is none around the appointment guards but an overbooking with its
reason.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    "clinic_sessionvoid",
    "clinic_voideduse",
    "clinic_lotdecision",
    "clinic_vialdiscard",
    "clinic_override",
    "clinic_signedleaflet",
    "clinic_document",
    "clinic_letterwording",
    "clinic_documentwithdrawal",
    "clinic_ruleverification",
    "clinic_bookingoverride",
    "clinic_intervalreason",
    "clinic_joinedcause",
)
#: Rows of these tables belong to a session's version and stand still once it is signed.
PARTS_OF_A_VERSION = ("clinic_injection", "clinic_vialuse", "clinic_precheck")
#: Rows of these tables are voided once, with the columns beginning with "void", and otherwise never changed or deleted.
VOIDABLE = {
    "clinic_givenelsewhere": (
        "id", "public_id", "patient_id", "product_id", "units", "given_on", "place", "noted_by_id", "noted_at",
    ),
}  # fmt: skip
VERSION = "clinic_sessionversion"
SESSION = "clinic_injectionsession"
DOCUMENT = "clinic_document"
RULE = "clinic_labelrule"
WINDOW = "clinic_maintenancewindow"
APPOINTMENT = "clinic_appointment"
LIVE = "('BOOKED', 'ARRIVED', 'TREATED')"

#: Names under which an overlap is refused, by who would be in two places at once.
PRACTITIONER_OVERLAP = "appointment_practitioner_no_overlap"
PATIENT_OVERLAP = "appointment_patient_no_overlap"
_OVERLAPS = ((PRACTITIONER_OVERLAP, "practitioner_id"), (PATIENT_OVERLAP, "patient_id"))

_CLOSED = f"NOT EXISTS (SELECT 1 FROM {WINDOW})"
_SIGNED = "a signed version never changes"
_KEPT = "a signed treatment changes by a further version alone"
#: Once signed, a session stays whose it is and never is a draft again; what it repeats of its version changes only with it.
_SESSION_GUARDED = {
    "UPDATE": "OLD.state <> 'DRAFT' AND (NEW.state = 'DRAFT' OR (OLD.state = 'VOID' AND NEW.state <> 'VOID') OR "
    + " OR ".join(
        f"NEW.{name} <> OLD.{name}" for name in ("id", "public_id", "patient_id", "condition_id", "clinic_id", "created_at")
    )
    + " OR (NEW.current_version_id = OLD.current_version_id AND ("
    + " OR ".join(f"NEW.{name} <> OLD.{name}" for name in ("performed_on", "practitioner_id", "product_id"))
    + ")))",
    "DELETE": "OLD.state <> 'DRAFT'",
}
_VOIDED = "is voided once and never changed"
#: What was shown at signing, and what a clinician compared with the label, cannot come to say something else.
_RULE_KEPT = "a rule in use changes by a further version alone"
#: What a rule says, all but its last day: which days may still be named for that is the service's to know, who has a clock.
RULE_SAYS = (
    "id", "public_id", "code", "product_id", "indication_id", "jurisdiction", "scope", "units", "units_per_kg", "age_from",
    "age_until", "interval_value", "interval_unit", "only_first", "muscle", "wording", "valid_from", "source",
    "from_general_knowledge", "clinic_id", "replaces_id", "written_by_id", "written_at",
)  # fmt: skip
#: A document names no other patient's treatment. It never changes afterwards, and a signed treatment keeps its patient.
_ANOTHERS = "a document belongs to a treatment of its own patient"
_OF_ANOTHER = (
    f"NEW.session_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {SESSION} s "
    "WHERE s.id = NEW.session_id AND s.patient_id = NEW.patient_id AND s.state <> 'DRAFT')"
)
#: By event: which versions a part comes from or goes to. A part is neither taken out of a signed version nor moved into one.
_PARTS_GUARDED = {"INSERT": "NEW.version_id", "UPDATE": "OLD.version_id, NEW.version_id", "DELETE": "OLD.version_id"}


def _signed(versions: str) -> str:
    return f"EXISTS (SELECT 1 FROM {VERSION} v WHERE v.id IN ({versions}) AND v.signed_at IS NOT NULL)"


def _in_use(rule: str) -> str:
    """A rule that a clinic has written, verified or followed by a version of its own."""
    return (
        f"({rule}.clinic_id IS NOT NULL OR EXISTS (SELECT 1 FROM clinic_ruleverification v WHERE v.rule_id = {rule}.id)"
        f" OR EXISTS (SELECT 1 FROM {RULE} n WHERE n.replaces_id = {rule}.id))"
    )


def _rule_changed(differs: str) -> str:
    return f"({' OR '.join(f'NEW.{name} {differs} OLD.{name}' for name in RULE_SAYS)})"


def _quoted(name: str) -> str:
    return f'"{name}"'


def install(*, using: str = "default", **_signal: Any) -> None:
    """Put every guard in place on the database `using`. Does nothing before the tables exist."""
    connection = connections[using]
    needed = {*APPEND_ONLY, *PARTS_OF_A_VERSION, *VOIDABLE, VERSION, SESSION, RULE, WINDOW, APPOINTMENT}
    if not needed <= set(connection.introspection.table_names()):
        return
    statements = _postgresql() if connection.vendor == "postgresql" else _sqlite(_keys(connection))
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def lift(*, using: str = "default", plan: Sequence[object] = (True,), **_signal: Any) -> None:
    """Take the guards down on SQLite before the migrations of `plan`; `install` puts them back. Does nothing on PostgreSQL."""
    connection = connections[using]
    if not plan or connection.vendor == "postgresql":
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for name in installed(connection):
            if name.startswith(("clinic_", *(overlap for overlap, _column in _OVERLAPS))):
                cursor.execute(f"DROP TRIGGER {name}")


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


def _keys(connection: BaseDatabaseWrapper) -> dict[str, list[list[str]]]:
    """By protected table: each set of columns in which no two of its rows may be alike."""
    with connection.cursor() as cursor:
        return {
            table: [
                constraint["columns"]
                for constraint in connection.introspection.get_constraints(cursor, table).values()
                if constraint["columns"] and (constraint["unique"] or constraint["primary_key"])
            ]
            for table in (*APPEND_ONLY, VERSION, SESSION, RULE, *PARTS_OF_A_VERSION, *VOIDABLE)
        }


def _sqlite_trigger(name: str, when: str, condition: str, message: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {when} FOR EACH ROW WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]


def _sqlite_overlaps() -> list[str]:
    statements: list[str] = []
    for name, column in _OVERLAPS:
        for event, others in (("INSERT", ""), ("UPDATE", "AND a.id <> OLD.id")):
            statements += _sqlite_trigger(
                f"{name}_{event.lower()}",
                f"{event} ON {APPOINTMENT}",
                f"NEW.state IN {LIVE} AND NEW.overbooked_reason = '' AND EXISTS ("
                f"SELECT 1 FROM {APPOINTMENT} a WHERE a.{column} = NEW.{column} {others} "
                f"AND a.state IN {LIVE} AND a.overbooked_reason = '' "
                f"AND a.starts_at < NEW.ends_at AND NEW.starts_at < a.ends_at)",
                name,
            )
    return statements


def _sqlite(keys: dict[str, list[list[str]]]) -> list[str]:
    statements: list[str] = []

    def trigger(name: str, when: str, condition: str, message: str) -> None:
        statements.extend(_sqlite_trigger(name, when, condition, message))

    def no_replacing(table: str, protected: str, message: str, events: tuple[str, ...]) -> None:
        # INSERT OR REPLACE deletes the row it collides with without asking any DELETE trigger.
        alike = " OR ".join(f"({' AND '.join(f'o.{name} = NEW.{name}' for name in map(_quoted, key))})" for key in keys[table])
        for event in events:
            other = "AND o.id <> OLD.id" if event == "UPDATE" else ""
            trigger(
                f"{table}_no_replacing_{event.lower()}",
                f"{event} ON {table}",
                f"EXISTS (SELECT 1 FROM {table} o WHERE ({alike}) AND {protected} {other}) AND {_CLOSED}",
                message,
            )

    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            trigger(f"{table}_no_{event.lower()}", f"{event} ON {table}", _CLOSED, f"{table} is append-only")
        no_replacing(table, "true", f"{table} is append-only", ("INSERT",))
    for table, columns in VOIDABLE.items():
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)
        trigger(f"{table}_no_delete", f"DELETE ON {table}", _CLOSED, f"{table} {_VOIDED}")
        trigger(
            f"{table}_no_update",
            f"UPDATE ON {table}",
            f"(OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR {changed}) AND {_CLOSED}",
            f"{table} {_VOIDED}",
        )
        no_replacing(table, "true", f"{table} {_VOIDED}", ("INSERT",))
    no_replacing(VERSION, "o.signed_at IS NOT NULL", _SIGNED, ("INSERT", "UPDATE"))
    for event in ("UPDATE", "DELETE"):
        trigger(
            f"{VERSION}_no_{event.lower()}",
            f"{event} ON {VERSION}",
            f"OLD.signed_at IS NOT NULL AND {_CLOSED}",
            _SIGNED,
        )
    for event, refused in _SESSION_GUARDED.items():
        trigger(f"{SESSION}_no_{event.lower()}", f"{event} ON {SESSION}", f"{refused} AND {_CLOSED}", _KEPT)
    no_replacing(SESSION, "o.state <> 'DRAFT'", _KEPT, ("INSERT", "UPDATE"))
    for event, refused in {"UPDATE": f"{_in_use('OLD')} AND {_rule_changed('IS NOT')}", "DELETE": _in_use("OLD")}.items():
        trigger(f"{RULE}_no_{event.lower()}", f"{event} ON {RULE}", f"{refused} AND {_CLOSED}", _RULE_KEPT)
    no_replacing(RULE, _in_use("o"), _RULE_KEPT, ("INSERT", "UPDATE"))
    for table in PARTS_OF_A_VERSION:
        for event, versions in _PARTS_GUARDED.items():
            trigger(f"{table}_no_{event.lower()}", f"{event} ON {table}", f"{_signed(versions)} AND {_CLOSED}", _SIGNED)
        no_replacing(table, _signed("o.version_id"), _SIGNED, ("INSERT", "UPDATE"))
    trigger(f"{DOCUMENT}_of_its_patient", f"INSERT ON {DOCUMENT}", f"{_OF_ANOTHER} AND {_CLOSED}", _ANOTHERS)
    return [*statements, *_sqlite_overlaps()]


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

    statements = [
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        function("clinic_refuse_any_change", "true", "this table is append-only"),
        function("clinic_refuse_change_of_signed", "OLD.signed_at IS NOT NULL", _SIGNED),
        function("clinic_refuse_document_of_another", _OF_ANOTHER, _ANOTHERS),
        function("clinic_refuse_update_of_rule", f"{_in_use('OLD')} AND {_rule_changed('IS DISTINCT FROM')}", _RULE_KEPT),
        function("clinic_refuse_delete_of_rule", _in_use("OLD"), _RULE_KEPT),
        *(
            function(f"clinic_refuse_{event.lower()}_of_part", _signed(versions), _SIGNED)
            for event, versions in _PARTS_GUARDED.items()
        ),
        *(function(f"clinic_refuse_{event.lower()}_of_session", refused, _KEPT) for event, refused in _SESSION_GUARDED.items()),
    ]

    def trigger(name: str, when: str, table: str, calls: str, each: str = "ROW") -> None:
        statements.append(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        statements.append(f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {calls}()")

    for table in APPEND_ONLY:
        trigger(f"{table}_no_change", "UPDATE OR DELETE", table, "clinic_refuse_any_change")
    trigger(f"{VERSION}_no_change", "UPDATE OR DELETE", VERSION, "clinic_refuse_change_of_signed")
    for table in PARTS_OF_A_VERSION:
        for event in _PARTS_GUARDED:
            trigger(f"{table}_no_{event.lower()}", event, table, f"clinic_refuse_{event.lower()}_of_part")
    for event in _SESSION_GUARDED:
        trigger(f"{SESSION}_no_{event.lower()}", event, SESSION, f"clinic_refuse_{event.lower()}_of_session")
    for event in ("UPDATE", "DELETE"):
        trigger(f"{RULE}_no_{event.lower()}", event, RULE, f"clinic_refuse_{event.lower()}_of_rule")
    for table, columns in VOIDABLE.items():
        changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
        refused_if = f"TG_OP = 'DELETE' OR OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL OR {changed}"
        statements.append(function(f"{table}_refuse_change", refused_if, f"{table} {_VOIDED}"))
        trigger(f"{table}_no_change", "UPDATE OR DELETE", table, f"{table}_refuse_change")
    for table in (*APPEND_ONLY, VERSION, SESSION, RULE, *PARTS_OF_A_VERSION, *VOIDABLE):
        trigger(f"{table}_no_truncate", "TRUNCATE", table, "clinic_refuse_any_change", each="STATEMENT")
    trigger(f"{DOCUMENT}_of_its_patient", "INSERT", DOCUMENT, "clinic_refuse_document_of_another")
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
