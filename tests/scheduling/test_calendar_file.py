"""The calendar file of a visit, read back by a calendar library."""

from datetime import timedelta

from icalendar import Calendar

from clinic.scheduling.calendar_file import calendar_file
from clinic.scheduling.services import cancel
from tests.factories import NOW
from tests.scheduling.agenda import TUESDAY_9, make_agenda

HOST = "clinic.example.org"


def read(appointment):
    calendar = Calendar.from_ical(calendar_file(appointment, host=HOST, now=NOW))
    return calendar, calendar.walk("VEVENT")[0]


def test_file_says_when_and_where(agenda):
    _, event = read(agenda.book())
    assert event.decoded("dtstart") == TUESDAY_9
    assert event.decoded("dtend") == TUESDAY_9 + timedelta(minutes=30)
    assert str(event["location"]) == agenda.clinic.address
    assert str(event["contact"]) == agenda.clinic.phone
    assert str(event["status"]) == "CONFIRMED"
    assert (str(event["organizer"]), event["organizer"].params["CN"]) == (f"mailto:{agenda.clinic.reply_to}", "Harbour clinic")


def test_visit_ends_without_the_time_kept_free_after_it(db):
    _, event = read(make_agenda(buffer_minutes=15).book())
    assert event.decoded("dtend") == TUESDAY_9 + timedelta(minutes=30)


def test_file_says_nothing_about_the_patient_or_the_treatment(agenda):
    text = calendar_file(agenda.book(), host=HOST, now=NOW).decode().lower()
    for word in ("botox", "toxin", "treatment", "injection", "spasm", agenda.patient.given_name, agenda.patient.family_name):
        assert word.lower() not in text
    assert agenda.practitioner.name.lower() not in text


def test_clinic_name_with_special_characters_is_written_safely(db):
    agenda = make_agenda(sender_name="Quay; Dock, & Sons\r\nATTENDEE:mailto:x@y", address="1 Quay Road, Häfen\nBack door")
    calendar, event = read(agenda.book())
    assert "ATTENDEE" not in event
    assert "Quay; Dock, & Sons" in str(event["summary"])
    assert "Häfen" in str(event["location"])
    assert len(calendar.walk("VEVENT")) == 1


def test_cancelled_visit_has_the_same_uid_and_a_higher_sequence(agenda):
    appointment = agenda.book()
    _, before = read(appointment)
    cancel(by=agenda.staff, appointment=appointment, reason="ill", now=NOW)
    _, after = read(appointment)
    assert after["uid"] == before["uid"] == f"{appointment.public_id}@{HOST}"
    assert after["sequence"] > before["sequence"]
    assert str(after["status"]) == "CANCELLED"
