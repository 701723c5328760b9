"""What staff fill in to book or cancel a visit. The forms check spelling; the services decide."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Practitioner
from clinic.scheduling import slots
from clinic.scheduling.services import read_value
from clinic.staff.forms.fields import DayField, LineField, PlainForm

#: The choice of a time that is not in the list.
OTHER = "other"


class TimesForm(PlainForm):
    """Which times to list: of whom, and from which day on."""

    practitioner = forms.ChoiceField(label=_("With"), required=False)
    from_on = DayField(label=_("From"), required=False)

    def __init__(self, *args: Any, practitioners: Sequence[Practitioner], **options: Any) -> None:
        super().__init__(*args, **options)
        _offer_people(self.fields["practitioner"], practitioners, _("Anybody"))


class BookForm(PlainForm):
    """One of the times on offer, or another one; with `starts_at` (UTC) and `practitioner_id` (public id) once valid."""

    # A plain field: whatever arrives is told in the same words.
    choice = forms.Field(required=False)
    practitioner = forms.ChoiceField(label=_("With"), required=False)
    day = DayField(label=_("Day"), required=False)
    at = forms.TimeField(
        label=_("Time"),
        required=False,
        input_formats=["%H:%M", "%H.%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Enter a time such as 09:30.")},
    )
    overbooked_reason = LineField(
        label=_("Reason, if it is taken or outside the hours"),
        max_length=120,
        required=False,
        help_text=_("Kept with the visit."),
    )
    outside_window = forms.BooleanField(label=_("Book it all the same"), required=False)
    with_letter = forms.BooleanField(label=_("Write to the patient about it"), required=False, initial=True)

    def __init__(self, *args: Any, practitioners: Sequence[Practitioner], zone: tzinfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self._zone = zone
        _offer_people(self.fields["practitioner"], practitioners, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        choice = str(cleaned.get("choice") or "")
        names_another = any(cleaned.get(name) or name in self.errors for name in ("practitioner", "day", "at"))
        if choice == OTHER or (not choice and names_another):
            self._clean_other(cleaned)
        elif not choice:
            self.add_error("choice", _("Choose a time, or enter another one below."))
        else:
            try:
                cleaned["practitioner_id"], cleaned["starts_at"] = read_value(choice)
            except ValueError:
                self.add_error("choice", _("Choose one of these times, or enter another one below."))
        return cleaned

    def _clean_other(self, cleaned: dict[str, Any]) -> None:
        words = {"practitioner": _("Choose with whom."), "day": _("Enter the day."), "at": _("Enter the time.")}
        for name, word in words.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, word)
        if set(words) & set(self.errors):
            return
        wall = datetime.combine(cleaned["day"], cleaned["at"])
        if not slots.exists(wall, self._zone):
            self.add_error("at", _("The clocks go forward that day: this time does not exist."))
        else:
            cleaned["practitioner_id"] = uuid.UUID(cleaned["practitioner"])
            cleaned["starts_at"] = wall.replace(tzinfo=self._zone).astimezone(UTC)


class CancelForm(PlainForm):
    """Why a visit is cancelled."""

    reason = LineField(
        label=_("Reason"),
        max_length=120,
        help_text=_("Kept with the visit; never written to the patient."),
        error_messages={"required": _("Enter the reason.")},
        widget=forms.TextInput(attrs={"list": "cancel-reasons", "autocomplete": "off"}),
    )
    with_letter = forms.BooleanField(label=_("Write to the patient about it"), required=False, initial=True)


def _offer_people(field: forms.Field, practitioners: Sequence[Practitioner], nobody: Any) -> None:
    """Let a field choose among practitioners, named outside by their public ids."""
    choices = [("", nobody), *((str(person.public_id), person.name) for person in practitioners)]
    field.choices = choices  # type: ignore[attr-defined]
    field.error_messages["invalid_choice"] = _("Choose somebody who treats patients at this clinic.")
