"""Many rows in one statement, alike on PostgreSQL and SQLite.

Django's own `ignore_conflicts` also swallows, on SQLite, rows that break any other constraint; here only the
named unique column may already have its row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Model

#: Rows in one statement: SQLite takes 32,766 values at most.
_AT_ONCE = 1000


def insert_new(model: type[Model], rows: Sequence[Mapping[str, Any]], *, unique: str | None = None) -> list[int]:
    """Insert these rows (by attribute name, all with the same names); return the keys of those that were new.

    A row whose `unique` column has its value already is left out; any other broken constraint raises IntegrityError.
    """
    if not rows:
        return []
    names = tuple(rows[0])
    ending = f" ON CONFLICT ({connection.ops.quote_name(unique)}) DO NOTHING" if unique else ""
    insert = _insert_json if connection.vendor == "postgresql" else _insert_values
    found: list[int] = []
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            statement, values = insert(model, names, rows[start : start + _AT_ONCE])
            cursor.execute(f"{statement}{ending} RETURNING id", values)
            found.extend(row[0] for row in cursor.fetchall())
    return found


def _insert_json(model: type[Model], names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[Any]]:
    """The rows as one value, which PostgreSQL takes apart faster than a driver can write thousands of literals."""
    columns = _columns(model, names)
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"  # noqa: S608
    return statement, [json.dumps(rows, default=str)]


def _insert_values(model: type[Model], names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[Any]]:
    one_row = f"({', '.join(['%s'] * len(names))})"
    fields = [model._meta.get_field(name) for name in names]
    values = [field.get_db_prep_save(row[name], connection) for row in rows for name, field in zip(names, fields, strict=True)]  # type: ignore[union-attr]
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"INSERT INTO {table} ({_columns(model, names)}) VALUES {', '.join([one_row] * len(rows))}"  # noqa: S608
    return statement, values


@lru_cache(maxsize=32)
def _columns(model: type[Model], names: tuple[str, ...]) -> str:
    return ", ".join(connection.ops.quote_name(str(model._meta.get_field(name).column)) for name in names)  # type: ignore[union-attr]


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
