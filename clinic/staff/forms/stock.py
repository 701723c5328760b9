"""Forms of the stock: vials that came in, and a vial that is made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, cast

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Clinic
from clinic.staff.forms.fields import PLAUSIBLE_DAYS, DataChoiceField, LineField, UnitsField
from clinic.staff.forms.treatments import DayField
from clinic.staff.vials import plain
from clinic.toxins.gs1 import SEPARATOR, BoxCode, Unreadable, read_code
from clinic.toxins.lot_numbers import lot_key
from clinic.toxins.models import LotState, Presentation
from clinic.toxins.services import MAY_BECOME
from clinic.toxins.wording import code_sentence


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


class CodeField(forms.CharField):
    """The code of a box as a scanner types it, read. The separator in it is a control character, so that nothing is stripped."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            strip=False,
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
            **options,
        )
        self.today: date | None = None

    def prepare_value(self, value: Any) -> Any:
        """The separator as a sign that can be seen: it is read as one."""
        return value.replace(SEPARATOR, "\u241d") if isinstance(value, str) else value

    def clean(self, value: Any) -> BoxCode:
        text = super().clean(value)
        if not text.strip():
            return BoxCode()
        if self.today is None:
            raise ValueError("The field has to be told the day on which it reads.")
        try:
            return read_code(text, today=self.today)
        except Unreadable as unreadable:
            raise forms.ValidationError(code_sentence(unreadable)) from unreadable


class ReceiveForm(StockForm):
    """Vials of one lot, as printed on the box. What was typed must not differ from what the box's code says."""

    code = CodeField(
        label=_("Scan or paste the code of the box"),
        help_text=_("Fills in product, lot and expiry. Or type what is printed beside it: (01)…(17)…(10)…."),
    )
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

    def __init__(
        self, *args: Any, clinics: Sequence[Clinic], presentations: Sequence[Presentation], today: date, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        cast(CodeField, self.fields["code"]).today = today
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

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        code: BoxCode = cleaned.get("code") or BoxCode()
        if code.lot_number and "lot_number" in cleaned and lot_key(code.lot_number) != lot_key(cleaned["lot_number"]):
            self.add_error("lot_number", _("The scanned code says lot %(number)s.") % {"number": code.lot_number})
        if code.expires_on and "expires_on" in cleaned and code.expires_on != cleaned["expires_on"]:
            self.add_error("expires_on", _("The scanned code says %(day)s.") % {"day": date_format(code.expires_on, "j M Y")})
        return cleaned

    def found(self, code: BoxCode, presentation: Presentation | None) -> dict[str, str]:
        """What a code says, as values of the fields: nothing for what it does not say."""
        said = {
            "presentation": "" if presentation is None else _key(presentation),
            "lot_number": code.lot_number,
            "expires_on": code.expires_on.isoformat() if code.expires_on else "",
        }
        offered = said["presentation"] in self._presentations
        return {name: value for name, value in said.items() if value and (name != "presentation" or offered)}

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


#: What staff write most often; any other words do as well.
USUAL_WASTE = (
    _("past its hours"),
    _("expired"),
    _("lot recalled"),
    _("broken or spilled"),
    _("no vacuum in the vial"),
    _("kept too warm"),
    _("returned to the supplier"),
)


class DiscardForm(StockForm):
    """How much of a vial is thrown away, and why."""

    units = UnitsField(
        label=_("Units thrown away"), widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    reason = LineField(
        label=_("Why"),
        max_length=120,
        widget=forms.TextInput(attrs={"list": "usual-waste", "autocomplete": "off"}),
        error_messages={"required": _("Say why.")},
    )


class LotForm(StockForm):
    """What becomes of a lot, and why."""

    state = forms.ChoiceField(
        label=_("From now on the lot is"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what becomes of the lot."), "invalid_choice": _("Choose what becomes of the lot.")},
    )
    reason = LineField(label=_("Why"), max_length=200, error_messages={"required": _("Say why.")})

    def __init__(self, *args: Any, lot_state: str, **options: Any) -> None:
        super().__init__(*args, **options)
        words = {
            LotState.QUARANTINED: _("quarantined: set aside, used for nobody until it is released"),
            LotState.RECALLED: _("recalled: never to be used again"),
            LotState.IN_USE: _("released: in use again"),
        }
        choices = [(str(state), words[state]) for state in MAY_BECOME[lot_state]]
        cast(forms.ChoiceField, self.fields["state"]).choices = choices


def _key(presentation: Presentation) -> str:
    """Names a vial size in the form: product and units, never a database key."""
    return f"{presentation.product.code}-{plain(presentation.vial_units)}"


#: From so long before its last day on a lot is shown as expiring.
EXPIRES_SOON = timedelta(days=60)


def expiry_in_words(expires_on: date, today: date) -> str:
    """How long a lot may still be used, where that is soon; empty otherwise."""
    days = (expires_on - today).days
    if days < 0:
        return str(_("expired"))
    if days == 0:
        return str(_("last day"))
    return str(_("in %(days)d days") % {"days": days}) if days <= EXPIRES_SOON.days else ""
