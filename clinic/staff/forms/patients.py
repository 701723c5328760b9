"""What is typed about a patient. The forms check spelling; the services decide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clinic.patients.coding import HEMIFACIAL_SPASM
from clinic.patients.finding import MOST_CHARACTERS
from clinic.patients.models import ConsentPurpose, HoldReason, OnsetPrecision, Patient, PatientStatus, Side
from clinic.patients.services import PatientDetails
from clinic.practice.models import Clinic
from clinic.staff.forms.fields import DayField, LineField, PlainForm, TextField
from clinic.toxins.models import Indication
from clinic.treatments.models import StopReason

#: How a patient's word reached the clinic.
HOW_TOLD = [
    ("in person", _("in person")),
    ("on paper", _("on paper")),
    ("by phone", _("by phone")),
    ("by e-mail", _("by e-mail")),
]


def _pair(*names: str) -> Row:
    """Two fields side by side where there is room."""
    return Row(*(Column(name, css_class="col-sm-6") for name in names), css_class="gx-3")


class SearchForm(PlainForm):
    """What the list of patients is narrowed to."""

    q = LineField(
        label=_("Name, record number or birth date"),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class PatientForm(PlainForm):
    """Who a patient is and how they are reached."""

    given_name = LineField(label=_("Given name"), max_length=80)
    family_name = LineField(label=_("Family name"), max_length=80)
    born_on = DayField(label=_("Birth date"))
    record_number = LineField(label=_("Record number"), max_length=30, help_text=_("As in your other records; once in a clinic."))
    email = LineField(
        label=_("E-mail"), max_length=254, required=False, help_text=_("Without an address staff are asked to phone instead.")
    )
    phone = LineField(label=_("Phone"), max_length=40, required=False)
    language = forms.ChoiceField(label=_("Language of letters"), choices=settings.LANGUAGES)
    contact_person = LineField(label=_("Guardian or carer"), max_length=160, required=False)
    contact_person_phone = LineField(label=_("Their phone"), max_length=40, required=False)
    weight_kg = forms.DecimalField(label=_("Weight, kg"), required=False, max_digits=5, decimal_places=1)
    weighed_on = DayField(label=_("Weighed on"), required=False)
    #: Stands for the record as it was when the form was opened.
    # A plain field: whatever arrives that is not the record as it stands is told in the same words.
    seen = forms.Field(required=False, widget=forms.HiddenInput)

    email.widget.input_type = "email"
    phone.widget.input_type = contact_person_phone.widget.input_type = "tel"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]
        for name in self.fields:
            # A browser must not fill in the last patient, or the person at the desk.
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def details(self) -> PatientDetails:
        """What was typed, by the names of the service."""
        given = {name: value for name, value in self.cleaned_data.items() if name in PatientDetails.__annotations__}
        return cast(PatientDetails, given)

    @property
    def changed_details(self) -> PatientDetails:
        """Of what was typed only what differs from what the form was opened with."""
        return cast(PatientDetails, {name: value for name, value in self.details.items() if name in self.changed_data})

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(
            *self._known("clinic"),
            Fieldset(_("Who"), _pair("given_name", "family_name"), _pair("born_on", "record_number")),
            Fieldset(
                _("How to reach them"),
                _pair("email", "phone"),
                _pair("contact_person", "contact_person_phone"),
                *self._known("language"),
            ),
            Fieldset(_("Body"), _pair("weight_kg", "weighed_on")),
            "seen",
            *([Fieldset(_("Agreed to"), "consents", "consented_how"), "is_another"] if "consents" in self.fields else []),
        )
        return helper

    def _known(self, *names: str) -> list[str]:
        return [name for name in names if name in self.fields]

    @staticmethod
    def of(patient: Patient) -> dict[str, Any]:
        """What the form is opened with for a patient on record."""
        details = {name: getattr(patient, name) for name in PatientDetails.__annotations__}
        return {**details, "seen": sha256(repr(sorted(details.items())).encode()).hexdigest()}

    def has_seen(self, patient: Patient) -> bool:
        """Whether the person who filled the form in saw the record as it stands now."""
        return bool(self.cleaned_data["seen"] == self.of(patient)["seen"])

    def show_again(self, patient: Patient) -> None:
        """Take the record as seen the next time the form is sent."""
        sent = cast(QueryDict, self.data).copy()
        sent["seen"] = self.of(patient)["seen"]
        self.data = sent


class NewPatientForm(PatientForm):
    """A patient who is not on record yet, with what they agree to."""

    clinic = forms.ChoiceField(label=_("Clinic"))
    consents = forms.MultipleChoiceField(
        label=_("The patient agrees to"),
        choices=ConsentPurpose.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick only what the patient has said yes to. What is not ticked is not sent."),
    )
    consented_how = forms.ChoiceField(label=_("How they said so"), choices=HOW_TOLD, required=False)
    is_another = forms.BooleanField(label=_("This is another person: register them"), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinics: Sequence[Clinic], **options: Any) -> None:
        super().__init__(*args, **options)
        self._clinics = {str(clinic.public_id): clinic for clinic in clinics}
        if len(clinics) == 1:
            del self.fields["clinic"]
        else:
            field = cast(forms.ChoiceField, self.fields["clinic"])
            field.choices = [("", _("Choose…")), *((key, clinic.name) for key, clinic in self._clinics.items())]

    def ask_whether_another(self) -> None:
        """Refuse the form until the person says that this is not a patient who is on record already."""
        self.fields["is_another"].widget = forms.CheckboxInput()
        self.add_error("is_another", _("Somebody with this name and birth date is on record. Look first, then tick this."))

    @property
    def clinic_chosen(self) -> Clinic:
        """Where the patient is registered: the one clinic there is, or the one chosen."""
        key = self.cleaned_data["clinic"] if "clinic" in self.fields else next(iter(self._clinics))
        return self._clinics[key]


class ConsentForm(PlainForm):
    """One purpose given or withdrawn: `change` comes from the button that was pressed."""

    how = forms.ChoiceField(label=_("Told"), choices=HOW_TOLD)
    change = forms.ChoiceField(
        choices=[(f"{purpose}:{act}", purpose) for purpose in ConsentPurpose.values for act in ("give", "withdraw")]
    )

    @property
    def purpose(self) -> str:
        return str(self.cleaned_data["change"]).split(":")[0]

    @property
    def is_given(self) -> bool:
        return str(self.cleaned_data["change"]).endswith(":give")


class HoldForm(PlainForm):
    """Why a patient is not invited for now, and when somebody looks again."""

    reason = forms.ChoiceField(label=_("Reason"), choices=HoldReason.choices, widget=forms.RadioSelect)
    from_on = DayField(label=_("From"), required=False, help_text=_("Leave empty for today."))
    review_on = DayField(
        label=_("Look again on"), help_text=_("The hold does not end by itself: on this day somebody looks at it again.")
    )
    note = LineField(label=_("Note"), max_length=200, required=False)


class ConditionForm(PlainForm):
    """What a patient is treated for, and on which side."""

    stands_for: ClassVar[Mapping[str, str]] = {"onset_on": "began", "onset_precision": "began"}

    indication = forms.ModelChoiceField(
        label=_("Treated for"), queryset=Indication.objects.order_by("name"), to_field_name="code"
    )
    side = forms.ChoiceField(
        label=_("Side"),
        choices=Side.choices,
        widget=forms.RadioSelect,
        help_text=_("The patient's own right or left."),
    )
    began = LineField(
        label=_("Began"), max_length=10, required=False, help_text=_("As exactly as it is known: 2019, 2019-05 or 2019-05-14.")
    )
    icd10_code = LineField(
        label=_("ICD-10-CM code"),
        max_length=10,
        required=False,
        help_text=_("Left empty, hemifacial spasm is coded by its side: %(codes)s.")
        % {"codes": ", ".join(f"{code} {Side(side).label}" for side, code in HEMIFACIAL_SPASM.items())},
    )
    cause = LineField(label=_("Cause"), max_length=120, required=False)
    grade = LineField(label=_("Grade"), max_length=20, required=False)
    associated = LineField(label=_("Associated conditions"), max_length=250, required=False)

    def clean_began(self) -> tuple[date, str] | None:
        """The first day that is meant, with how exactly it is known."""
        text = self.cleaned_data["began"]
        if not text:
            return None
        for shape, precision in _ONSETS:
            if shape.fullmatch(text):
                year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
                try:
                    return date(year, month, day), precision
                except ValueError:
                    break
        raise ValidationError(_("Write 2019, 2019-05 or 2019-05-14."))


_ONSETS = (
    (re.compile(r"\d{4}", re.ASCII), OnsetPrecision.YEAR),
    (re.compile(r"\d{4}-\d{2}", re.ASCII), OnsetPrecision.MONTH),
    (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), OnsetPrecision.DAY),
)


class StatusForm(PlainForm):
    """Whether a patient is under care. Some statuses reach further and ask for more."""

    status = forms.ChoiceField(label=_("The patient is"), choices=PatientStatus.choices, widget=forms.RadioSelect)
    reason = forms.ChoiceField(
        label=_("Why the follow-up ends"),
        choices=[("", "–"), *(choice for choice in StopReason.choices if choice[0] != StopReason.DECEASED)],
        required=False,
        help_text=_("Only for a discharge."),
    )
    note = LineField(label=_("Note"), max_length=200, required=False, help_text=_("Only for a discharge."))
    is_certain = forms.BooleanField(
        label=_("I have compared name and birth date"), required=False, help_text=_("Needed to record a death.")
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("status") == PatientStatus.DECEASED and not given.get("is_certain"):
            self.add_error("is_certain", _("Compare name and birth date, then tick this."))
        return given


__all__ = [
    "HOW_TOLD",
    "ConditionForm",
    "ConsentForm",
    "HoldForm",
    "NewPatientForm",
    "PatientForm",
    "StatusForm",
    "TextField",
]
