"""What is typed of a leaflet that a patient signed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import DayField, LineField, PlainForm


class LeafletForm(PlainForm):
    """Which version of the leaflet, signed when, and who explained it."""

    version = LineField(
        label=_("Version of the leaflet"), max_length=20, help_text=_("As printed on the leaflet, such as 2 or 2026-05.")
    )
    signed_on = DayField(label=_("Signed on"))
    taken_by = LineField(label=_("Taken by"), max_length=120, help_text=_("Who explained it to the patient."))
