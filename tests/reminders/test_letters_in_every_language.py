"""The letters in the languages besides English: in the patient's own, whole, and as neutral."""

import re
from datetime import timedelta

import pytest
from django.conf import settings as project
from icalendar import Calendar

from clinic.reminders import letters, neutral_words
from clinic.reminders.letters import Tokens
from clinic.reminders.models import Message
from tests.factories import NOW, ClinicFactory
from tests.reminders.test_letters import LETTERS, message_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("strict_templates")]
FORBIDDEN = {language: words for language, words in neutral_words.FORBIDDEN.items() if language != "en"}
STOP = {"de": "Diese E-Mails abbestellen", "es": "No recibir más estos correos"}
NOBODY = {"de": "liest niemand Antworten", "es": "Nadie lee las respuestas"}
#: Marks of the language that a letter would carry if a text had been forgotten.
ENGLISH = re.compile(r"\b(the|your|you|please|with|visit|this|have|kind regards|dear)\b", re.IGNORECASE)
EVERY = [(letter, language) for letter in LETTERS for language in FORBIDDEN]


def written(letter, language):
    clinic = ClinicFactory(emergency_text="In case of need: 112", sender_name="Am Hafen", address="Hafenstr. 1")
    about = {"starts_at": NOW + timedelta(days=14)} if letter in ("booked", "moved", "cancelled", "missed", "visit") else {}
    message = message_for(letter, clinic=clinic, **about)
    Message.objects.filter(pk=message.pk).update(language=language)
    return letters.write(letters.load([message.pk])[message.pk], Tokens("ACT", "STOP", ("OTHER",)), now=NOW)


def test_every_language_of_letters_is_tested():
    assert {code for code, _name in project.LANGUAGES} == {"en", *FORBIDDEN}


@pytest.mark.parametrize(("letter", "language"), EVERY)
def test_a_letter_is_in_its_language_from_the_subject_to_the_last_line(letter, language):
    found = written(letter, language)
    for text in (found.subject, found.text, re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", found.html)):
        assert "UNRESOLVED" not in text
        assert ENGLISH.findall(re.sub(r"https?://\S+", "", text)) == []
    for body in (found.text, found.html):
        assert "Anna" in body
        assert STOP[language] in body
        assert NOBODY[language] in body
    assert f'<html lang="{language}">' in found.html


@pytest.mark.parametrize(("letter", "language"), EVERY)
def test_a_letter_says_in_its_language_what_to_do_in_an_emergency(letter, language):
    """The clinic of these letters has a text in English alone, and names no number."""
    found = written(letter, language)
    told = {"de": "Rufen Sie im Notfall den Rettungsdienst.", "es": "En una urgencia, llame a los servicios de emergencia."}
    for body in (found.text, found.html):
        assert told[language] in body
        assert "In case of" not in body


@pytest.mark.parametrize(("letter", "language"), EVERY)
def test_a_letter_says_nothing_of_the_treatment(letter, language):
    found = written(letter, language)
    visible = re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", found.html)
    words = re.findall(r"\w+", f"{found.subject} {found.text} {visible}".lower())
    assert [word for word in words if word.startswith(FORBIDDEN[language])] == []


@pytest.mark.parametrize(
    ("language", "day"), [("de", "Montag, 7. Dezember 2026, 10:00"), ("es", "lunes 7 de diciembre de 2026, 10:00")]
)
def test_a_day_is_written_as_its_readers_write_it(language, day):
    found = written("booked", language)
    assert day in found.text
    assert day in found.html


@pytest.mark.parametrize(("language", "summary"), [("de", "Termin, Am Hafen"), ("es", "Cita, Am Hafen")])
def test_the_calendar_file_speaks_the_same_language(language, summary):
    (event,) = Calendar.from_ical(written("booked", language).calendar.content).walk("VEVENT")
    assert event["SUMMARY"] == summary
