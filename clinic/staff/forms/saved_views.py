"""Keeping, renaming and giving up one's own views of lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.practice.keeping_views import NAME_LENGTH, PERSONAL
from clinic.practice.saved_views import ViewedPage
from clinic.staff.filters import FollowUpFilter
from clinic.staff.forms.fields import LineField, PlainForm
from clinic.staff.forms.task_filters import TaskFilterForm

KEEP, RENAME, FIRST, PLAIN, DELETE = "keep", "rename", "first", "plain", "delete"

#: The filters that each list knows.
_KNOWN: Mapping[str, frozenset[str]] = {
    ViewedPage.FOLLOW_UPS: frozenset(FollowUpFilter.base_filters),
    ViewedPage.TASKS: frozenset(TaskFilterForm.base_fields),
}
#: What a filter may be set to: keys, ids and days. A text of any other kind could be somebody's name.
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class SavedViewForm(PlainForm):
    """One act on one's own views."""

    act = forms.ChoiceField(choices=[(one, one) for one in (KEEP, RENAME, FIRST, PLAIN, DELETE)])
    view = forms.UUIDField(required=False)
    page = forms.ChoiceField(choices=ViewedPage.choices, required=False)
    query = LineField(max_length=1000, required=False)
    name = LineField(label=_("Name"), max_length=NAME_LENGTH, required=False)

    def clean_query(self) -> str:
        """The known filters of the query, in a fixed order; a text searched for stays in, to be refused by name."""
        pairs = parse_qsl(self.cleaned_data["query"])
        known = _KNOWN.get(self.cleaned_data.get("page") or "", frozenset())
        wanted = {name: value for name, value in pairs if name in known}
        if any(_VALUE.fullmatch(value) is None for name, value in wanted.items() if name not in PERSONAL):
            raise ValidationError(_("These filters cannot be kept."))
        return urlencode(sorted(wanted.items()))

    def clean(self) -> dict[str, Any]:
        """What is wrong with what cannot be seen stands beside the name."""
        given = super().clean() or {}
        for name in ("act", "view", "page", "query"):
            for problem in self.errors.get(name, ()):
                self.add_error("name", problem)
        if not self.errors and given["act"] == KEEP and not given["page"]:
            self.add_error("name", _("Say of which list."))
        if not self.errors and given["act"] != KEEP and given["view"] is None:
            self.add_error("name", _("Choose one of your views."))
        return given
