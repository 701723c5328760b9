"""What a patient sends back. Every choice is without a default, so that a machine that presses buttons decides nothing."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.scheduling.services import read_value

#: Dates that people type; browsers with a date field send the first.
DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]


class ChooseTimeForm(forms.Form):
    """One of the times on offer: the practitioner's public id and when it begins."""

    # A plain field: whatever arrives, a NUL or a whole book, it is told in the same words.
    time = forms.Field(error_messages={"required": _("Please choose a time.")})

    def clean_time(self) -> tuple[uuid.UUID, datetime]:
        try:
            return read_value(str(self.cleaned_data["time"]))
        except ValueError as error:
            raise forms.ValidationError(_("Please choose one of these times.")) from error


class OtherDaysForm(forms.Form):
    """From which day on to look for times. Nothing given: where the clinic suggests."""

    on = forms.DateField(
        required=False,
        input_formats=DATE_FORMATS,
        label=_("Show times from"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "aria-describedby": "on-error"}),
        error_messages={"invalid": _("Please give a date like 2027-01-31.")},
    )


class CancelForm(forms.Form):
    """Whether the visit is really to be cancelled."""

    really = forms.ChoiceField(
        choices=[("yes", _("Yes, cancel this visit")), ("no", _("No, keep it"))],
        error_messages={"required": _("Please choose one of the two."), "invalid_choice": _("Please choose one of the two.")},
    )


class CallForm(forms.Form):
    """When a call would suit."""

    when = forms.ChoiceField(
        choices=[
            ("MORNING", _("In the morning")),
            ("AFTERNOON", _("In the afternoon")),
            ("ANY", _("Any time of the day")),
        ],
        error_messages={"required": _("Please choose when."), "invalid_choice": _("Please choose when.")},
    )

    def in_words(self) -> str:
        """The chosen time of day, for the person who will phone."""
        choices: dict[str, Any] = dict(self.fields["when"].choices)  # type: ignore[attr-defined]
        return str(choices[self.cleaned_data["when"]])


class LettersForm(forms.Form):
    """Whether letters of one kind go: `goes` says how it is now, and the choices are worded by it."""

    letters = forms.ChoiceField(
        error_messages={"required": _("Please choose one of the two."), "invalid_choice": _("Please choose one of the two.")}
    )

    def __init__(self, *args: Any, goes: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = (_("Stop them"), _("Keep them")) if goes else (_("Leave them stopped"), _("Send them again"))
        self.fields["letters"].choices = list(zip(("stop", "send"), words, strict=True))  # type: ignore[attr-defined]
