"""One page of a long list, as fast at its end as at its beginning.

A page begins where another ended: `?after=` and `?before=` name the row at the edge by its public id. The row is looked up
among those this person may see, so an invented id, another clinic's or a damaged one leads to the first page and a note,
and no name or integer key ever stands in an address.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

AFTER = "after"
BEFORE = "before"
ROWS = 50

Row = TypeVar("Row")
Listed = TypeVar("Listed", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list. A cursor is None where the list has no more rows on that side."""

    rows: list[Row]
    next_cursor: str | None
    previous_cursor: str | None
    #: The cursor in the address led nowhere: these are the first rows instead, and the page should say so.
    is_lost: bool
    #: The list's other parameters (filters), without a place in it.
    filters: QueryDict

    @property
    def next_query(self) -> str:
        """`?…&after=…` with every filter kept; empty on the last page."""
        return _query(self.filters, AFTER, self.next_cursor)

    @property
    def previous_query(self) -> str:
        """`?…&before=…` with every filter kept; empty on the first page."""
        return _query(self.filters, BEFORE, self.previous_cursor)

    @property
    def first_query(self) -> str:
        """`?…` with every filter kept, at the beginning of the list."""
        return f"?{self.filters.urlencode()}"


def page_of(
    listed: QuerySet[Listed],
    *,
    params: QueryDict,
    order: Sequence[str],
    scope: QuerySet[Listed] | None = None,
    rows: int = ROWS,
) -> Page[Listed]:
    """Return the page of `listed` that `params` asks for, in `order`.

    `order` names columns of the model, a leading "-" turning one round, and ends with the primary key ("id" or "-id"), so that
    it leaves no two rows equal; none may hold NULL. An index that begins with them is what keeps the last page fast.
    `scope` is where the row at the edge is looked up: pass what the person may see without the list's filters, and a row
    that has just left the list (somebody snoozed it) still marks the place. If the row's own sort values have changed, the
    page begins where the row stands now.

    Takes one query for the first page and two for any other. Never raises for what stands in the address.
    """
    if order[-1].lstrip("-") not in ("id", "pk"):
        raise ValueError("An order for paging ends with the primary key.")
    filters = params.copy()
    after, before = filters.pop(AFTER, [""])[-1], filters.pop(BEFORE, [""])[-1]
    wanted = after or before
    edge = _edge(listed if scope is None else scope, wanted, order)
    found: list[Listed] = []
    if edge is not None and after:
        found = list(_beyond(listed, order, edge)[: rows + 1])
        if found:
            more = len(found) > rows
            found = found[:rows]
            return Page(found, _cursor(found[-1]) if more else None, _cursor(found[0]), False, filters)
    elif edge is not None:
        found = list(_beyond(listed, _turned(order), edge)[: rows + 1])
        if len(found) > rows:
            found = found[rows - 1 :: -1]
            return Page(found, _cursor(found[-1]), _cursor(found[0]), False, filters)
    # The beginning: asked for, or fewer rows than a page are left on the way back, or nothing lies behind the edge.
    found = list(listed.order_by(*order)[: rows + 1])
    more = len(found) > rows
    found = found[:rows]
    return Page(found, _cursor(found[-1]) if more else None, None, bool(wanted) and edge is None, filters)


def first_page(found: list[Row], *, params: QueryDict, rows: int = ROWS) -> Page[Row]:
    """The first page of a list, of which `found` holds the beginning: one row more than a page, if there is one."""
    filters = params.copy()
    shown = found[:rows]
    return Page(shown, _cursor(shown[-1]) if len(found) > rows else None, None, False, filters)


def is_first(params: QueryDict) -> bool:
    """Whether `params` ask for the beginning of a list."""
    return not params.get(AFTER) and not params.get(BEFORE)


def _edge(scope: QuerySet[Any], cursor: str, order: Sequence[str]) -> tuple[Any, ...] | None:
    """The sort values of the row that `cursor` names, or None."""
    try:
        public_id = uuid.UUID(cursor)
    except ValueError:
        return None
    names = [column.lstrip("-") for column in order]
    return scope.order_by().filter(public_id=public_id).values_list(*names).first()


def _beyond(listed: QuerySet[Listed], order: Sequence[str], edge: tuple[Any, ...]) -> QuerySet[Listed]:
    """The rows that follow the values `edge` in `order`.

    The bound on the first column alone is implied by the rest; it is what lets a database begin in the middle of an index.
    """
    following = Q()
    equal = Q()
    for column, value in zip(order, edge, strict=True):
        name, than = (column[1:], "lt") if column.startswith("-") else (column, "gt")
        following |= equal & Q(**{f"{name}__{than}": value})
        equal &= Q(**{name: value})
    first, bound = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    return listed.filter(following, **{f"{first}__{bound}": edge[0]}).order_by(*order)


def _turned(order: Sequence[str]) -> list[str]:
    return [column[1:] if column.startswith("-") else f"-{column}" for column in order]


def _cursor(row: Any) -> str:
    return str(row.public_id)


def _query(filters: QueryDict, name: str, cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = filters.copy()
    query[name] = cursor
    return f"?{query.urlencode()}"
