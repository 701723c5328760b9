"""What is done to the follow-ups that somebody ticked in the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.accounts import User
from clinic.patients.models import HoldReason
from clinic.staff.filters import MINE, NOBODY
from clinic.staff.forms.chosen import ChosenField
from clinic.staff.forms.fields import DayField, LineField, PlainForm

CONTACT, SNOOZE, ASSIGN, HOLD, EXPORT = "contact", "snooze", "assign", "hold", "export"
ACTS = (
    (CONTACT, _("log a contact")),
    (SNOOZE, _("snooze")),
    (ASSIGN, _("give to somebody")),
    (HOLD, _("hold letters")),
    (EXPORT, _("export as a spreadsheet")),
)


class ChosenForm(PlainForm):
    """The bar under the list: which rows, and what to do with them."""

    chosen = ChosenField(nothing=_("Tick the patients in the list first."))
    act = forms.ChoiceField(
        choices=ACTS, error_messages={"required": _("Choose what to do."), "invalid_choice": _("Choose what to do.")}
    )
    #: The day for which the list was shown.
    as_of = DayField(required=False)

    def clean(self) -> dict[str, Any]:
        """What is wrong with what cannot be seen stands on top."""
        for problems in list(self.errors.values()):
            for problem in problems:
                self.add_error(None, problem)
        return super().clean() or {}


class AssignForm(PlainForm):
    """Who works on the follow-ups."""

    assignee = forms.ChoiceField(label=_("Give to"), widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, people: Mapping[str, User]) -> None:
        super().__init__(data)
        self._people = people
        cast(forms.ChoiceField, self.fields["assignee"]).choices = [
            *((key, _("me") if key == MINE else str(one)) for key, one in people.items()), (NOBODY, _("nobody in particular")),
        ]  # fmt: skip

    def person(self) -> User | None:
        """Whom a valid form names; None for nobody in particular."""
        return self._people.get(self.cleaned_data["assignee"])


class HoldLettersForm(PlainForm):
    """Why no letter is to go for now, and when somebody looks again."""

    stands_for: ClassVar[Mapping[str, str]] = {"from_on": "review_on"}

    reason = forms.ChoiceField(label=_("Reason"), choices=HoldReason.choices, widget=forms.RadioSelect)
    review_on = DayField(
        label=_("Look again on"), help_text=_("The hold does not end by itself: on this day somebody looks at it again.")
    )
    note = LineField(label=_("Note"), max_length=200, required=False)
