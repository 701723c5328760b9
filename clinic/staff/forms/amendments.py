"""The forms by which a signed treatment is amended or declared void."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.care.amending import LONGEST_REASON
from clinic.staff.forms.fields import LineField, PlainForm
from clinic.staff.forms.treatments import TreatmentForm
from clinic.treatments.models import UnitsFate


class AmendForm(TreatmentForm):
    """A treatment as it was signed, to be put right. `based_on` is the number of the version that the person saw."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=9_999)
    units_are_of_product = forms.BooleanField(
        label=_("Yes, these are the units of the other product that were given"), required=False
    )
    reason = LineField(
        label=_("Reason of the amendment"),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why the record is changed.")},
    )

    def __init__(self, *args: Any, with_own_date: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        # Signing twice is settled by the number of the version.
        del self.fields["token"]
        if not with_own_date:
            del self.fields["own_next_on"]


class VoidForm(PlainForm):
    """Why a treatment is void, and what became of its units."""

    units = forms.ChoiceField(
        label=_("What became of the units?"),
        choices=[(fate.value, str(fate.label).capitalize()) for fate in UnitsFate],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what became of the units."), "invalid_choice": _("Choose from the list.")},
    )
    reason = LineField(
        label=_("Reason"), max_length=LONGEST_REASON, error_messages={"required": _("Say why the treatment is void.")}
    )
