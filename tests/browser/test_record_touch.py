"""Recording with a finger: every point can be hit on a narrow phone, and gets its units where it was pressed."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.toxins.models import Indication, Product
from clinic.toxins.services import load_catalogue
from tests import factories
from tests.browser.test_record_map import dose, filled_rows, point

pytestmark = pytest.mark.django_db(transaction=True)

#: WCAG 2.2, success criterion 2.5.8: a target is at least so many CSS pixels wide and high.
LEAST = 24
#: What we ask of a button for a finger.
FINGER = 44

#: Press every point in its middle and as far from it as a target of the least size reaches; answer what each press led to.
PRESS_ALL = """least => {
  const sheet = document.querySelector("[data-point-sheet]");
  const named = () => [sheet.querySelector("[data-sheet-title]"), ...sheet.querySelectorAll("[data-sheet-choices] button")];
  const close = () => sheet.hidden || sheet.querySelector("[data-sheet-close]").click();
  const missed = [];
  let asked = 0;
  // A browser cuts the place of a click down to whole pixels.
  const out = least / 2 - 1;
  const ways = [[0, 0], [out, 0], [-out, 0], [0, out], [0, -out]];
  for (const mark of document.querySelectorAll("[data-point]")) {
    for (const [aside, along] of ways) {
      const box = mark.querySelector(".point-dot").getBoundingClientRect();
      const at = { clientX: box.x + box.width / 2 + aside, clientY: box.y + box.height / 2 + along };
      const press = new PointerEvent("click", { bubbles: true, cancelable: true, detail: 1, pointerType: "touch", ...at });
      mark.closest("[data-face]").dispatchEvent(press);
      const name = mark.querySelector("title").textContent;
      const row = document.activeElement.closest("[data-point-row]");
      const isInRow = row && ["site", "side"].every(one => row.querySelector(`[name$="-${one}"]`).value === mark.dataset[one]);
      const isInSheet = !sheet.hidden && named().some(one => one.textContent === name);
      if (!isInRow && !isInSheet) missed.push([name, aside, along]);
      if (!sheet.hidden && sheet.querySelector(".is-list")) asked += 1;
      close();
    }
  }
  return { missed, asked };
}"""
#: The shortest way between two points of one picture, in CSS pixels.
SHORTEST = """() => Math.min(...[...document.querySelectorAll("[data-face]")].flatMap(picture => {
  const spots = [...picture.querySelectorAll("[data-point] .point-dot")].map(one => one.getBoundingClientRect());
  return spots.flatMap((one, index) => spots.slice(index + 1).map(other => Math.hypot(one.x - other.x, one.y - other.y)));
}))"""


class Surgery:
    """A clinician signed in, patients with any condition, and a vial of onabotulinumtoxinA."""

    def __init__(self, browser, context, site, sign_in):
        load_catalogue()
        self.browser, self.context, self.site = browser, context, site
        self.clinic = factories.ClinicFactory()
        user = factories.member(Role.CLINICIAN, clinic=self.clinic)
        factories.PractitionerFactory(clinics=[self.clinic], user=user)
        self.stock("ONABOT")
        sign_in(user)

    def stock(self, code):
        product = Product.objects.get(code=code)
        lot = factories.LotFactory(product=product, number=f"LOT-{code}")
        return factories.VialFactory(clinic=self.clinic, lot=lot, presentation=product.presentations.first())

    def condition(self, code, side):
        indication = Indication.objects.get(code=code)
        return factories.ConditionFactory(patient__clinic=self.clinic, indication=indication, side=side)

    def open(self, condition, width=360):
        """The record page on a phone."""
        phone = self.browser.new_context(
            viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True, storage_state=self.context.storage_state()
        )
        page = phone.new_page()
        page.set_default_timeout(10_000)
        address = reverse("staff:treatment-record", args=[condition.patient.public_id])
        page.goto(f"{self.site}{address}?condition={condition.public_id}")
        return page


@pytest.fixture
def surgery(browser, context, site, sign_in):
    made = Surgery(browser, context, site, sign_in)
    yield made
    for one in browser.contexts:
        if one is not context:
            one.close()


def sheet(page):
    return page.locator("[data-point-sheet]")


def sheet_buttons(page):
    return sheet(page).locator("[data-sheet-choices] button")


@pytest.mark.parametrize("width", [320, 360, 412])
def test_every_point_is_hit_by_a_press_as_far_from_it_as_the_least_target_reaches(surgery, width):
    for code, side in (("HFS", "BOTH"), ("CM", "NONE"), ("CD", "NONE"), ("ULS", "LEFT"), ("LLS", "RIGHT"), ("AXH", "BOTH")):
        page = surgery.open(surgery.condition(code, side), width)
        shortest = page.evaluate(SHORTEST)
        pressed = page.evaluate(PRESS_ALL, LEAST)
        print(f"\n{code} at {width} px: nearest points {shortest:.1f} px apart, asked which at {pressed['asked']} presses")
        assert pressed["missed"] == []
        # The exception for spacing is claimed only where it is true: elsewhere the points are named and chosen.
        assert (pressed["asked"] > 0) == (shortest < LEAST)
        page.close()


def test_on_a_wide_screen_no_two_points_are_nearer_than_the_least_target(page, surgery):
    for code in ("HFS", "CM", "CD", "ULS", "LLS", "AXH"):
        condition = surgery.condition(code, "BOTH")
        address = reverse("staff:treatment-record", args=[condition.patient.public_id])
        page.goto(f"{surgery.site}{address}?condition={condition.public_id}")
        assert page.evaluate(SHORTEST) >= LEAST, code


def test_two_points_under_one_finger_are_named_and_chosen(surgery, axe):
    page = surgery.open(surgery.condition("HFS", "RIGHT"))
    middle, lateral = (point(page, code, "RIGHT").locator(".point-dot") for code in ("OO_LL_MID", "OO_LL_LAT"))
    middle.scroll_into_view_if_needed()
    one, other = middle.bounding_box(), lateral.bounding_box()
    page.touchscreen.tap((one["x"] + other["x"] + one["width"]) / 2, (one["y"] + other["y"] + one["height"]) / 2)
    expect(sheet(page)).to_contain_text("Which point?")
    assert filled_rows(page) == []
    for button in sheet_buttons(page).all():
        assert button.bounding_box()["height"] >= FINGER
    axe(page)
    sheet(page).get_by_role("button", name="lower lid, lateral").tap()
    expect(sheet(page)).to_contain_text("lower lid, lateral, right")
    sheet_buttons(page).first.tap()
    assert [site for site, _side, _units in filled_rows(page)] == ["OO_LL_LAT"]


def test_a_pressed_point_gets_its_units_on_the_spot_and_can_be_taken_back(surgery, axe):
    page = surgery.open(surgery.condition("HFS", "RIGHT"))
    point(page, "CORR", "RIGHT").tap()
    assert sheet_buttons(page).all_inner_texts() == ["1.25 U", "2.5 U"]
    axe(page)
    sheet_buttons(page).last.tap()
    expect(sheet(page)).to_be_hidden()
    assert filled_rows(page) == [["CORR", "RIGHT", "2.5"]]
    expect(dose(page, "CORR", "RIGHT")).to_have_text("2.5")
    assert dose(page, "CORR", "RIGHT").bounding_box()["y"] > 0, "the picture stays where it is"
    point(page, "CORR", "RIGHT").tap()
    sheet_buttons(page).first.tap()
    assert filled_rows(page) == [["CORR", "RIGHT", "1.25"]]
    for before in ([["CORR", "RIGHT", "2.5"]], []):
        page.locator("[data-undo]").tap()
        assert filled_rows(page) == before


@pytest.mark.parametrize("how", ["Close", "elsewhere", "Escape"])
def test_a_point_that_is_left_without_units_leaves_no_row(surgery, how):
    page = surgery.open(surgery.condition("HFS", "RIGHT"))
    point(page, "CORR", "RIGHT").tap()
    if how == "Close":
        sheet(page).get_by_role("button", name="Close").tap()
    elif how == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_text("Patient’s left").first.tap()
    expect(sheet(page)).to_be_hidden()
    assert filled_rows(page) == []
    expect(page.locator("[data-undo]")).to_be_disabled()


def test_other_units_are_typed_in_the_row_and_offered_from_then_on(surgery):
    page = surgery.open(surgery.condition("HFS", "RIGHT"))
    point(page, "MENT", "RIGHT").tap()
    sheet(page).get_by_role("button", name="Other units").tap()
    page.keyboard.type("2")
    assert filled_rows(page) == [["MENT", "RIGHT", "2"]]
    point(page, "DAO", "RIGHT").tap()
    assert "2 U" in sheet_buttons(page).all_inner_texts()


def test_units_of_one_product_are_never_offered_for_another(surgery):
    surgery.stock("ABOBOT")
    page = surgery.open(surgery.condition("HFS", "RIGHT"))
    vial = page.locator("[data-vial]").first
    for number in range(1, vial.locator("option").count()):
        vial.select_option(index=number)
        point(page, "CORR", "RIGHT").tap()
        # Which product it will be was not known when the page was made: nothing is offered, and the units are typed.
        expect(sheet(page)).to_be_hidden()
        expect(page.locator('[data-point-row] [name$="-units"]').first).to_be_focused()


def test_a_mouse_goes_straight_to_the_units_of_the_row(page, surgery):
    condition = surgery.condition("HFS", "RIGHT")
    address = reverse("staff:treatment-record", args=[condition.patient.public_id])
    page.goto(f"{surgery.site}{address}?condition={condition.public_id}")
    point(page, "CORR", "RIGHT").click()
    expect(sheet(page)).to_be_hidden()
    expect(page.locator('[data-point-row] [name$="-units"]').first).to_be_focused()
