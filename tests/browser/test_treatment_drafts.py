"""Nothing typed is lost: drafts in a real browser, in two tabs, signed out, and the pages where a record is put right."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.treatments.models import InjectionSession, TreatmentDraft
from clinic.treatments.services import typed_in
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


class Place:
    """A clinician who is signed in, a patient with a spasm on the right, and a vial."""

    def __init__(self, site, sign_in):
        self.clinic = factories.ClinicFactory()
        self.user = factories.member(Role.CLINICIAN, clinic=self.clinic, name="Dr First")
        factories.PractitionerFactory(clinics=[self.clinic], user=self.user)
        self.condition = factories.ConditionFactory(patient__clinic=self.clinic, side="RIGHT")
        factories.SiteFactory(code="ZYG_MAJ")
        factories.VialFactory(clinic=self.clinic)
        self.sign_in = lambda: sign_in(self.user)
        self.sign_in()
        record = reverse("staff:treatment-record", args=[self.condition.patient.public_id])
        self.address = f"{site}{record}?condition={self.condition.public_id}"
        self.site = site


@pytest.fixture
def place(site, sign_in):
    return Place(site, sign_in)


def type_quickly(page, text):
    page.locator("[data-quick-entry]").fill(text)
    page.locator("[data-quick-entry]").press("Enter")


def write_notes(page, text):
    page.get_by_label("Notes").fill(text)
    page.get_by_label("Notes").press("Tab")


def status(page):
    return page.locator("[data-draft]")


def test_what_is_typed_is_kept_as_one_goes_and_offered_again(page, place, looks):
    page.goto(place.address)
    type_quickly(page, "zyg maj 2.5")
    expect(status(page)).to_have_text(re.compile(r"Draft kept at \d\d:\d\d\."))
    write_notes(page, "half a sen")
    expect(page.locator("[name=draft_revision]")).to_have_value("2")
    looks(page)
    page.goto(place.address)
    expect(page.get_by_text("by Dr First, 1 point.")).to_be_visible()
    looks(page)
    page.get_by_role("link", name="Go on with it").click()
    expect(page.get_by_label("Notes")).to_have_value("half a sen")
    expect(page.locator('[data-total="units"]')).to_have_text("2.5")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_signing_at_once_after_typing_is_not_overtaken_by_its_own_draft(page, place):
    page.goto(place.address)
    type_quickly(page, "zyg maj 2.5")
    page.get_by_label("Notes").fill("last word")
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    assert InjectionSession.objects.get().current_version.notes == "last word"
    assert not TreatmentDraft.objects.exists()


def test_two_tabs_are_told_of_each_other_and_neither_overwrites(page, place, watch, looks):
    watch.expected.append("409")
    page.goto(place.address)
    write_notes(page, "first tab")
    expect(status(page)).to_contain_text("Draft kept")
    other = page.context.new_page()
    other.goto(f"{place.address}&draft=1")
    write_notes(other, "second tab")
    expect(status(other)).to_contain_text("Draft kept")

    write_notes(page, "first tab again")
    expect(page.get_by_text("Dr First wrote in this draft")).to_be_visible()
    expect(page.get_by_text("Notes: second tab")).to_be_visible()
    expect(page.get_by_label("Notes")).to_have_value("first tab again")
    assert typed_in(TreatmentDraft.objects.get())["notes"] == ["second tab"]
    looks(page)
    page.get_by_role("button", name="Sign treatment").click()
    assert not InjectionSession.objects.filter(state="SIGNED").exists()
    page.get_by_role("button", name="Go on with mine").click()
    expect(status(page)).to_contain_text("Draft kept")
    assert typed_in(TreatmentDraft.objects.get())["notes"] == ["first tab again"]


def test_whoever_is_signed_out_while_typing_signs_in_elsewhere_and_goes_on(page, place):
    page.goto(place.address)
    write_notes(page, "before lunch")
    expect(status(page)).to_contain_text("Draft kept")
    Session.objects.all().delete()
    type_quickly(page, "zyg maj 2.5")
    expect(status(page)).to_contain_text("You are signed out. What was typed before is kept.")
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_label("Notes")).to_have_value("before lunch")

    place.sign_in()
    write_notes(page, "after lunch")
    expect(status(page)).to_have_text(re.compile(r"Draft kept at \d\d:\d\d\."))
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    assert InjectionSession.objects.get().current_version.total_units == 2.5


def test_draft_is_kept_by_a_button_without_a_script(browser, place, page):
    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(place.address)
    plain.locator("[name=points-0-units]").fill("2.5")
    plain.get_by_role("button", name="Keep as a draft").click()
    expect(plain.locator("[name=points-0-units]")).to_have_value("2.5")
    expect(plain.get_by_text("Draft kept at")).to_be_visible()
    context.close()


def test_record_is_put_right_on_pages_that_look_well(page, place, looks, watch):
    watch.expected.append("422")
    page.goto(place.address)
    type_quickly(page, "zyg maj 2.5")
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    page.get_by_role("link", name="Amend").click()
    looks(page)
    page.locator("[name=points-0-units]").fill("3.5")
    page.get_by_role("button", name="Sign the amendment").click()
    expect(page.get_by_text("Say why the record is changed.")).to_be_visible()
    looks(page)
    page.get_by_label("Reason of the amendment").fill("typed 2.5 for 3.5")
    page.get_by_role("button", name="Sign the amendment").click()
    expect(page.get_by_text("this is version 2")).to_be_visible()
    page.get_by_role("link", name="Version 2").click()
    expect(page.get_by_text("What is different from version 1")).to_be_visible()
    looks(page)
    page.goto(page.url.split("version/")[0] + "void/")
    looks(page)
    page.get_by_label("Given to another patient").check()
    page.get_by_label("Reason").fill("signed for the wrong patient")
    page.get_by_role("button", name="Declare void").click()
    expect(page.get_by_text("This treatment is void: it counts for nothing any more.")).to_be_visible()
    looks(page)


def signed_treatment(place):
    """A treatment on record, and the address of the page on which it is amended."""
    session = factories.InjectionSessionFactory(
        condition=place.condition, points=[("ZYG_MAJ", "RIGHT", "2.5")], signed_by=place.user
    )
    return session, place.site + reverse("staff:treatment-amend", args=[session.public_id])


def test_an_amendment_is_kept_as_one_goes_and_two_people_in_it_are_told_of_each_other(page, place, looks, watch):
    watch.expected.append("409")
    session, address = signed_treatment(place)
    page.goto(address)
    write_notes(page, "typed first")
    expect(status(page)).to_have_text(re.compile(r"Draft kept at \d\d:\d\d\."))
    looks(page)

    second = page.context.new_page()
    second.goto(address)
    expect(second.get_by_role("heading", name="There is a draft of an amendment")).to_be_visible()
    looks(second)
    second.get_by_role("link", name="Go on with it").click()
    expect(second.get_by_label("Notes")).to_have_value("typed first")
    write_notes(second, "typed second")
    expect(status(second)).to_have_text(re.compile("Draft kept"))

    write_notes(page, "typed first again")
    conflict = page.locator("[data-draft-conflict]")
    expect(conflict).to_contain_text("typed second")
    expect(page.get_by_label("Notes")).to_have_value("typed first again")
    looks(page)
    conflict.get_by_role("button", name="Go on with mine").click()
    expect(status(page)).to_have_text(re.compile("Draft kept"))
    assert typed_in(TreatmentDraft.objects.get(session=session))["notes"] == ["typed first again"]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
