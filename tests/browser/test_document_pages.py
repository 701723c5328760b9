"""Photographs and papers in a real browser: attached with keyboard and mouse, looked at, withdrawn, in every look."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clinic.practice.models import Role
from clinic.treatments.models import Document
from tests.factories import (
    PDF,
    ClinicFactory,
    DocumentFactory,
    DocumentWithdrawalFactory,
    InjectionSessionFactory,
    PatientFactory,
    PhotographFactory,
    member,
    picture,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(site, sign_in):
    """A treatment with photographs and papers, one of each withdrawn; a clinician is signed in."""
    clinic = ClinicFactory(name="Harbour clinic")
    patient = PatientFactory(
        clinic=clinic, consents=["PHOTOGRAPHS"], given_name="Ines", family_name="Duarte", record_number="R-21077"
    )
    session = InjectionSessionFactory(patient=patient, clinic=clinic)
    for title in ("At rest", "Eyes closed tightly, with the synkinesis at the right corner of the mouth", ""):
        PhotographFactory(session=session, title=title)
    DocumentWithdrawalFactory(document=PhotographFactory(session=session))
    DocumentFactory(session=session)
    DocumentWithdrawalFactory(document=DocumentFactory(session=session, title="A letter of somebody else", kind="LETTER"))
    sign_in(member(Role.CLINICIAN, clinic=clinic, name="Dr Eva Lindqvist"))
    return session


@pytest.fixture
def addresses(site, session):
    patient, photograph = session.patient, Document.objects.filter(kind="PHOTOGRAPH").first()
    paper = Document.objects.filter(kind="SIGNED_CONSENT").first()
    return {
        "treatment": f"{site}/treatments/{session.public_id}/",
        "patient": f"{site}/patients/{patient.public_id}/",
        "list": f"{site}/patients/{patient.public_id}/documents/",
        "add": f"{site}/patients/{patient.public_id}/photographs/new/?session={session.public_id}",
        "attach": f"{site}/patients/{patient.public_id}/documents/new/",
        "photograph": f"{site}/photographs/{photograph.public_id}/",
        "withdraw": f"{site}/documents/{paper.public_id}/withdraw/",
    }


@pytest.mark.parametrize("name", ["treatment", "patient", "list", "add", "attach", "photograph", "withdraw"])
def test_pages_in_every_look(page: Page, addresses, looks, name):
    page.goto(addresses[name])
    for image in page.locator("main img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("image => image.naturalWidth") > 0
    looks(page)


def test_two_photographs_are_attached_from_the_treatment_and_one_is_withdrawn(page: Page, addresses, session, tmp_path):
    files = []
    for name, colour in (("one.png", "#345"), ("two.png", "#543")):
        (tmp_path / name).write_bytes(picture("PNG", colour=colour))
        files.append(tmp_path / name)
    page.goto(addresses["treatment"])
    page.get_by_role("link", name="Add photographs").click()
    page.get_by_label("Photographs").set_input_files(files)
    page.get_by_label("What they show").fill("after two weeks")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 photographs are attached.")).to_be_visible()
    expect(page.get_by_role("link", name="after two weeks")).to_have_count(2)
    page.get_by_role("link", name="after two weeks").first.click()
    expect(page.locator("figure.photograph img")).to_be_visible()
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_label("Why it is withdrawn").fill("out of focus")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("list", name="Photographs").get_by_text("Withdrawn")).to_have_count(2)


def test_an_unfit_file_is_told_beside_its_field(page: Page, addresses, watch, looks, tmp_path):
    watch.expected.append("422")
    fake = tmp_path / "face.jpg"
    fake.write_text("no picture")
    page.goto(addresses["add"])
    page.get_by_label("Photographs").set_input_files(fake)
    page.get_by_label("What they show").fill("at rest")
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_text("The file is of a type that is not taken")).to_be_visible()
    expect(page.get_by_label("What they show")).to_have_value("at rest")
    looks(page)


def test_a_pdf_is_saved_and_never_shown(page: Page, addresses):
    page.goto(addresses["treatment"])
    with page.expect_download() as saved:
        page.get_by_role("link", name="Consent to treatment, version 3", exact=True).click()
    assert Path(saved.value.path()).read_bytes() == PDF
    assert saved.value.suggested_filename.startswith("document-")
