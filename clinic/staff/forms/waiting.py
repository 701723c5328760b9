"""What would suit a patient who waits for a sooner time. The form checks spelling; the service decides."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Practitioner
from clinic.scheduling.waiting_entries import PartOfDay, WaitingEntry
from clinic.staff.forms.fields import DayField, LineField, PlainForm


class WaitingForm(PlainForm):
    """With whom, on which days and until when."""

    practitioner = forms.ChoiceField(label=_("With"), required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None marked: any day."),
    )
    part_of_day = forms.ChoiceField(label=_("Part of the day"), choices=PartOfDay.choices, widget=forms.RadioSelect)
    until_on = DayField(label=_("Not after"), required=False, help_text=_("Empty: until the visit."))
    note = LineField(label=_("Note"), max_length=200, required=False, help_text=_("Such as: needs a day's notice."))

    def __init__(self, data: Any = None, *, practitioners: list[Practitioner], entry: WaitingEntry | None = None) -> None:
        """`entry` are the wishes as they stand."""
        self._people = {str(person.public_id): person for person in practitioners}
        super().__init__(data, initial=_wishes(entry) if entry else {"part_of_day": PartOfDay.ANY})
        who = cast(forms.ChoiceField, self.fields["practitioner"])
        who.choices = [("", _("anybody")), *((value, person.name) for value, person in self._people.items())]

    def wishes(self) -> dict[str, Any]:
        """What the service takes. After is_valid()."""
        chosen = dict(self.cleaned_data)
        return chosen | {"practitioner": self._people.get(chosen["practitioner"])}


def _wishes(entry: WaitingEntry) -> dict[str, Any]:
    return {
        "practitioner": str(entry.practitioner.public_id) if entry.practitioner else "",
        "weekdays": entry.weekdays,
        "part_of_day": entry.part_of_day,
        "until_on": entry.until_on,
        "note": entry.note,
    }
