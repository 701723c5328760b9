"""The words of letters in a real browser: typed, looked at in their frame, saved."""

import pytest
from playwright.sync_api import Page, expect

from clinic.practice.models import Role
from clinic.reminders.letter_wordings import LetterWording
from tests.factories import ClinicFactory, member
from tests.reminders.running import started

pytestmark = pytest.mark.django_db(transaction=True)


def test_words_are_typed_looked_at_and_saved(page: Page, site, sign_in, looks):
    started()
    clinic = ClinicFactory(name="Harbour clinic")
    sign_in(member(Role.ADMIN, clinic=clinic))
    page.goto(f"{site}/letters/wordings/{clinic.public_id}/")
    looks(page)
    page.get_by_role("link", name="standard (Invitation, English)").click()
    letter = page.frame_locator("iframe[name=preview]")
    expect(letter.get_by_text("Dear Anna,")).to_be_visible()
    page.get_by_label("Beginning of the letter").fill("We have not seen you for a while, {given_name}.")
    page.get_by_role("button", name="Show the letter").click()
    expect(letter.get_by_text("We have not seen you for a while, Anna.")).to_be_visible()
    assert not LetterWording.objects.exists()
    page.get_by_role("button", name="Save these words").click()
    expect(page.get_by_text("Letters that are written from now on have these words.")).to_be_visible()
    assert LetterWording.objects.get().opening == "We have not seen you for a while, {given_name}."


def test_the_page_of_words_in_every_look(page: Page, site, sign_in, watch, looks):
    started()
    clinic = ClinicFactory(name="Harbour clinic")
    sign_in(member(Role.ADMIN, clinic=clinic))
    watch.expected.append("422")
    page.goto(f"{site}/letters/wordings/{clinic.public_id}/edit/")
    page.get_by_label("Subject").fill("Your treatment")
    page.get_by_role("button", name="Save these words").click()
    expect(page.get_by_text("Leave out: treatment.")).to_be_visible()
    looks(page)
