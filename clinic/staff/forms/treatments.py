"""The form of a treatment: everything about the visit but its points."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, tzinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Practitioner
from clinic.staff.forms.fields import DataChoiceField, TextField
from clinic.staff.forms.vials import VialsForm
from clinic.toxins.models import Vial
from clinic.treatments.models import Guidance, LidTechnique


class DayField(forms.DateField):
    """A day, typed as 2026-12-03 or picked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            input_formats=["%Y-%m-%d"],
            error_messages={
                "required": _("Enter a date."),
                "invalid": _("Enter a date such as 2026-12-03."),
            },
            **options,
        )


def day_of(text: str) -> date | None:
    """A day as DayField writes it; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


class TreatmentForm(VialsForm):
    """Everything about a visit but its points. Choices are given as rows; what comes back are the rows chosen."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    performed_on = DayField(label=_("Date of treatment"))
    practitioner = DataChoiceField(
        label=_("Treated by"), error_messages={"required": _("Choose who treated."), "invalid_choice": _("Choose who treated.")}
    )
    separate_points = forms.BooleanField(label=_("Yes, these are separate points"), required=False)
    guidance = forms.ChoiceField(label=_("Guidance"), required=False, choices=[("", "–"), *Guidance.choices])
    lid_technique = forms.ChoiceField(label=_("Lid technique"), required=False, choices=[("", "–"), *LidTechnique.choices])
    notes = TextField(label=_("Notes"), required=False, max_length=4000)
    own_next_on = DayField(
        label=_("Your own next date"), required=False, help_text=_("Wins over the window. Leave empty to use the window.")
    )

    def __init__(
        self,
        *args: Any,
        practitioners: Sequence[Practitioner],
        vials: Sequence[Vial],
        shared: Collection[int] = (),
        zone: tzinfo,
        today: date,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._practitioners = {str(one.public_id): one for one in practitioners}
        self.fields["performed_on"].widget.attrs["max"] = today.isoformat()
        choose = ("", _("Choose…"))
        self._offer("practitioner", [choose, *((key, one.name) for key, one in self._practitioners.items())])
        self.offer_vials(vials, zone, shared)

    def clean_practitioner(self) -> Practitioner:
        return self._practitioners[self.cleaned_data["practitioner"]]
