"""What staff fill in to book or cancel a visit. The forms check spelling; the services decide."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clinic.patients.finding import MOST_CHARACTERS
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling import slots
from clinic.scheduling.models import VisitKind
from clinic.scheduling.services import BookingRefused, TimeNotOffered, TimeTaken, read_value
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
    window_reason = LineField(
        label=_("Reason to book it all the same"),
        max_length=120,
        required=False,
        help_text=_("Kept as an override, with what is said here."),
        widget=forms.TextInput(attrs={"list": "window-reasons", "autocomplete": "off"}),
    )
    with_letter = forms.BooleanField(label=_("Write to the patient about it"), required=False, initial=True)

    def __init__(self, *args: Any, practitioners: Sequence[Practitioner], zone: tzinfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self._zone, self._people = zone, {str(person.public_id) for person in practitioners}
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

    def turn_down(self, refused: BookingRefused) -> None:
        """Tell why a valid form's time was not taken. The time goes on under “another time”, where a reason may overrule that.

        Of somebody whom the form does not offer, there is nothing to go on with.
        """
        person = str(self.cleaned_data["practitioner_id"])
        is_overruled = bool(self.cleaned_data["overbooked_reason"])
        if person in self._people:
            wanted = self.cleaned_data["starts_at"].astimezone(self._zone)
            another = {"choice": OTHER, "practitioner": person, "day": f"{wanted:%Y-%m-%d}", "at": f"{wanted:%H:%M}"}
            data = cast(QueryDict, self.data).copy()
            for name, value in another.items():
                data[name] = value
            self.data = data
            if isinstance(refused, TimeTaken | TimeNotOffered) and not is_overruled:
                self.add_error("overbooked_reason", _("To book this time all the same, say why."))
        self.add_error("choice", str(refused.message))

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


class PlainBookForm(BookForm):
    """The same for a visit that no follow-up waits for: its kind is chosen too."""

    kind = forms.ChoiceField(label=_("Kind of visit"))

    def __init__(self, *args: Any, kinds: Sequence[VisitKind], **options: Any) -> None:
        super().__init__(*args, **options)
        cast(forms.ChoiceField, self.fields["kind"]).choices = [(one.code, one.name) for one in kinds]


class MoveForm(BookForm):
    """The same for a visit that there is already, with why it is moved."""

    reason = LineField(
        label=_("Why it is moved"),
        max_length=120,
        required=False,
        help_text=_("Kept with the visit; never written to the patient."),
        widget=forms.TextInput(attrs={"list": "move-reasons", "autocomplete": "off"}),
    )


class ForWhomForm(PlainForm):
    """The time to be booked, and the patient looked for. Sent by GET."""

    clinic = forms.ChoiceField(widget=forms.HiddenInput)
    # A plain field: whatever arrives is told in the same words.
    time = forms.Field(widget=forms.HiddenInput)
    q = LineField(
        label=_("Name, record number or birth date"),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "autofocus": True}),
    )
    next = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinics: Sequence[Clinic], **options: Any) -> None:
        super().__init__(*args, **options)
        self._clinics = {str(one.public_id): one for one in clinics}
        cast(forms.ChoiceField, self.fields["clinic"]).choices = [(key, one.name) for key, one in self._clinics.items()]

    @property
    def chosen_clinic(self) -> Clinic:
        """The clinic of a valid form."""
        return self._clinics[self.cleaned_data["clinic"]]

    def clean_time(self) -> tuple[uuid.UUID, datetime]:
        """The practitioner's public id, and when."""
        try:
            return read_value(str(self.cleaned_data["time"]))
        except ValueError as error:
            raise forms.ValidationError(_("This does not name a time.")) from error


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
