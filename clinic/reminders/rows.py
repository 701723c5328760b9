"""Many rows in one statement, alike on PostgreSQL and SQLite.

Django's own `ignore_conflicts` also swallows, on SQLite, rows that break any other constraint; here only the
named unique column may already have its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Field, Model

#: Rows in one statement: SQLite takes 32,766 values at most.
_AT_ONCE = 1000


def insert_new(model: type[Model], rows: Sequence[Mapping[str, Any]], *, unique: str | None = None) -> list[int]:
    """Insert these rows (by attribute name, all with the same names); return the keys of those that were new.

    A row whose `unique` column has its value already is left out; any other broken constraint raises IntegrityError.
    """
    if not rows:
        return []
    fields: list[Field[Any, Any]] = [model._meta.get_field(name) for name in rows[0]]  # type: ignore[misc]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    one_row = f"({', '.join(['%s'] * len(fields))})"
    ending = f" ON CONFLICT ({quote(unique)}) DO NOTHING" if unique else ""
    found: list[int] = []
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            values = [field.get_db_prep_save(row[field.attname], connection) for row in part for field in fields]
            cursor.execute(
                f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join([one_row] * len(part))}"  # noqa: S608
                f"{ending} RETURNING id",
                values,
            )
            found.extend(row[0] for row in cursor.fetchall())
    return found


def set_each(model: type[Model], column: str, values: Mapping[int, datetime | None]) -> None:
    """Write one nullable moment into each of these rows, by primary key, in at most two statements."""
    table, quoted = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(column)
    none = [pk for pk, value in values.items() if value is None]
    some = [(pk, value) for pk, value in values.items() if value is not None]
    if none:
        model._default_manager.filter(pk__in=none).update(**{column: None})
    with connection.cursor() as cursor:
        for start in range(0, len(some), _AT_ONCE):
            part = some[start : start + _AT_ONCE]
            cursor.execute(
                f"UPDATE {table} SET {quoted} = v.column2 "  # noqa: S608
                f"FROM (VALUES {', '.join(['(%s, %s)'] * len(part))}) AS v WHERE {table}.id = v.column1",
                [item for pk, value in part for item in (pk, connection.ops.adapt_datetimefield_value(value))],
            )
