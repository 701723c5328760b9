"""Forms of the stock: vials that came in, and a vial that is made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, cast

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Clinic
from clinic.staff.forms.fields import PLAUSIBLE_DAYS, LineField
from clinic.staff.forms.points import DataChoiceField, UnitsField
from clinic.staff.forms.treatments import DayField
from clinic.staff.vials import plain
from clinic.toxins.models import Presentation


class StockForm(forms.Form):
    """A form whose page brings the form's tag and buttons."""

    def refuse(self, field: str, message: str) -> None:
        """Show why the service refused, beside its field."""
        self.add_error(field if field in self.fields else None, message)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        return helper


class ReceiveForm(StockForm):
    """Vials of one lot, as printed on the box."""

    clinic = DataChoiceField(
        label=_("Clinic"), error_messages={"required": _("Choose the clinic."), "invalid_choice": _("Choose the clinic.")}
    )
    presentation = DataChoiceField(
        label=_("Product and vial size"),
        error_messages={"required": _("Choose a vial size."), "invalid_choice": _("Choose a vial size of the catalogue.")},
    )
    lot_number = LineField(
        label=_("Lot number"),
        max_length=40,
        help_text=_("Exactly as printed on the box."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    expires_on = DayField(
        label=_("Expiry"), help_text=_("The last day of use. A month alone means its last day."), validators=PLAUSIBLE_DAYS
    )
    count = forms.IntegerField(label=_("Number of vials"), min_value=1, max_value=10_000, initial=1)
    received_on = DayField(label=_("Received"), validators=PLAUSIBLE_DAYS)

    def __init__(self, *args: Any, clinics: Sequence[Clinic], presentations: Sequence[Presentation], **options: Any) -> None:
        super().__init__(*args, **options)
        self._clinics = {str(one.public_id): one for one in clinics}
        self._presentations = {_key(one): one for one in presentations}
        sizes: dict[str, list[tuple[str, str]]] = {}
        for key, one in self._presentations.items():
            sizes.setdefault(str(one.product), []).append((key, f"{one.product} {plain(one.vial_units)} U"))
        choose = ("", _("Choose…"))
        self._offer("presentation", [choose, *sizes.items()])
        if len(clinics) == 1:
            # Nothing to choose: the only clinic is meant.
            del self.fields["clinic"]
        else:
            self._offer("clinic", [choose, *((key, str(one)) for key, one in self._clinics.items())])

    def _offer(self, name: str, choices: list[Any]) -> None:
        cast(DataChoiceField, self.fields[name]).offer(choices)

    def clean_presentation(self) -> Presentation:
        return self._presentations[self.cleaned_data["presentation"]]

    @property
    def clinic_given(self) -> Clinic:
        """The clinic chosen, or the only one. Only after the form was found valid."""
        return self._clinics[self.cleaned_data["clinic"]] if "clinic" in self.fields else next(iter(self._clinics.values()))


class MakeUpForm(StockForm):
    """How much diluent, and when. The time is the clinic's own."""

    diluent_ml = UnitsField(
        label=_("Diluent, mL"),
        help_text=_("Preservative-free sodium chloride 0.9 %."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("Enter the millilitres.")},
    )
    at = forms.DateTimeField(
        label=_("Made up at"),
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={"required": _("Enter the time."), "invalid": _("Enter a time such as 2026-12-03 09:30.")},
    )

    def __init__(self, *args: Any, zone: tzinfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self._zone = zone

    def clean_diluent_ml(self) -> Decimal:
        millilitres: Decimal = self.cleaned_data["diluent_ml"]
        if not 0 < millilitres < 1000 or millilitres != round(millilitres, 2):
            raise forms.ValidationError(_("Enter millilitres with at most two decimals, such as 2.5."))
        return millilitres

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        return at.replace(tzinfo=self._zone)


def _key(presentation: Presentation) -> str:
    """Names a vial size in the form: product and units, never a database key."""
    return f"{presentation.product.code}-{plain(presentation.vial_units)}"


def expiry_in_words(expires_on: date, today: date) -> str:
    """How long a lot may still be used, where that is soon; empty otherwise."""
    days = (expires_on - today).days
    if days < 0:
        return str(_("expired"))
    if days == 0:
        return str(_("last day"))
    return str(_("in %(days)d days") % {"days": days}) if days <= 60 else ""
