"""Queries about one patient that are asked again and again: put into SQL once, then run with another patient each time.

Putting a union of a dozen parts into SQL takes Django longer than the database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.subqueries import UpdateQuery

T = TypeVar("T", bound=Model)
#: Not promised by Django: another version may ask for more. The tests hold what comes out against what a query set gives.
_populators: Any = get_related_populators

#: Stands in the compiled query where the patient's primary key goes. No key is negative, and nobody asks for it otherwise.
STAND_IN = -7_304_518_226


class PreparedQuery:
    """A query made from a patient's primary key alone.

    `make` is called once, with a stand-in for the key, and gives rows of values; it must not depend on the key in any way but
    by handing it to the database.
    """

    def __init__(self, make: Callable[[int], QuerySet[Any, Any]]) -> None:
        self._make = make

    def rows(self, patient_id: int, *, skip: int = 0, most: int | None = None) -> list[tuple[Any, ...]]:
        """The rows for this patient: without the first `skip`, and no more than `most`. One query."""
        compiler, sql, params = self._compiled
        values = [patient_id if value == STAND_IN else value for value in params]
        if most is not None:
            sql, values = f"{sql} LIMIT %s OFFSET %s", [*values, most, skip]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: Iterable[Sequence[Any]] = cursor.fetchall()
        if self._converters:
            found = compiler.apply_converters(found, self._converters)
        return [tuple(row) for row in found]

    @cached_property
    def _compiled(self) -> tuple[SQLCompiler, str, Sequence[Any]]:
        compiler = self._make(STAND_IN).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        return compiler, sql, params

    @cached_property
    def _converters(self) -> dict[int, Any]:
        compiler, _sql, _params = self._compiled
        selected = [expression for expression, *_rest in (compiler.select or [])[: compiler.col_count]]
        return compiler.get_converters(selected)


class PreparedList:
    """A query made with stand-ins for some of its values, to be run with others in their places.

    `stand_ins` names the values that stand in it: numbers, days and moments that occur for no other reason.
    """

    def __init__(self, made: QuerySet[Any, Any], stand_ins: Mapping[str, object]) -> None:
        self.compiler: Any = made.query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql, params = self.compiler.as_sql()
        self._params = _named(params, stand_ins)
        selected = [expression for expression, *_rest in (self.compiler.select or [])[: self.compiler.col_count]]
        self._converters = self.compiler.get_converters(selected)

    def rows(self, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """The rows with `values`, by the names of what stands in for them. One query."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, _filled(self._params, values))
            found: Iterable[Sequence[Any]] = cursor.fetchall()
        if self._converters:
            found = self.compiler.apply_converters(found, self._converters)
        return [tuple(row) for row in found]


class PreparedObjects(Generic[T]):
    """As `PreparedList`, of a query that gives objects, each with those it was asked to bring along (`select_related`).

    One that locks its rows (`select_for_update`) is to be made, as it is run, inside a transaction.
    """

    def __init__(self, made: QuerySet[T], stand_ins: Mapping[str, object]) -> None:
        self._list = PreparedList(made, stand_ins)
        compiler = self._list.compiler
        # As `QuerySet` itself does it, each time anew, in `ModelIterable`.
        first, end = compiler.klass_info["select_fields"][0], compiler.klass_info["select_fields"][-1] + 1
        self._model, self._columns = made.model, slice(first, end)
        self._names = [column.target.attname for column, *_rest in compiler.select[first:end]]
        self._brought = _populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)

    def all(self, values: Mapping[str, object]) -> list[T]:
        """The objects with `values`, by the names of what stands in for them. One query."""
        return [self._made_of(row) for row in self._list.rows(values)]

    def first(self, values: Mapping[str, object]) -> T | None:
        """The first of them, None where there is none."""
        return next(iter(self.all(values)), None)

    def _made_of(self, row: tuple[Any, ...]) -> T:
        made = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._columns])
        for brought in self._brought:
            brought.populate(row, made)
        return made


class PreparedUpdate:
    """What `QuerySet.update(**changes)` does to the rows of a query, made with stand-ins for some of its values (`PreparedList`).

    The query is of one table and without an order.
    """

    def __init__(self, made: QuerySet[Any], changes: Mapping[str, object], stand_ins: Mapping[str, object]) -> None:
        query: Any = made.query.chain(UpdateQuery)
        query.add_update_values(changes)
        self._sql, params = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        self._params = _named(params, stand_ins)

    def run(self, values: Mapping[str, object]) -> None:
        """Change the rows with `values`, by the names of what stands in for them. One query."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, _filled(self._params, values))


#: The values of a statement in their order, each with the name of what goes in its place, None where it stays.
Params = list[tuple[str | None, Any]]


def _named(params: Iterable[Any], stand_ins: Mapping[str, object]) -> Params:
    names = {_as_stored(value): name for name, value in stand_ins.items()}
    return [(names.get(value) if isinstance(value, Hashable) else None, value) for value in params]


def _filled(params: Params, values: Mapping[str, object]) -> list[Any]:
    given = {name: _as_stored(value) for name, value in values.items()}
    return [value if name is None else given[name] for name, value in params]


def _as_stored(value: object) -> Any:
    """A value as the database's adapter takes it: SQLite keeps days, moments and public ids as text."""
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
