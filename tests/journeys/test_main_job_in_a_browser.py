"""The same story in a real browser: a clinician signs in and records by the map; the patient books on a phone."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from botox_tracker.stack import Stack


@pytest.fixture
def everything(running: Stack, world: dict[str, str]) -> dict[str, str]:
    """The clinic of the story with web, worker and beat running."""
    running.start_web()
    running.start_worker()
    running.start_beat()
    return world


def test_from_signing_in_to_the_patients_booking(
    running: Stack, everything: dict[str, str], page: Page, browser: Browser
) -> None:
    sign_in(page, running.site_url, everything)
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()

    record(page, running.site_url, everything)
    expect(page.get_by_text("10 U", exact=False).first).to_be_visible()

    page.goto(f"{running.site_url}/follow-ups/")
    row = page.get_by_role("row").filter(has_text="Ines Duarte")
    expect(row).to_contain_text("opens")

    running.wait_for(lambda: len(running.mailbox) >= 1, seconds=40, name="the invitation")
    [invitation] = running.mailbox.to(everything["patient_email"])
    body = invitation.message.get_body(("plain",)).get_content()
    link = re.search(r"https?://\S+/p/\S+", body)[0]

    phone = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB")
    try:
        booked_on = book(phone.new_page(), link)
    finally:
        phone.close()

    running.wait_for(lambda: len(running.mailbox) >= 2, seconds=40, name="the confirmation")
    assert len(running.mailbox) == 2
    page.goto(f"{running.site_url}/follow-ups/")
    row = page.get_by_role("row").filter(has_text="Ines Duarte")
    expect(row).to_contain_text(re.compile("booked|" + booked_on, re.IGNORECASE))


def sign_in(page: Page, site: str, world: dict[str, str]) -> None:
    page.goto(site)
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(world["clinician"])
    page.get_by_label("Password").fill(world["password"])
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()


def record(page: Page, site: str, world: dict[str, str]) -> None:
    """Three points: one clicked on the map, one by quick entry, one in the table."""
    from datetime import date, timedelta

    page.goto(f"{site}/patients/{world['patient']}/treatments/new/?condition={world['condition']}")
    treated_on = date.fromisoformat(world["today"]) - timedelta(days=85)
    page.get_by_label("Date of treatment").fill(treated_on.isoformat())
    vial = page.get_by_role("combobox", name="Vial")
    vial.select_option(vial.locator("option", has_text="C7719").get_attribute("value"))
    page.locator("[data-quick-entry]").fill("zyg maj R 2.5")
    page.locator("[data-quick-entry]").press("Enter")
    page.locator("[data-quick-entry]").fill("oo ul lat R 2.5")
    page.locator("[data-quick-entry]").press("Enter")
    page.get_by_role("button", name=re.compile("lateral canthus.*right|right.*lateral canthus", re.IGNORECASE)).first.click()
    row = page.locator("[data-point-row]").filter(
        has=page.locator("option:checked", has_text=re.compile("canthus", re.IGNORECASE))
    )
    row.locator("input[name$=-units]").fill("5")
    expect(page.locator('[data-total="units"]')).to_have_text(re.compile(r"^10(\.00)?$"))
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page).to_have_url(re.compile(r"/treatments/[0-9a-f-]{36}/$"))


def book(phone: Page, link: str) -> str:
    """Open the link, choose the first time offered, press the one big button; return the day as the page says it."""
    phone.goto(link)
    phone.get_by_role("radio").first.check(force=True)
    phone.get_by_role("button", name=re.compile("book", re.IGNORECASE)).first.click()
    said = phone.get_by_text(re.compile(r"\w+day,? \d{1,2} \w+")).first
    expect(said).to_be_visible()
    return re.search(r"\d{1,2} \w{3}", said.inner_text())[0]
