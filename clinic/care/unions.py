"""Rows of several kinds in one statement: brought into the same columns, told apart by a word, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import CharField, F, Field, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast


def nothing(kind: Field[Any, Any]) -> Cast:
    """NULL of a type: every part of a union needs its columns to be of the same."""
    return Cast(Value(None), kind)


def no_text() -> Value:
    """The empty text, as a column."""
    return Value("", CharField())


def shaped(rows: QuerySet[Any], kind: str, empty: Mapping[str, Combinable], **given: Combinable) -> QuerySet[Any, Any]:
    """`rows` as tuples: their `kind`, then the columns of `empty`, each as `given` or else empty, and their key."""
    columns: dict[str, Any] = {f"row_{name}": given.get(name, absent) for name, absent in empty.items()}
    made: QuerySet[Any, Any] = (
        rows.order_by()
        .annotate(row_kind=Value(kind, CharField()), row_order=F("id"), **columns)
        .values_list("row_kind", *columns, "row_order")
    )
    return made


def together(parts: Iterable[QuerySet[Any, Any]], *order: str) -> QuerySet[Any, Any]:
    """All parts in one statement, by kind, then by these columns, then as they were written."""
    first, *others = parts
    return first.union(*others, all=True).order_by("row_kind", *(f"row_{name}" for name in order), "row_order")
