"""What is said of emergencies, in the language of whoever reads it and no other."""

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation

from clinic.admin.clinics import ClinicForm
from clinic.practice.models import Clinic


def clinic(**said):
    return Clinic(**{"emergency_text": "In an emergency call 999.", "language": "en"} | said)


@pytest.mark.parametrize("reader", ["en", "de", "es"])
def test_clinics_own_text_stands_in_its_own_language_and_no_other(reader):
    ours = clinic(emergency_texts={"de": "Im Notfall: 999, Tag und Nacht."}, emergency_number="999")
    told = {"en": "In an emergency call 999.", "de": "Im Notfall: 999, Tag und Nacht.", "es": "En una urgencia, llame al 999."}
    with translation.override("en" if reader == "de" else "de"):
        assert ours.emergency_text_in(reader) == told[reader]
    with translation.override(reader):
        assert ours.emergency_words == told[reader]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "In an emergency call the emergency services."),
        ("de", "Rufen Sie im Notfall den Rettungsdienst."),
        ("es", "En una urgencia, llame a los servicios de emergencia."),
    ],
)
def test_clinic_that_names_no_number_sends_to_the_emergency_services(language, told):
    other = "de" if language == "en" else "en"
    assert clinic(language=other).emergency_text_in(language) == told


@pytest.mark.parametrize("number", ["call us", "112<br>", "+", "-1"])
def test_number_is_a_number(number):
    with pytest.raises(ValidationError):
        clinic(emergency_number=number).clean_fields(exclude=["name", "sender_name", "phone", "address", "reply_to"])


def test_every_language_of_letters_has_its_field():
    assert {f"emergency_in_{code}" for code, _name in settings.LANGUAGES} <= set(ClinicForm.base_fields)
