"""The pages behind a letter speak the patient's language; what staff read of them stays in the clinic's."""

import re

import pytest

from clinic.patients.models import Patient, StaffTask
from tests.portal.conftest import reader

#: Title of the page behind each kind of link.
TITLES = {"de": ("Wählen Sie eine Zeit", "Ihr Termin", "Diese E-Mails abbestellen?"),
          "es": ("Elija una hora", "Su cita", "¿No recibir más estos correos?")}  # fmt: skip


@pytest.fixture(params=sorted(TITLES))
def language(request, agenda):
    Patient.objects.update(language=request.param)
    agenda.patient.refresh_from_db()
    return request.param


def visible(page):
    main = re.search(r"(?s)<main.*?</main>", page.text)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_every_kind_of_page_is_in_the_patients_language(language, agenda):
    choose, visit, stop = TITLES[language]
    pages = [
        (choose, reader(agenda).get()),
        (stop, reader(agenda, "STOP", consent_purpose="INVITE").get("stop/")),
        (visit, reader(agenda, "VISIT", appointment=agenda.book()).get()),
    ]
    for title, page in pages:
        assert page.status_code == 200
        assert f'<html lang="{language}"' in page.text
        assert title in page.text
        assert re.findall(r"\b(the|your|please|with|this|call|book)\b", visible(page), re.IGNORECASE) == []


def test_what_to_do_in_an_emergency_is_said_in_the_patients_language_alone(language, agenda):
    clinic = agenda.clinic
    foot = reader(agenda).get().text.split('<footer class="foot">')[1]
    assert {"de": "Rufen Sie im Notfall den Rettungsdienst.", "es": "En una urgencia, llame a los servicios"}[language] in foot
    assert clinic.emergency_text not in foot
    clinic.emergency_texts = {language: f"112 ({language})"}
    clinic.save(update_fields=["emergency_texts"])
    foot = reader(agenda).get().text.split('<footer class="foot">')[1]
    assert f"112 ({language})" in foot


def test_what_is_wrong_is_said_in_the_patients_language(language, booker):
    answer = booker.post("book/")
    assert answer.status_code == 400
    assert {"de": "Bitte wählen Sie eine Zeit.", "es": "Elija una hora."}[language] in answer.text


def test_staff_read_a_wish_to_be_called_in_the_clinics_language(language, booker):
    booker.post("call/", when="MORNING")
    assert "In the morning" in StaffTask.objects.get().note
