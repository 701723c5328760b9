"""Rows that somebody ticked in a list: their ids, as many as a page can hold."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

#: A page of a list holds fewer.
MOST_CHOSEN = 200


class ChosenField(forms.Field):
    """The public ids of the ticked rows, each once; the table holds the boxes."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, nothing: Any) -> None:
        """`nothing` is what to say when no row is ticked."""
        super().__init__(error_messages={"required": nothing})

    def to_python(self, value: Sequence[str] | None) -> list[uuid.UUID]:
        """Refuses what is no id, and more of them than a page of a list can hold."""
        if value and len(value) > MOST_CHOSEN:
            raise ValidationError(_("At most %(most)d at once."), params={"most": MOST_CHOSEN})
        try:
            return list(dict.fromkeys(uuid.UUID(one) for one in value or ()))
        except ValueError as no_id:
            raise ValidationError(_("Tick rows of the list: what was sent is none.")) from no_id
