"""Map and table of a treatment are two views of one list: by press, by typing, by keyboard alone, and without script."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.staff.pictures.body_map import dose_text
from clinic.toxins.models import Site
from clinic.toxins.services import load_catalogue
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def record_address(site, sign_in):
    """The record page of a patient with a spasm on the right, for a clinician who is signed in."""
    load_catalogue()
    clinic = factories.ClinicFactory()
    clinician = factories.member(Role.CLINICIAN, clinic=clinic)
    factories.PractitionerFactory(clinics=[clinic], user=clinician)
    condition = factories.ConditionFactory(patient__clinic=clinic, side="RIGHT")
    condition.indication.sites.set(Site.objects.filter(indications__code="HFS", is_selectable=True))
    factories.VialFactory(clinic=clinic)
    sign_in(clinician)
    return site + reverse("staff:treatment-record", args=[condition.patient.public_id]) + f"?condition={condition.public_id}"


@pytest.fixture
def record(page, record_address):
    page.goto(record_address)
    return page


def type_quickly(page, text):
    page.locator("[data-quick-entry]").fill(text)
    page.locator("[data-quick-entry]").press("Enter")


def point(page, code, side):
    return page.locator(f'[data-point][data-site="{code}"][data-side="{side}"]')


def dose(page, code, side):
    return page.locator(f'[data-dose="{code} {side}"]')


def filled_rows(page):
    """(site, side, units) of the rows that would be sent and are not removed."""
    return page.locator("[data-point-row]").evaluate_all(
        """rows => rows.filter(row => !row.querySelector('[name$="-DELETE"]').checked)
        .map(row => ["site", "side", "units"].map(name => row.querySelector(`[name$="-${name}"]`).value))
        .filter(([site]) => site)"""
    )


def test_quick_entry_fills_a_row_and_the_map(record):
    type_quickly(record, "zyg maj R 2.5")
    assert filled_rows(record) == [["ZYG_MAJ", "RIGHT", "2.5"]]
    expect(dose(record, "ZYG_MAJ", "RIGHT")).to_have_text("2.5")
    expect(record.locator('[data-total="units"]')).to_have_text("2.5")
    expect(record.locator("[data-quick-message]")).to_contain_text("Zygomaticus major, right: 2.5 U.")
    expect(record.locator("[data-quick-entry]")).to_be_empty()


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("mentalis 2,5", ["MENT", "RIGHT", "2.5"]),
        ("oo ul lat 1.25u", ["OO_UL_LAT", "RIGHT", "1.25"]),
        ("2.5 corr R", ["CORR", "RIGHT", "2.5"]),
        ("proc 5", ["PROC", "MIDLINE", "5"]),
        ("ZYG_MAJ left 1 U", ["ZYG_MAJ", "LEFT", "1"]),
    ],
)
def test_quick_entry_reads_what_people_type(record, typed, row):
    type_quickly(record, typed)
    assert filled_rows(record) == [row]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("masseter 5", "No point is called “masseter”."),
        ("zyg r 2", "“zyg” could be Zygomaticus minor · Zygomaticus major."),
        ("corr r", "How many units?"),
        ("proc l 2.5", "Procerus is not given on that side."),
        ("corr l 2.5", "Corrugator supercilii is not given on that side."),
        ("corr r 1,000", "“1,000” is not a number of units."),
        ("corr r 0", "“0” is not a number of units."),
        ("corr r -2", "“-2” is not a number of units."),
        ("2.5", "Which point?"),
        ("  ", "Type a point"),
    ],
)
def test_quick_entry_says_what_it_does_not_understand(record, typed, answer):
    type_quickly(record, typed)
    expect(record.locator("[data-quick-message]")).to_contain_text(answer)
    assert filled_rows(record) == []
    expect(record.locator("[data-quick-entry]")).to_have_value(typed)


def test_pressing_a_point_leads_to_its_units(record):
    point(record, "OO_CANTH", "RIGHT").click()
    record.keyboard.type("5")
    assert filled_rows(record) == [["OO_CANTH", "RIGHT", "5"]]
    expect(dose(record, "OO_CANTH", "RIGHT")).to_have_text("5")
    point(record, "OO_CANTH", "RIGHT").click()
    record.keyboard.type("2.5")
    assert filled_rows(record) == [["OO_CANTH", "RIGHT", "2.5"]]


def test_points_answer_the_keyboard(record):
    point(record, "OO_UL_LAT", "RIGHT").focus()
    record.keyboard.press("ArrowDown")
    expect(point(record, "OO_LL_LAT", "RIGHT")).to_be_focused()
    record.keyboard.press("Enter")
    record.keyboard.type("1.25")
    assert filled_rows(record) == [["OO_LL_LAT", "RIGHT", "1.25"]]
    point(record, "OO_LL_LAT", "RIGHT").focus()
    record.keyboard.press("Escape")
    expect(record.locator("[data-quick-entry]")).to_be_focused()


def test_map_is_one_stop_for_the_tab_key(record):
    assert record.locator('[data-point][tabindex="0"]').count() == 1


def test_table_by_keyboard_alone_moves_the_dot(record):
    row = record.locator("[data-point-row]").first
    row.locator('[name$="-site"]').select_option("RIS")
    expect(row.locator('[name$="-side"]')).to_have_value("RIGHT")
    row.locator('[name$="-units"]').fill("1.25")
    expect(dose(record, "RIS", "RIGHT")).to_have_text("1.25")
    row.locator('[name$="-side"]').select_option("LEFT")
    expect(dose(record, "RIS", "LEFT")).to_have_text("1.25")
    expect(dose(record, "RIS", "RIGHT")).to_be_hidden()


def test_enter_in_the_table_never_sends_the_page(record):
    type_quickly(record, "corr r 2.5")
    address = record.url
    record.locator('[data-point-row] [name$="-units"]').first.press("Enter")
    expect(record.locator("[data-quick-message]")).to_be_visible()
    assert record.url == address
    assert filled_rows(record) == [["CORR", "RIGHT", "2.5"]]


def test_removed_point_leaves_map_and_totals_and_comes_back(record):
    type_quickly(record, "corr r 2.5")
    type_quickly(record, "ment r 5")
    record.get_by_role("button", name="Remove Corrugator supercilii, right").click()
    expect(record.locator('[data-total="units"]')).to_have_text("5")
    expect(dose(record, "CORR", "RIGHT")).to_be_hidden()
    record.locator("[data-undo]").click()
    expect(record.locator('[data-total="units"]')).to_have_text("7.5")
    expect(dose(record, "CORR", "RIGHT")).to_have_text("2.5")


@pytest.mark.parametrize("doses", [["2.5"], ["2.5", "2.5"], ["2.5", "1"], ["2.5", "2.5", "1"]])
def test_doses_in_one_muscle_are_written_as_the_server_writes_them(record, doses):
    for units in doses:
        type_quickly(record, f"front r {units}")
    expect(dose(record, "FRONT", "RIGHT")).to_have_text(dose_text([Decimal(units) for units in doses]))
    expect(record.locator('[data-total="points"]')).to_have_text(str(len(doses)))


def test_more_points_than_rows_get_new_rows(record):
    codes = ["corr", "front", "ment", "ris", "bucc", "dao", "dli", "nas", "lls", "llsan", "lao", "plat"]
    for code in codes:
        type_quickly(record, f"{code} r 1")
    assert len(filled_rows(record)) == len(codes)
    assert int(record.locator('[name="points-TOTAL_FORMS"]').input_value()) >= len(codes)
    expect(record.locator('[data-total="units"]')).to_have_text("12")


def test_overdrawn_vial_is_told_at_once(record):
    record.locator("[data-vial]").first.select_option(index=1)
    type_quickly(record, "corr r 99")
    expect(record.locator('[data-total="left-in-vial"]')).to_have_text("1")
    type_quickly(record, "ment r 2.5")
    expect(record.locator('[data-total="left-in-vial"]')).to_have_text("-1.5")
    expect(record.locator(".totals .is-short")).to_be_visible()


def test_record_page_looks_right(record, looks):
    type_quickly(record, "corr r 2.5")
    looks(record)


def test_record_page_works_without_script(browser, record_address, context):
    """Every part of the table is there, and rows can be added."""
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(record_address)
    expect(page.locator("[data-quick]")).to_be_hidden()
    before = page.locator("[data-point-row]").count()
    page.locator('[name="points-0-site"]').select_option("CORR")
    page.locator('[name="points-0-units"]').fill("2.5")
    page.get_by_role("button", name="Add rows").click()
    expect(page.locator("[data-point-row]")).to_have_count(before + 4)
    expect(page.locator('[name="points-0-units"]')).to_have_value("2.5")
    plain.close()
