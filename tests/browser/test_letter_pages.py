"""The pages of letters in a real browser, in every look, and a letter itself as a mail program shows it."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.practice.models import Role
from clinic.reminders import letters, unread_reports
from clinic.reminders.letters import Tokens
from clinic.reminders.models import Message
from tests.browsing import NARROW
from tests.factories import (
    ClinicFactory,
    DeliveryAttemptFactory,
    DeliveryReportFactory,
    FollowUpFactory,
    HoldFactory,
    MessageFactory,
    PatientFactory,
    PlanFactory,
    SuppressionFactory,
    member,
)
from tests.reminders.running import started
from tests.reminders.test_letters import LETTERS, message_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(site, sign_in):
    """A clinic with letters of every kind, and its administrator signed in."""
    started()
    clinic = ClinicFactory(name="Harbour clinic", sending_weekdays=list(range(7)))
    PlanFactory(clinic=clinic)
    now = timezone.now()
    today = now.date()

    def stand(name, *, opens_in=-20, **patient):
        return FollowUpFactory(
            patient=PatientFactory(clinic=clinic, given_name=name, family_name="Mercer", next_check_at=now, **patient),
            opens_on=today + timedelta(days=opens_in),
            closes_on=today + timedelta(days=opens_in + 92),
            suggested_from=today + timedelta(days=opens_in),
            suggested_until=today + timedelta(days=opens_in + 21),
        )

    stand("Aylin")
    HoldFactory(patient=stand("Jonas").patient, from_on=today, review_on=today)
    for state, reason in (("READY", ""), ("UNKNOWN", "UNKNOWN_DOT"), ("FAILED", "REFUSED_RCPT"), ("HELD", "HELD_BY_PERSON")):
        message = MessageFactory(
            follow_up=stand(state.title()), state=state, reason=reason, due_at=now, changed_at=now, ready_at=now
        )
        DeliveryAttemptFactory(message=message, to_state=state, outcome=reason or "CLAIMED", at=now)
    sign_in(member(Role.ADMIN, clinic=clinic, name="Karin Holm"))
    return clinic


@pytest.mark.parametrize("shown", ["next", "why", "went", "problems"])
def test_each_list_in_every_look(page: Page, site, clinic, looks, shown):
    page.goto(f"{site}/letters/?show={shown}")
    expect(page.get_by_role("table").first).to_be_visible()
    looks(page)


def test_blocked_addresses_in_every_look_and_one_is_written_to_again(page: Page, site, clinic, looks, watch):
    watch.expected.append("422")
    for name, reason in (("Blocked", "BOUNCED"), ("Unwanted", "COMPLAINED")):
        email = f"{name.lower()}.with-a-rather-long-name@patients.example.org"
        patient = PatientFactory(clinic=clinic, family_name=name, email=email)
        message = MessageFactory(patient=patient, state="BOUNCED", sent_at=timezone.now(), handoff_at=timezone.now())
        SuppressionFactory(message=message, reason=reason, at=timezone.now())
    page.goto(f"{site}/letters/addresses/")
    expect(page.get_by_text("A letter was called unwanted")).to_be_visible()
    looks(page)
    page.get_by_role("row").filter(has_text="Unwanted").get_by_role("link", name="Write there again").click()
    looks(page)
    page.get_by_role("button", name="Write there again").click()
    expect(page.get_by_text("Ask the patient first")).to_be_visible()
    looks(page)
    page.get_by_label("The patient has confirmed this address").check()
    page.get_by_label("How they confirmed it").fill("spelled out by phone")
    page.get_by_role("button", name="Write there again").click()
    expect(page.get_by_text("Letters go to this address again.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Unwanted")).not_to_be_visible()


def test_reports_to_read_in_every_look_and_one_is_settled(page: Page, site, clinic, looks, settings, tmp_path):
    settings.REPORTS_DIR = tmp_path
    message = MessageFactory(patient=PatientFactory(clinic=clinic), state="SENT", sent_at=timezone.now())
    report = DeliveryReportFactory(message=message, why="OTHER_FEEDBACK", received_at=timezone.now())
    unread_reports.keep(report.public_id, b"Subject: <b>hello</b>\r\n\r\n" + b"a long line " * 60)
    page.goto(f"{site}/letters/reports/")
    expect(page.get_by_text("Feedback of another kind")).to_be_visible()
    looks(page)
    page.get_by_role("row").filter(has_text="Feedback").get_by_role("link").first.click()
    expect(page.get_by_text("Subject: <b>hello</b>")).to_be_visible()
    looks(page)
    page.get_by_role("button", name="Settled: delete the text").click()
    expect(page.get_by_text("No report needs you.")).to_be_visible()


def test_what_goes_on_a_day_to_come_in_every_look(page: Page, site, clinic, looks):
    page.goto(f"{site}/letters/")
    page.get_by_label("Date", exact=True).fill((timezone.now() + timedelta(days=1)).date().isoformat())
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("As things stand: as if nobody booked")).to_be_visible()
    looks(page)


def test_a_letter_in_every_look(page: Page, site, clinic, looks):
    message = Message.objects.get(state="UNKNOWN")
    page.goto(f"{site}/letters/{message.public_id}/")
    expect(page.get_by_text("it may have arrived or not")).to_be_visible()
    looks(page)


def test_a_letter_in_doubt_is_settled_by_one_press(page: Page, site, clinic):
    page.goto(f"{site}/letters/?show=problems")
    page.get_by_role("row").filter(has_text="Unknown Mercer").get_by_role("button", name="It arrived").click()
    expect(page.get_by_text("The letter counts as sent.")).to_be_visible()
    assert Message.objects.filter(state="SENT").count() == 1


def test_letters_are_paused_and_go_again(page: Page, site, clinic, looks):
    page.goto(f"{site}/letters/")
    page.get_by_text("Pause letters").click()
    page.get_by_label("Why Harbour clinic pauses").fill("moving house")
    page.get_by_role("button", name="Pause the letters of Harbour clinic").click()
    expect(page.get_by_text("The letters of Harbour clinic are paused.")).to_be_visible()
    looks(page)
    page.get_by_role("button", name="Let the letters of Harbour clinic go again").click()
    expect(page.get_by_text("The letters of Harbour clinic are paused.")).not_to_be_visible()


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_reads_well_on_a_phone_by_day_and_by_night(page: Page, letter):
    written = letters.write(message_for(letter), Tokens("ACT", "STOP"), now=timezone.now())
    page.set_viewport_size(NARROW)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_content(written.html)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        # The letter that takes another back asks for nothing: its only link ends such letters.
        if letter != "correction":
            assert page.get_by_role("link").first.bounding_box()["height"] >= 44
        assert "Dear Anna," in page.inner_text("body")
        assert readable(page)


def readable(page: Page) -> bool:
    """A letter is no page with landmarks, but its words must stand out from their ground and its links have names."""
    rules = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-name", "html-has-lang"]}}
    return Axe().run(page, options=rules).violations_count == 0
