"""Recording over several views of the body: places of a scheme, free points, what is typed quickly, and undo."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.toxins.models import Indication
from clinic.toxins.services import load_catalogue
from clinic.treatments.models import Injection
from tests import factories
from tests.browser.test_record_map import dose, filled_rows, point, type_quickly

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_record(page, site, sign_in):
    """Open the record page of a patient with a condition, for a clinician who is signed in."""
    load_catalogue()
    clinic = factories.ClinicFactory()
    clinician = factories.member(Role.CLINICIAN, clinic=clinic)
    factories.PractitionerFactory(clinics=[clinic], user=clinician)
    factories.VialFactory(clinic=clinic)
    sign_in(clinician)

    def open_(indication, side="NONE"):
        condition = factories.ConditionFactory(
            patient__clinic=clinic, indication=Indication.objects.get(code=indication), side=side
        )
        address = reverse("staff:treatment-record", args=[condition.patient.public_id])
        page.goto(f"{site}{address}?condition={condition.public_id}")
        return page

    return open_


def picture(page, view):
    return page.locator(f'[data-face-map="{view}"]')


def put_free_point(page, view, x, y):
    """Press the button, then a place given in percent of the picture."""
    page.get_by_role("button", name="Free point").click()
    drawn = picture(page, view).locator("[data-face]")
    drawn.scroll_into_view_if_needed()
    box = drawn.bounding_box()
    drawn.click(position={"x": box["width"] * x / 100, "y": box["height"] * y / 100})


@pytest.mark.parametrize(
    ("indication", "side"),
    [("HFS", "RIGHT"), ("CM", "NONE"), ("CD", "NONE"), ("ULS", "LEFT"), ("LLS", "RIGHT"), ("AXH", "BOTH"), ("GLAB", "NONE")],
)
def test_record_page_looks_right_in_every_indication(open_record, looks, indication, side):
    page = open_record(indication, side)
    page.locator("[data-point]").first.click()
    page.keyboard.type("5")
    looks(page)


def test_all_31_places_of_the_migraine_scheme_are_on_four_pictures(open_record):
    page = open_record("CM")
    counts = page.locator("[data-face-map]").evaluate_all(
        "maps => maps.map(one => [one.dataset.faceMap, one.querySelectorAll('[data-point]').length])"
    )
    assert counts == [["FACE_FRONT", 7], ["FACE_RIGHT", 4], ["FACE_LEFT", 4], ["HEAD_BACK", 16]]
    assert page.locator('[data-point][tabindex="0"]').count() == 4, "each picture is one stop for the Tab key"


def test_press_and_quick_entry_meet_on_every_picture(open_record):
    page = open_record("CM")
    type_quickly(page, "temp ant L 5")
    expect(picture(page, "FACE_LEFT").locator('[data-dose="TEMP_ANT LEFT"]')).to_have_text("5")
    point(page, "OCC_LOW", "RIGHT").click()
    page.keyboard.type("5")
    expect(picture(page, "HEAD_BACK").locator('[data-dose="OCC_LOW RIGHT"]')).to_have_text("5")
    assert filled_rows(page) == [["TEMP_ANT", "LEFT", "5"], ["OCC_LOW", "RIGHT", "5"]]
    expect(page.locator('[data-total="units"]')).to_have_text("10")


def test_name_of_several_places_says_which_there_are(open_record):
    page = open_record("CM")
    type_quickly(page, "occ R 5")
    expect(page.locator("[data-quick-message]")).to_contain_text(
        "“occ” could be Occipitalis, above the nuchal line · Occipitalis, upper, lateral · Occipitalis, upper, medial."
    )
    assert filled_rows(page) == []


def test_arrow_keys_stay_on_their_picture(open_record):
    page = open_record("CD")
    point(page, "SCM_UP", "RIGHT").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('[data-face-map]').dataset.faceMap") == "NECK_FRONT"


@pytest.mark.parametrize("typed", ["oo ul lat R 2.5x2", "oo ul lat R 2.5 x2", "oo ul lat r 2,5ux2", "oo ul lat 2.5×2"])
def test_two_points_at_one_place_are_typed_at_once_and_taken_back_at_once(open_record, typed):
    page = open_record("HFS", "RIGHT")
    type_quickly(page, typed)
    assert filled_rows(page) == [["OO_UL_LAT", "RIGHT", "2.5"]] * 2
    expect(dose(page, "OO_UL_LAT", "RIGHT")).to_have_text("2×2.5")
    expect(page.get_by_label("separate points")).to_be_checked()
    page.locator("[data-undo]").click()
    assert filled_rows(page) == []
    expect(page.get_by_label("separate points")).to_be_hidden()


@pytest.mark.parametrize("typed", ["corr R 2.5x0", "corr R 2.5x12", "corr R x2"])
def test_impossible_number_of_points_is_not_taken(open_record, typed):
    page = open_record("HFS", "RIGHT")
    type_quickly(page, typed)
    expect(page.locator("[data-quick-message].is-error")).not_to_be_empty()
    assert filled_rows(page) == []


def test_two_points_typed_at_once_are_signed(open_record):
    page = open_record("HFS", "RIGHT")
    type_quickly(page, "oo ul lat R 2.5x2")
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    assert list(Injection.objects.order_by("order").values_list("point", "units")) == [("1", 2.5), ("2", 2.5)]


def test_free_point_is_put_on_a_picture_named_and_signed(open_record):
    page = open_record("CD")
    put_free_point(page, "HEAD_BACK", 60, 80)
    page.keyboard.type("Rhomboid minor")
    row = page.locator("[data-point-row]").filter(has=page.locator('option[value="FREE"]:checked'))
    row.locator('[name$="-units"]').fill("20")
    expect(row.locator('[name$="-side"]')).to_have_value("RIGHT")
    expect(picture(page, "HEAD_BACK").locator("text[data-free]")).to_have_text("20")
    expect(page.locator('[data-total="right"]')).to_have_text("20")
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    injection = Injection.objects.get()
    assert (injection.name, injection.view, injection.side, injection.units) == ("Rhomboid minor", "HEAD_BACK", "RIGHT", 20)
    assert float(injection.x) == pytest.approx(60, abs=0.5)
    assert float(injection.y) == pytest.approx(80, abs=0.5)
    expect(page.get_by_role("cell", name="Rhomboid minor free point")).to_be_visible()


def test_free_point_over_a_point_of_the_catalogue_is_the_free_point(open_record):
    page = open_record("HFS", "RIGHT")
    put_free_point(page, "FACE_FRONT", 24.75, 45.2)
    assert [site for site, _side, _units in filled_rows(page)] == ["FREE"]


def test_escape_and_a_second_press_end_the_waiting_for_a_place(open_record):
    page = open_record("HFS", "RIGHT")
    button = page.get_by_role("button", name="Free point")
    for leave in (lambda: page.keyboard.press("Escape"), button.click):
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        leave()
        expect(button).to_have_attribute("aria-pressed", "false")
    point(page, "CORR", "RIGHT").click()
    assert filled_rows(page) == [["CORR", "RIGHT", ""]]


def test_free_point_is_taken_back(open_record):
    page = open_record("HFS", "RIGHT")
    put_free_point(page, "FACE_FRONT", 40, 66)
    expect(page.locator("g[data-free]")).to_have_count(1)
    page.locator("[data-undo]").click()
    expect(page.locator("g[data-free]")).to_have_count(0)
    assert filled_rows(page) == []


def test_every_change_in_the_table_is_taken_back(open_record):
    page = open_record("HFS", "RIGHT")
    type_quickly(page, "corr R 2.5")
    row = page.locator("[data-point-row]").first
    row.locator('[name$="-units"]').fill("5")
    page.keyboard.press("Tab")
    row.locator('[name$="-site"]').select_option("PROC")
    expect(row.locator('[name$="-side"]')).to_have_value("MIDLINE")
    assert filled_rows(page) == [["PROC", "MIDLINE", "5"]]
    page.locator("[data-undo]").click()
    assert filled_rows(page) == [["CORR", "RIGHT", "5"]]
    page.locator("[data-undo]").click()
    assert filled_rows(page) == [["CORR", "RIGHT", "2.5"]]
    page.locator("[data-undo]").click()
    assert filled_rows(page) == []
    expect(page.locator("[data-undo]")).to_be_disabled()


def test_free_point_without_script_is_a_row_with_a_place(browser, open_record, context):
    address = open_record("HFS", "RIGHT").url
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(address)
    expect(page.get_by_role("button", name="Free point")).to_be_hidden()
    expect(page.locator('[name="points-0-name"]')).to_be_hidden()
    page.locator('[name="points-0-site"]').select_option("FREE")
    page.locator('[name="points-0-name"]').fill("Masseter")
    page.locator('[name="points-0-view"]').select_option("FACE_FRONT")
    page.locator('[name="points-0-x"]').fill("27")
    page.locator('[name="points-0-y"]').fill("66")
    page.locator('[name="points-0-units"]').fill("5")
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    assert Injection.objects.get().name == "Masseter"
    plain.close()
