"""A person's own views of lists: kept under a name, opened, renamed, given up, one of them shown first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import parse_qs

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.practice.saved_views import SavedView

#: So many views of one list somebody can still choose from.
MOST_VIEWS = 20
NAME_LENGTH, QUERY_LENGTH = 60, 1000
#: What a list is searched for by: the name or the number of a patient, which is kept nowhere but in their record.
PERSONAL = ("q",)


class ViewRefused(Exception):
    """The view cannot be kept like this: `field` of the form (or "") and a sentence for a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field or "view")
        self.field = field
        self.message = message


@transaction.atomic
def keep_view(*, by: audit.Actor, page: str, name: str, query: str, now: datetime) -> SavedView:
    """Keep the filters of `query` under a name for the person who asks; one of the same name and page is replaced.

    Raises ViewRefused without a name, with more views than anybody can choose from, and for a query with a text that was searched
    for: that names a patient.
    """
    user = _person(by)
    name = _named(name)
    if set(parse_qs(query, keep_blank_values=False)) & set(PERSONAL):
        raise ViewRefused("name", _("A view is kept without a text searched for: it names a patient. Empty “Patient” first."))
    if len(query) > QUERY_LENGTH:
        raise ViewRefused("name", _("These filters are too long to be kept."))
    mine = SavedView.objects.select_for_update().filter(user=user, page=page)
    view = mine.filter(name=name).first()
    if view is None:
        if mine.count() >= MOST_VIEWS:
            raise ViewRefused("name", _("You have %(most)d views of this list: delete one first.") % {"most": MOST_VIEWS})
        view = SavedView.objects.create(user=user, page=page, name=name, query=query, created_at=now)
        _note(by, audit.Action.CREATED, view, ["name", "query"], now)
    elif view.query != query:
        view.query = query
        view.save(update_fields=["query"])
        _note(by, audit.Action.CHANGED, view, ["query"], now)
    return view


@transaction.atomic
def rename_view(*, by: audit.Actor, view: SavedView, name: str, now: datetime) -> None:
    """Give a view another name. Raises ViewRefused without one, and for a name that another view of the list has."""
    name = _named(name)
    if SavedView.objects.filter(user=view.user, page=view.page, name=name).exclude(pk=view.pk).exists():
        raise ViewRefused("name", _("Another of your views has this name."))
    view.name = name
    view.save(update_fields=["name"])
    _note(by, audit.Action.CHANGED, view, ["name"], now)


@transaction.atomic
def show_first(*, by: audit.Actor, view: SavedView, is_first: bool, now: datetime) -> None:
    """Make a view the one its list is opened with, in place of any other; or no longer."""
    others: Collection[SavedView] = SavedView.objects.filter(user=view.user, page=view.page, is_default=True).exclude(pk=view.pk)
    for other in others if is_first else ():
        other.is_default = False
        other.save(update_fields=["is_default"])
    view.is_default = is_first
    view.save(update_fields=["is_default"])
    _note(by, audit.Action.CHANGED, view, ["is_default"], now)


@transaction.atomic
def give_up_view(*, by: audit.Actor, view: SavedView, now: datetime) -> None:
    """Delete a view. It holds nothing of any record."""
    _note(by, audit.Action.DELETED, view, [], now)
    view.delete()


def _person(by: audit.Actor) -> User:
    if by.user is None:
        raise ValueError("A view is one person's own.")
    return by.user


def _named(name: str) -> str:
    name = " ".join(name.split())[:NAME_LENGTH]
    if not name:
        raise ViewRefused("name", _("Give the view a name."))
    return name


def _note(by: audit.Actor, action: str, view: SavedView, fields: Collection[str], now: datetime) -> None:
    audit.record(by=by, action=action, what=view, fields=fields, now=now)
