"""Two treatments of one patient in a real browser: laid over one another and side by side, in every look, without a script."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.toxins.models import Product
from clinic.toxins.services import load_catalogue
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def condition(site, sign_in):
    """The whole catalogue, a clinician signed in, and a patient treated twice with one product, then with another."""
    load_catalogue()
    clinic = factories.ClinicFactory(name="Harbour clinic")
    sign_in(factories.member(Role.CLINICIAN, clinic=clinic))
    patient = factories.PatientFactory(clinic=clinic, given_name="Ines", family_name="Duarte")
    condition = factories.ConditionFactory(patient=patient, side="RIGHT")
    today = timezone.now().date()
    botox, dysport = Product.objects.get(code="ONABOT"), Product.objects.get(code="ABOBOT")
    for days, product, points in (
        (300, dysport, (("OO_UL_LAT", "RIGHT", "10"), ("OO_UL_MID", "RIGHT", "5"))),
        (200, botox, (("OO_UL_LAT", "RIGHT", "2.5"), ("OO_UL_MID", "RIGHT", "1.25"), ("ZYG_MAJ", "RIGHT", "2.5"))),
        (90, botox, (("OO_UL_LAT", "RIGHT", "5"), ("OO_UL_MID", "RIGHT", "1.25"), ("RIS", "LEFT", "1.25"))),
    ):
        session = factories.InjectionSessionFactory(
            condition=condition, product=product, performed_on=today - timedelta(days=days), points=points
        )
        state = "ACTIVE" if days == 90 else "TREATED"
        factories.FollowUpFactory(session=session, state=state, worn_off_on=today - timedelta(days=days - 80))
        factories.SideEffectFactory(session=session)
    return condition


def test_what_changed_is_opened_from_the_patient_and_shown_both_ways_in_every_look(page, site, condition, looks):
    page.goto(f"{site}/patients/{condition.patient.public_id}/")
    page.get_by_role("link", name="Compare two treatments").click()
    expect(page.get_by_role("heading", name="Two treatments of Ines Duarte")).to_be_visible()
    expect(
        page.get_by_text("1 place with other units, 1 place only later, 1 place only earlier, 1 place the same.")
    ).to_be_visible()
    expect(page.get_by_role("row", name="Risorius")).to_contain_text("new, +1.25 U")
    looks(page)
    page.get_by_role("link", name="Side by side").click()
    expect(page.get_by_role("img", name="Face from the front with 3 doses")).to_have_count(2)
    looks(page)


def test_two_products_are_chosen_and_nothing_is_subtracted(page, site, condition, looks):
    page.goto(f"{site}/patients/{condition.patient.public_id}/treatments/compare/")
    page.get_by_label("Earlier treatment").select_option(index=3)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Units of Dysport are not units of Botox.")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Difference")).to_have_count(0)
    looks(page)


def test_refused_choice_is_told_in_every_look(page, site, condition, watch, looks):
    watch.expected.append("422")
    page.goto(f"{site}/patients/{condition.patient.public_id}/treatments/compare/")
    chosen = page.get_by_label("Earlier treatment").input_value()
    page.get_by_label("Later treatment").select_option(chosen)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("Choose two different treatments.")).to_be_visible()
    looks(page)


def test_page_works_without_a_script(browser, context, site, condition):
    bare = browser.new_context(java_script_enabled=False)
    bare.add_cookies(context.cookies())
    page = bare.new_page()
    page.goto(f"{site}/patients/{condition.patient.public_id}/treatments/compare/?maps=beside")
    page.get_by_label("Earlier treatment").select_option(index=3)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    expect(page.get_by_role("link", name="Side by side")).to_have_attribute("aria-current", "page")
    bare.close()
