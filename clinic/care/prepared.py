"""Queries about one patient that are asked again and again: put into SQL once, then run with another patient each time.

Putting a union of a dozen parts into SQL takes Django longer than the database needs to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

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
