"""What staff do with a follow-up between two treatments. The forms check spelling; the services decide."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import TextField
from clinic.treatments.models import StopReason


class ActionForm(forms.Form):
    """A form whose page brings the form's tag and buttons."""

    def refuse(self, field: str, message: str) -> None:
        """Show why the service refused, beside its field."""
        self.add_error(field if field in self.fields else None, message)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        return helper


def note_field(label: Any, length: int, help_text: Any = "", *, required: bool = False) -> TextField:
    """A text beside what is done."""
    return TextField(
        label=label, max_length=length, required=required, help_text=help_text, widget=forms.Textarea(attrs={"rows": 2})
    )


class SnoozeForm(ActionForm):
    """Lay the follow-up aside until a day."""

    until = forms.DateField(
        label=_("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Enter a day as 2026-12-03.")},
        help_text=_("No letter goes before this day; on it the follow-up is back in the list."),
    )
    note = note_field(_("Why"), 200, required=True)


class StopForm(ActionForm):
    """End the follow-up for a reason."""

    # A death reaches further than one follow-up, so it is recorded on the patient's page.
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[choice for choice in StopReason.choices if choice[0] != StopReason.DECEASED],
        widget=forms.RadioSelect,
    )
    note = note_field(_("Note"), 200, _("Needed with “other”."))
