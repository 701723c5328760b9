"""What holds for every page behind a patient link: doors, scanners, headers, size, and addresses that open nothing."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown

from clinic.audit import AuditEvent
from clinic.links import PatientLink, revoke_for
from clinic.patients.models import Consent, Patient, StaffTask
from clinic.portal import pages
from clinic.scheduling.models import Appointment, AppointmentChange
from tests.factories import NOW
from tests.portal.conftest import reader
from tests.scheduling.agenda import follow_up_of

HEALTH_WORDS = re.compile(r"botox|toxin|botulin|spasm|neurolog|inject|treatment|treated|symptom|dose|units", re.IGNORECASE)


@pytest.fixture
def everybody(agenda):
    """A link of each purpose, of three letters: an invitation, one about a visit, one to stop invitations."""
    return [
        reader(agenda, "BOOK", follow_up=follow_up_of(agenda.patient, agenda.practitioner)),
        reader(agenda, "VISIT", appointment=agenda.book()),
        reader(agenda, "STOP", consent_purpose="INVITE"),
    ]


PAGES = {
    "BOOK": ("", "call/", "book/", "cancel/", "visit.ics"),
    "VISIT": ("", "move/", "cancel/", "visit.ics"),
    "STOP": ("stop/",),
}


def pages_of(readers):
    for purpose, patient in zip(PAGES, readers, strict=True):
        for part in PAGES[purpose]:
            yield patient, part


def records():
    """Everything that a machine must not change by looking."""
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in (Appointment, AppointmentChange, Consent, StaffTask, PatientLink, Patient)
    }


# -- machines that open every link -----------------------------------------------------------------------------------------


def test_scanner_that_opens_every_page_five_times_changes_nothing(everybody):
    before = records()
    for patient, part in pages_of(everybody):
        for _ in range(5):
            head = patient.client.head(patient.address + part)
            assert head.content == b""
            assert patient.get(part).status_code == head.status_code
    assert records() == before


def test_scanner_that_presses_every_button_as_it_stands_changes_nothing(everybody):
    before = records()
    pressed = 0
    for patient, part in pages_of(everybody):
        page = patient.get(part)
        for form in re.findall(r"<form(.*?)</form>", page.text, re.DOTALL):
            address = re.search(r'action="([^"]+)"', form)
            hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
            checked = dict(re.findall(r'name="([^"]+)" value="([^"]*)"[^>]*checked', form))
            method = patient.client.post if 'method="post"' in form else patient.client.get
            method(address[1] if address else patient.address + part, hidden | checked)
            pressed += 1
    assert pressed >= 5
    assert records() == before


def test_after_the_scanner_the_persons_own_press_still_works(everybody):
    booker, visitor, stopper = everybody
    test_scanner_that_opens_every_page_five_times_changes_nothing(everybody)
    assert booker.post("book/", time=booker.choices(booker.get())[3]).status_code == 302
    assert visitor.post("cancel/", really="yes").status_code == 302
    assert stopper.post("stop/", letters="stop").status_code == 302


def test_opening_a_known_link_leaves_a_row_in_the_audit_log(booker):
    booker.get()
    event = AuditEvent.objects.get(action="LINK_OPENED")
    assert (event.actor_kind, event.address, event.what) == ("PATIENT", "127.0.0.1", "PatientLink")
    assert event.patient_id_public == booker.agenda.patient.public_id


# -- doors -----------------------------------------------------------------------------------------------------------------


def test_link_of_one_purpose_opens_no_page_of_another(everybody):
    booker, visitor, stopper = everybody
    for patient, part in ((booker, "stop/"), (visitor, "stop/"), (stopper, ""), (stopper, "cancel/"), (stopper, "book/")):
        before = records()
        for answer in (patient.get(part), patient.post(part, letters="stop", really="yes")):
            assert answer.status_code == 404
            assert "This address opens nothing" in answer.text
        assert records() == before


WRONG = [
    "A" * 43,
    "x",
    "A" * 5000,
    "%00" * 43,
    "..%2f..%2fetc",
    "%F0%9F%92%89",
    "%ff%fe",
    "a b",
    "'--",
    "<svg onload=x>",
    "{{7*7}}",
]


@pytest.mark.django_db
@pytest.mark.parametrize("token", WRONG)
@pytest.mark.parametrize("part", ["/", "/stop/", "/cancel/", "/visit.ics", "/nowhere/", ""])
def test_wrong_address_gets_a_calm_page_that_tells_nothing(token, part):
    client = Client()
    for answer in (client.get(f"/p/{token}{part}"), client.post(f"/p/{token}{part}")):
        assert answer.status_code == 404
        assert "This address opens nothing" in answer.text
        assert "<svg onload" not in answer.text
        assert "Set-Cookie" not in answer.headers
    assert not AuditEvent.objects.exists()


def test_wrong_address_reads_the_same_whatever_it_was(booker):
    texts = {booker.client.get(f"/p/{token}/").text for token in ("A" * 43, "short", booker.token[:-1] + "!")}
    assert len(texts) == 1
    assert booker.agenda.clinic.phone not in texts.pop()


def test_link_whose_slash_was_lost_still_opens(booker):
    assert "Choose a time" in booker.client.get(booker.address.rstrip("/")).text


@pytest.mark.parametrize("why", ["expired", "revoked"])
def test_old_link_gets_a_calm_page_with_the_clinics_phone(booker, clock, why):
    if why == "expired":
        clock.move_to(NOW + timedelta(days=400))
    else:
        revoke_for(booker.agenda.patient, now=NOW)
    before = records()
    for answer in (booker.get(), booker.post("book/", time="x"), booker.get("visit.ics")):
        assert answer.status_code == 410
        assert booker.agenda.clinic.phone in answer.text
        assert booker.agenda.clinic.emergency_text in answer.text
        assert booker.agenda.patient.given_name not in answer.text
    assert records() == before
    assert AuditEvent.objects.filter(action="LINK_OPENED").count() == 3


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_do_nothing(booker, method):
    assert getattr(booker.client, method)(booker.address).status_code == 405


def test_link_page_itself_takes_no_post(booker):
    assert booker.post("").status_code == 405


def test_many_wrong_addresses_of_one_caller_are_slowed_down_and_nobody_elses(booker):
    wrong = f"/p/{'A' * 43}/"
    answers = [booker.client.get(wrong, REMOTE_ADDR="192.0.2.1").status_code for _ in range(pages.WRONG_TRIES + 2)]
    assert answers == [404] * pages.WRONG_TRIES + [429, 429]
    assert booker.client.get(wrong, REMOTE_ADDR="192.0.2.2").status_code == 404
    assert booker.client.get(booker.address, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_wrong_address_is_answered_while_the_counter_is_out_of_reach(booker, monkeypatch, caplog):
    def down(*given, **named):
        raise RedisDown

    monkeypatch.setattr(cache, "add", down)
    assert booker.client.get(f"/p/{'A' * 43}/").status_code == 404
    assert "not being counted" in caplog.text
    assert "AAAA" not in caplog.text.replace("/p/…", "")


# -- what every page carries ---------------------------------------------------------------------------------------------------


def test_every_page_is_private_and_names_no_health_matter_in_title_or_address(everybody):
    for patient, part in pages_of(everybody):
        answer = patient.get(part)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "Set-Cookie" not in answer.headers
        assert not HEALTH_WORDS.search(part)
        if answer["Content-Type"].startswith("text/html") and answer.status_code == 200:
            assert not HEALTH_WORDS.search(answer.text), HEALTH_WORDS.search(answer.text)
            assert patient.agenda.clinic.phone in answer.text
            assert patient.agenda.clinic.emergency_text in answer.text
            assert re.search(r"<title>[^<]+</title>", answer.text)


def test_every_page_and_all_it_loads_weighs_less_than_60_kb(everybody):
    for patient, part in pages_of(everybody):
        answer = patient.get(part)
        loaded = set(re.findall(r'(?:href|src)="/static/([^"]+)"', answer.text))
        weight = len(answer.content) + sum(Path(finders.find(name)).stat().st_size for name in loaded)
        assert weight < 60_000, (part, weight)
        assert "<script" not in answer.text


def test_message_meant_for_a_member_of_staff_is_not_shown_to_a_patient(booker):
    staff = booker.agenda.clerk
    client = Client()
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["_messages"] = '[["__json_message",0,25,"Mrs Secret was saved."]]'
    session.save()
    assert "Secret" not in client.get(booker.address).text


def test_patients_language_is_used(booker, settings):
    Patient.objects.update(language="de")
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    page = booker.get()
    assert '<html lang="de">' in page.text
    assert "Dienstag" in page.text


def test_names_are_shown_as_text(agenda):
    agenda.patient.given_name = "<img src=x onerror=alert(1)>"
    agenda.patient.save()
    page = reader(agenda).get()
    assert "<img" not in page.text
    assert "&lt;img" in page.text


def test_posting_to_an_address_that_was_cut_off_finds_nothing(stopper):
    """A mail program that drops the last stroke of the address has no cookie to show: it is told the same as anybody."""
    answer = stopper.client.post(f"/p/{stopper.token}/stop", {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 404
    assert "opens nothing" in answer.text
