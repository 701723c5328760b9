"""A person's own views of a list, as its page offers them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from django.http import HttpRequest

from clinic.accounts import User
from clinic.practice.keeping_views import PERSONAL
from clinic.practice.saved_views import SavedView
from clinic.staff.kept import Kept
from clinic.staff.paging import AFTER, BEFORE


@dataclass(frozen=True, slots=True)
class View:
    """One view that can be opened."""

    name: str
    query: str
    is_default: bool
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class ViewsMenu:
    """What the menu of a list shows: the person's views, and whether the present filters can be kept as one."""

    page: str
    views: tuple[View, ...]
    #: The present filters, without a place in the list.
    query: str
    #: A text is searched for: that names a patient, and no view keeps it.
    is_personal: bool


_KEPT: Kept[Hashable, tuple[View, ...]] = Kept()


def views_of(user: User, page: str, *, newest_change: Hashable) -> tuple[View, ...]:
    """The person's views of a list by name; asked for again only when something has changed."""

    def read() -> tuple[View, ...]:
        rows = SavedView.objects.filter(user=user, page=page).order_by("name")
        return tuple(View(*row) for row in rows.values_list("name", "query", "is_default"))

    return _KEPT.get((newest_change, user.public_id, page), read)


def first_view(user: User, page: str, *, newest_change: Hashable) -> str:
    """The query of the view that the person wants a list to be opened with; empty where there is none."""
    return next((one.query for one in views_of(user, page, newest_change=newest_change) if one.is_default), "")


def views_menu(user: User, page: str, request: HttpRequest, *, newest_change: Hashable) -> ViewsMenu:
    """The menu of a list whose filters stand in the request's address."""
    present = request.GET.copy()
    for name in (AFTER, BEFORE):
        present.pop(name, None)
    for name in [name for name, value in present.items() if not value]:
        present.pop(name)
    query = present.urlencode()
    views = tuple(
        View(one.name, one.query, one.is_default, one.query == query) for one in views_of(user, page, newest_change=newest_change)
    )
    return ViewsMenu(page, views, query, any(name in present for name in PERSONAL))
