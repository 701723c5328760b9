"""Rows that the catalogue files fill, and a clinic's own beside them: what of them may be changed, and why the rest may not."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import PROTECT, ManyToOneRel, Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from clinic.admin.upkeep import Upkeep

SHIPPED = _("It came with the catalogue and is only read here: a newer catalogue brings what is new. Add your own beside it.")
IN_USE = _("Records point at it, and they have to read as they were written: it is only read here. Add another one beside it.")
#: What is kept on the page of the row that it belongs to.
_OWN_PARTS = frozenset({"SiteDose", "Presentation"})


def is_shipped(row: Any) -> bool:
    """Whether the catalogue files fill this row."""
    return bool(row.catalogue_mark)


def is_used(row: Model) -> bool:
    """Whether anything that is kept for good points at this row. What is kept on its own page does not count."""
    pointing = [
        one for one in row._meta.get_fields(include_hidden=True) if isinstance(one, ManyToOneRel) and one.on_delete is PROTECT
    ]
    for relation in pointing:
        model = relation.related_model
        if model.__name__ not in _OWN_PARTS and model._base_manager.filter(**{relation.field.name: row.pk}).exists():
            return True
    return False


def is_open(row: Any) -> bool:
    """Whether the row may still be changed: a new one, or a clinic's own that nothing points at yet."""
    return row is None or row.pk is None or not (is_shipped(row) or is_used(row))


class FromTheCatalogue(Upkeep):
    """A kind of row that the catalogue fills. What came with it is read; an own row is changed until something points at it."""

    #: What may be changed of a shipped row and of one in use: it says nothing of what was recorded with it.
    open_when_shipped: ClassVar[tuple[str, ...]] = ()
    open_when_used: ClassVar[tuple[str, ...]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if is_open(obj):
            return ()
        still_open = self.open_when_shipped if is_shipped(obj) else self.open_when_used
        shown = [*self.model._meta.fields, *self.model._meta.many_to_many]
        return tuple(field.name for field in shown if field.editable and field.name not in still_open)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if request.method == "GET" and row is not None and not is_open(row):
            self.message_user(request, str(SHIPPED if is_shipped(row) else IN_USE), messages.INFO)
        return super().change_view(request, object_id, form_url, extra_context)
