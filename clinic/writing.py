"""Objects written as `save` and `bulk_create` write them, by SQL that is put together once for each shape.

What Django does for each row anew, finding the fields, compiling the statement, asking who listens, takes it longer than the
database needs to write the row. Nobody listens here (no signal is sent in this house) and no model has parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Field, Model
from django.db.transaction import mark_for_rollback_on_error


def insert(objects: Sequence[Model]) -> None:
    """Insert these new objects, all of one model, in one statement and in their order; each gets its key.

    A broken constraint raises IntegrityError and spoils the transaction, as with `bulk_create`. For no more rows than a form can
    hold: SQLite takes 32,766 values at most.
    """
    if not objects:
        return
    model = type(objects[0])
    # Not `django.db.connection`, which looks up the thread's connection each time that it is asked for anything.
    fields, connection = _fields(model), connections[DEFAULT_DB_ALIAS]
    values = [field.get_db_prep_save(field.pre_save(one, True), connection) for one in objects for field in fields]
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(_insertion(model, len(objects)), values)
        keys = cursor.fetchall()
    for one, (key,) in zip(objects, keys, strict=True):
        one.pk = key
        one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS


def update(one: Model, names: Iterable[str]) -> None:
    """Write these fields of an object that stands in the database, as `save(update_fields=names)` does.

    Raises DatabaseError where its row is gone.
    """
    model = type(one)
    connection = connections[DEFAULT_DB_ALIAS]
    statement, fields = _change(model, tuple(names))
    values = [field.get_db_prep_save(field.pre_save(one, False), connection) for field in fields]
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(statement, [*values, one.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"There is no such row of {model.__name__} any more.")


@cache
def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """What is written of a new row: everything but its key, which the database gives."""
    if model._meta.parents:
        raise TypeError(f"{model.__name__} is kept in more than one table.")
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


@lru_cache(maxsize=128)
def _insertion(model: type[Model], rows: int) -> str:
    fields, quote = _fields(model), connections[DEFAULT_DB_ALIAS].ops.quote_name
    row = f"({', '.join(['%s'] * len(fields))})"
    columns = ", ".join(quote(str(field.column)) for field in fields)
    key = quote(str(model._meta.pk.column))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join([row] * rows)} RETURNING {key}"  # noqa: S608


@lru_cache(maxsize=128)
def _change(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[Field[Any, Any]]]:
    quote, wanted = connections[DEFAULT_DB_ALIAS].ops.quote_name, set(names)
    fields = [field for field in _fields(model) if field.name in wanted]
    if len(fields) != len(wanted):
        raise ValueError(f"{model.__name__} has not all of these fields: {', '.join(names)}")
    changes = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    return f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {quote(str(model._meta.pk.column))} = %s", fields  # noqa: S608
