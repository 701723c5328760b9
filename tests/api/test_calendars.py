"""Private calendar feeds, read back as a calendar program does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from clinic.audit import AuditEvent
from clinic.links import hash_token
from clinic.scheduling.calendar_feeds import CalendarFeed
from clinic.scheduling.calendar_file import calendar_file
from clinic.scheduling.services import cancel, move
from clinic.scheduling.services.feeding import create_feed, revoke_feed
from tests.factories import NOW, AppointmentFactory, ClinicFactory, PatientFactory, member
from tests.scheduling.agenda import TUESDAY_9, WEDNESDAY_9, at, make_agenda, with_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def agenda(db, settings):
    settings.SITE_URL, settings.SITE_HOST = "https://visits.example", "visits.example"
    return make_agenda(sender_name="Harbour practice")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def token(agenda):
    return create_feed(by=agenda.staff, practitioner=agenda.practitioner, clinic=agenda.clinic, now=NOW)


def address(token):
    return reverse("api:calendar-read", args=[token])


def read(client, token):
    """The events of the feed by UID, as a calendar program understands them."""
    answer = client.get(address(token))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return {str(event["uid"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_program_reads_the_visits_without_a_word_about_whose_they_are(client, agenda, token):
    visit = agenda.book()
    [(uid, event)] = read(client, token).items()
    assert uid == f"{visit.public_id}@visits.example"
    assert event.decoded("dtstart") == TUESDAY_9
    assert event.decoded("dtend") == TUESDAY_9 + timedelta(minutes=30)
    assert (str(event["status"]), int(event["sequence"]), str(event["summary"])) == ("CONFIRMED", 0, "Visit")
    content = client.get(address(token)).text
    for word in ("Ines", agenda.patient.family_name, "spasm", "otox", str(agenda.patient.public_id)):
        assert word not in content
    assert "PRODID:-//Visits//EN" in content
    assert all(len(line) <= 75 for line in content.split("\r\n"))


def test_names_are_there_once_the_clinic_has_turned_that_on(client, agenda, token):
    agenda.clinic.feeds_name_patients = True
    agenda.clinic.save()
    agenda.book()
    [event] = read(client, token).values()
    assert str(event["summary"]) == str(agenda.patient)


def test_moved_visit_keeps_its_uid_and_its_sequence_rises(client, agenda, token):
    visit = agenda.book()
    [before] = read(client, token)
    move(by=agenda.staff, appointment=visit, practitioner=agenda.practitioner, starts_at=WEDNESDAY_9, now=NOW)
    [(after, event)] = read(client, token).items()
    assert after == before
    assert (event.decoded("dtstart"), int(event["sequence"])) == (WEDNESDAY_9, 1)
    # A patient's file of the same visit goes by the same name.
    assert after in calendar_file(visit, host="visits.example", now=NOW).decode()


def test_cancelled_visit_is_told_as_cancelled(client, agenda, token):
    visit = agenda.book()
    cancel(by=agenda.staff, appointment=visit, reason="ill", now=NOW)
    [event] = read(client, token).values()
    assert (str(event["status"]), int(event["sequence"])) == ("CANCELLED", 1)


def test_visit_moved_to_somebody_else_is_cancelled_here_and_stands_there(client, agenda, token):
    visit, other = agenda.book(), with_hours(agenda.clinic, "Dr Other")
    theirs = create_feed(by=agenda.staff, practitioner=other, clinic=agenda.clinic, now=NOW)
    move(by=agenda.staff, appointment=visit, practitioner=other, starts_at=WEDNESDAY_9, now=NOW)
    assert [str(event["status"]) for event in read(client, token).values()] == ["CANCELLED"]
    assert [str(event["status"]) for event in read(client, theirs).values()] == ["CONFIRMED"]


def test_only_visits_at_the_clinic_of_the_feed_are_there(client, agenda, token):
    hill = ClinicFactory()
    agenda.practitioner.clinics.add(hill)
    AppointmentFactory(patient=PatientFactory(clinic=hill), practitioner=agenda.practitioner, starts_at=at(1, 10))
    agenda.book(practitioner=with_hours(agenda.clinic, "Dr Other"))
    assert read(client, token) == {}


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(client, agenda, token):
    for starts_at in (at(22, 8, month=3, year=2027), at(29, 7, month=3, year=2027)):
        agenda.book(starts_at, follow_up=agenda.another_follow_up())
    local = [event.decoded("dtstart").astimezone(agenda.clinic.zone) for event in read(client, token).values()]
    assert [f"{one:%H:%M}" for one in local] == ["09:00", "09:00"]


def test_what_is_known_is_not_sent_again(client, agenda, token, clock):
    agenda.book()
    first = client.get(address(token))
    clock.move_to(NOW + timedelta(hours=6))
    again = client.get(address(token), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up())
    changed = client.get(address(token), headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert changed["Cache-Control"] == "private, no-cache"
    events = AuditEvent.objects.filter(action="EXPORTED", what="CalendarFeed")
    assert list(events.order_by("id").values_list("count", flat=True)) == [1, 2]


def test_number_of_queries_is_the_same_for_one_visit_and_for_many(client, agenda, token, django_assert_num_queries):
    agenda.book()
    with django_assert_num_queries(4):
        read(client, token)
    for hour in (9, 10):
        agenda.book(at(1, hour), follow_up=agenda.another_follow_up())
    with django_assert_num_queries(4):
        read(client, token)


# -- who may read ---------------------------------------------------------------------------------------------------------


def test_only_the_hash_is_kept(agenda, token):
    feed = CalendarFeed.objects.get()
    assert feed.token_hash == hash_token(token)
    assert len(token) == 43
    assert token not in repr(CalendarFeed.objects.values())


@pytest.mark.parametrize("wrong", ["x" * 43, "x", "é" * 43, "x" * 5000, "%00" * 43])
def test_address_that_opens_nothing_says_nothing(client, agenda, token, wrong):
    agenda.book()
    answer = client.get(f"/api/calendars/{wrong}.ics")
    assert answer.status_code == 404
    assert "VEVENT" not in answer.text
    assert not AuditEvent.objects.filter(action="EXPORTED").exists()


def test_revoked_address_opens_nothing_and_neither_does_that_of_one_who_left(client, agenda, token):
    agenda.practitioner.clinics.clear()
    assert client.get(address(token)).status_code == 404
    agenda.practitioner.clinics.add(agenda.clinic)
    assert client.get(address(token)).status_code == 200
    revoke_feed(by=agenda.staff, practitioner=agenda.practitioner, clinic=agenda.clinic, now=NOW)
    assert client.get(address(token)).status_code == 404


def test_another_address_takes_the_place_of_the_first(client, agenda, token):
    second = create_feed(by=agenda.staff, practitioner=agenda.practitioner, clinic=agenda.clinic, now=NOW)
    assert [client.get(address(one)).status_code for one in (token, second)] == [404, 200]
    assert CalendarFeed.objects.count() == 2


# -- the page -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def doctor(agenda):
    browser = Client()
    browser.force_login(member("CLINICIAN", agenda.clinic))
    return browser


def test_address_is_shown_once_and_works(client, agenda, doctor):
    new = reverse("staff:calendar-feed-create", args=[agenda.clinic.public_id, agenda.practitioner.public_id])
    assert "Make an address" in doctor.get("/calendar/feeds/").text
    made = doctor.post(new)
    shown = made.text.partition("https://visits.example/api/calendars/")[2].partition(".ics")[0]
    assert client.get(address(shown)).status_code == 200
    assert made["Cache-Control"] == "no-store"
    later = doctor.get("/calendar/feeds/").text
    assert shown not in later
    assert "since 23 Nov 2026" in later
    doctor.post(reverse("staff:calendar-feed-revoke", args=[agenda.clinic.public_id, agenda.practitioner.public_id]))
    assert client.get(address(shown)).status_code == 404


def test_practitioner_of_another_clinic_does_not_exist(agenda, doctor):
    other = with_hours(ClinicFactory(), "Dr Elsewhere")
    for clinic in (agenda.clinic, other.clinics.get()):
        assert doctor.post(reverse("staff:calendar-feed-create", args=[clinic.public_id, other.public_id])).status_code == 404
    assert not CalendarFeed.objects.exists()
