"""Patients are found by a piece of a name without reading them all.

It needs the extension pg_trgm of PostgreSQL, which belongs to its standard distribution. SQLite has nothing of the kind and reads
them all.
"""

from typing import Any

from django.db import ProgrammingError, migrations
from django.db.utils import NotSupportedError, OperationalError

WHAT_TO_DO = (
    "The database role of this installation may not create the extension pg_trgm, or the server does not have it (Debian and "
    "Ubuntu: the package postgresql brings it). Have a superuser run this once in the database, then run migrate again:  "
    "CREATE EXTENSION pg_trgm;"
)
INDEX = "patient_by_piece_of_name"


def create(apps: Any, schema_editor: Any) -> None:
    """Build the index, with the extension it needs where it is not there yet."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            try:
                cursor.execute("CREATE EXTENSION pg_trgm")
            except (ProgrammingError, NotSupportedError, OperationalError) as error:
                raise RuntimeError(WHAT_TO_DO) from error
        # Wherever the extension was put: an operator class is found on the search path alone.
        cursor.execute(
            "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
            "WHERE e.extname = 'pg_trgm'"
        )
        (schema,) = cursor.fetchone()
        cursor.execute(f"CREATE INDEX {INDEX} ON clinic_patient USING gin (search_text {schema}.gin_trgm_ops)")


def drop(apps: Any, schema_editor: Any) -> None:
    """Take the index away. The extension stays: something else may use it by now."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("clinic", "0027_consent_to_photographs")]

    operations = [migrations.RunPython(create, drop)]
