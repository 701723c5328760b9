"""Why letters go to an address again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.reminders.services.lifting import LONGEST_REASON
from clinic.staff.forms.fields import LineField, PlainForm


class LiftForm(PlainForm):
    """The patient has confirmed the address, and how."""

    confirmed = forms.BooleanField(
        label=_("The patient has confirmed this address"),
        error_messages={"required": _("Ask the patient first: letters to this address came back, or were not wanted.")},
    )
    reason = LineField(
        label=_("How they confirmed it"), max_length=LONGEST_REASON, help_text=_("For example: spelled out by phone.")
    )
