"""What the letters say: neutral, whole, in the patient's time; what was typed into a name never becomes more than one."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from icalendar import Calendar

from clinic import links
from clinic.mailer import compose
from clinic.practice.models import Clinic
from clinic.reminders import letters, neutral_words
from clinic.reminders.letters import Tokens
from clinic.reminders.models import Message
from clinic.reminders.rules import RULES
from tests.factories import NOW, AppointmentFactory, ClinicFactory, FollowUpFactory, MessageFactory

pytestmark = pytest.mark.django_db
FOLDER = Path(project.BASE_DIR) / "templates" / "email"
FORBIDDEN = neutral_words.FORBIDDEN["en"]
LETTERS = sorted(rule.letter for rule in RULES.values() if rule.letter)


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL, settings.SITE_HOST = "https://clinic.example", "clinic.example"
    settings.DEFAULT_FROM_EMAIL = "letters@clinic.example"


def message_for(letter, clinic=None, given_name="Anna", **appointment):
    """A message of this kind, with everything that it is about."""
    rule = next(rule for rule in RULES.values() if rule.letter == letter)
    clinic = clinic or ClinicFactory()
    follow_up = FollowUpFactory(patient__clinic=clinic, patient__given_name=given_name, patient__email="anna@example.org")
    about = None
    if rule.family in ("CHANGE", "VISIT", "MISSED"):
        state = {"cancelled": "CANCELLED", "missed": "MISSED"}.get(letter, "BOOKED")
        about = AppointmentFactory(follow_up=follow_up, state=state, **appointment)
    message = MessageFactory(follow_up=follow_up, patient=follow_up.patient, appointment=about, step=rule.step, letter=letter)
    return letters.load([message.pk])[message.pk]


def written(letter, **given):
    return letters.write(message_for(letter, **given), Tokens("ACT", "STOP"), now=NOW)


def test_every_step_with_a_letter_has_its_templates_and_no_folder_is_left_over():
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == LETTERS
    for letter in LETTERS:
        assert sorted(path.name for path in (FOLDER / letter).iterdir()) == ["body.html", "body.txt", "subject.txt"]


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.*")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_template_says_what_the_clinic_does(path):
    # What a style sheet calls its own things is read by nobody.
    words = re.sub(
        r"<style>.*?</style>|style=\"[^\"]*\"|\{%.*?(extends|include|load|block ).*?%\}", "", path.read_text(), flags=re.S
    )
    said = re.findall(r"[a-z]+", re.sub(r"<[^>]+>", " ", words).lower())
    assert [word for word in said if word.startswith(tuple(FORBIDDEN))] == []


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_is_whole_and_says_the_same_in_text_and_html(letter, strict_templates):
    found = written(letter)
    for body in (found.text, found.html):
        assert "UNRESOLVED" not in body
        assert "Anna" in body
        assert "Harbour clinic" in body
        assert "+33 1 99 00 12 34" in body
        # Whoever is told to disregard a letter is asked for nothing.
        assert ("https://clinic.example/p/ACT/" in body) == (letter != "correction")
        assert "https://clinic.example/p/STOP/stop/" in body
        assert "Nobody reads replies at night" in body
        assert "112" in body
    assert found.unsubscribe_url == "https://clinic.example/p/STOP/stop/"
    assert "UNRESOLVED" not in found.subject
    assert found.subject
    assert "\n" not in found.subject
    assert "Anna" not in found.subject


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_as_a_whole_says_nothing_of_the_treatment(letter):
    content = compose(written(letter), at=NOW).decode().lower()
    assert [word for word in ("botox", "spasm", "toxin", "inject", "treat", "neuro", "botulin") if word in content] == []


@pytest.mark.parametrize("letter", ["booked", "moved", "cancelled", "missed", "visit"])
def test_a_visit_is_told_by_the_clinics_wall_with_its_place(letter):
    clinic = ClinicFactory(time_zone="Australia/Lord_Howe", address="1 Quay Road, Harbourtown")
    found = written(letter, clinic=clinic, starts_at=NOW + timedelta(days=14))
    for body in (found.text, found.html):
        assert "Monday 7 December 2026, 20:00" in body  # UTC+11 in summer
        assert "1 Quay Road, Harbourtown" in body


def test_a_letter_of_a_cancelled_visit_without_a_follow_up_offers_no_link():
    message = message_for("cancelled")
    Message.objects.filter(pk=message.pk).update(follow_up=None)
    message = letters.load([message.pk])[message.pk]
    tokens = letters.mint_all({message: ()}, now=NOW)[message.pk]
    found = letters.write(message, tokens, now=NOW)
    assert tokens.act == ""
    assert found.text.count("https://") == 1
    assert "Choose another time" not in found.text + found.html


def test_a_letter_that_takes_another_back_carries_no_link_but_the_one_to_stop():
    message = message_for("correction")
    tokens = letters.mint_all({message: ()}, now=NOW)[message.pk]
    assert tokens.act == ""
    assert links.open_link(tokens.stop, now=NOW).consent_purpose == "INVITE"


@pytest.mark.parametrize(("letter", "purpose", "consent"), [
    ("invite", "BOOK", "INVITE"), ("remind", "BOOK", "INVITE"), ("last_call", "BOOK", "INVITE"),
    ("booked", "VISIT", "VISIT"), ("cancelled", "BOOK", "VISIT"), ("visit", "VISIT", "VISIT"),
    ("moved", "VISIT", "VISIT"), ("missed", "BOOK", "INVITE"),
])  # fmt: skip
def test_each_sending_has_links_of_its_own_for_what_it_is_about(letter, purpose, consent):
    message = message_for(letter)
    first, second = (letters.mint_all({message: ()}, now=NOW)[message.pk] for _sending in range(2))
    assert len({first.act, first.stop, second.act, second.stop}) == 4
    act = links.open_link(first.act, now=NOW)
    assert (act.purpose, act.patient) == (purpose, message.patient)
    assert links.open_link(first.stop, now=NOW).consent_purpose == consent


@pytest.mark.parametrize(("letter", "method", "status"), [
    ("booked", "PUBLISH", "CONFIRMED"), ("moved", "PUBLISH", "CONFIRMED"), ("visit", "PUBLISH", "CONFIRMED"),
    ("cancelled", "CANCEL", "CANCELLED"),
])  # fmt: skip
def test_letters_of_visits_bring_a_calendar_file_with_a_stable_name_and_a_rising_number(letter, method, status):
    message = message_for(letter)
    message.appointment.sequence = 3
    calendar = letters.write(message, Tokens("ACT", "STOP"), now=NOW).calendar
    event = Calendar.from_ical(calendar.content).walk("VEVENT")[0]
    assert calendar.method == method
    assert str(event["uid"]) == f"{message.appointment.public_id}@clinic.example"
    assert (event["sequence"], str(event["status"])) == (3, status)
    assert event["dtstart"].dt == message.appointment.starts_at
    assert "Harbour clinic" in str(event["summary"])
    assert "botox" not in calendar.content.decode().lower()


@pytest.mark.parametrize("letter", ["invite", "remind", "last_call", "missed"])
def test_invitations_bring_no_file(letter):
    assert written(letter).calendar is None


HOSTILE = [
    "<script>alert(1)</script>",
    "Anna\r\nBcc: eve@example.org",
    "{{ emergency_text }}{% load i18n %}",
    'O\'Brien & Söhne "x"',
    "\u202eannA\u202c",
    "A\x00B",
    "%(given_name)s %s",
    "名前",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("letter", LETTERS)
def test_hostile_names_stay_names(letter, name):
    message = message_for(letter)
    message.patient.given_name = name
    clinic = Clinic(**{**vars_of(message.patient.clinic), "sender_name": name, "phone": name, "address": name})
    message.patient.clinic = clinic
    if message.appointment:
        message.appointment.clinic = clinic
    found = letters.write(message, Tokens("ACT", "STOP"), now=NOW)
    assert "<script>" not in found.html
    assert "alert(1)" not in found.html or "&lt;script&gt;" in found.html
    assert "\x00" not in found.text + found.html
    assert "\r" not in found.text
    assert not re.search(r"^Bcc:", found.text, re.M)
    content = compose(replace(found, calendar=None), at=NOW)
    assert b"\r\nBcc:" not in content
    if "{{" in name:
        assert name in found.text  # shown, not run


def vars_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_letters_are_loaded_in_one_query(django_assert_num_queries):
    keys = [message_for(letter).pk for letter in LETTERS]
    with django_assert_num_queries(1):
        for message in letters.load(keys).values():
            letters.write(message, Tokens("ACT", "STOP"), now=NOW)


def test_what_one_patient_is_told_never_reaches_the_next():
    """Letters of a kind share what they have in common, and nothing else."""
    clinic = ClinicFactory()
    first = written("booked", clinic=clinic, given_name="Anna", starts_at=NOW + timedelta(days=14))
    second = letters.write(
        message_for("booked", clinic=clinic, given_name="Bruno & Co", starts_at=NOW + timedelta(days=15)),
        Tokens("OTHER", "OUT"),
        now=NOW,
    )
    assert "Dear Bruno & Co," in second.text
    assert "Dear Bruno &amp; Co," in second.html
    for told in ("Anna", "7 December", "/p/ACT/", "/p/STOP/"):
        assert told in first.text
        assert told not in second.text + second.html
    assert not re.search("[\ue000-\uf8ff]", first.text + first.html + second.text + second.html)


def test_a_clinic_that_changes_its_words_writes_with_the_new_ones_at_once():
    clinic = ClinicFactory(phone="+33 1 11 11 11 11")
    assert "11 11 11 11" in written("invite", clinic=clinic).text
    clinic.phone = "+33 2 22 22 22 22"
    clinic.save()
    assert "22 22 22 22" in written("invite", clinic=clinic).text


def test_a_message_about_what_belongs_to_somebody_else_has_no_links_and_must_not_go():
    message = message_for("invite")
    message.follow_up = FollowUpFactory()
    assert letters.mint_all({message: ()}, now=NOW) == {}
