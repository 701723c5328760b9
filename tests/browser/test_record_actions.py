"""How many key strokes and presses a treatment takes, beside a plain Django formset of selects. Run with -s to read the figures.

Counted is what the hand does: each key, also within a word, and each press. Opening the page is not counted, the answers before
the injection and signing are. The plain formset has one row a point with a select for the muscle, one for the side and a field
for the units, and the same two dozen muscles to choose from. By touch a select takes two taps, a field one, and the units are
typed. A swipe counts as a tap: whatever is not on the screen has to be brought there first. A chord counts for each of its keys.
"""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.toxins.models import Indication, Product, Site
from clinic.toxins.services import load_catalogue
from clinic.treatments.models import InjectionSession
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

#: What is typed for a point, its site and its units: an ordinary treatment of the right half of the face.
TWELVE = [
    ("ul med 2.5", "OO_UL_MED", "2.5"), ("ul lat 2.5", "OO_UL_LAT", "2.5"), ("ll lat 2.5", "OO_LL_LAT", "2.5"),
    ("canth 5", "OO_CANTH", "5"), ("corr 2.5", "CORR", "2.5"), ("front 2.5", "FRONT", "2.5"), ("nas 1.25", "NAS", "1.25"),
    ("zyg maj 2.5", "ZYG_MAJ", "2.5"), ("ris 2.5", "RIS", "2.5"), ("bucc 2.5", "BUCC", "2.5"), ("dao 2", "DAO", "2"),
    ("ment 2", "MENT", "2"),
]  # fmt: skip


class Finger:
    """Taps, swipes and types on a telephone, and counts."""

    def __init__(self, page):
        self.page, self.actions, self.swipes = page, 0, 0

    def tap(self, where):
        self.bring(where)
        where.tap()
        self.actions += 1

    def bring(self, where):
        """Swipe until the thing can be seen. A swipe goes over two thirds of the screen."""
        middle = "one => { const box = one.getBoundingClientRect(); return box.y + box.height / 2 }"
        height = self.page.viewport_size["height"]
        self.wait_until_still()
        for _ in range(60):
            at = where.evaluate(middle)
            if 0 < at < height:
                return
            self.page.evaluate("by => window.scrollBy({ top: by, behavior: 'instant' })", height * 2 / 3 * (1 if at > 0 else -1))
            self.swipes += 1
            self.actions += 1
        raise AssertionError("it cannot be brought onto the screen")

    def wait_until_still(self):
        """A link within the page glides to its place."""
        at = None
        while at != (at := self.page.evaluate("window.scrollY")):
            self.page.wait_for_timeout(150)

    def type(self, text):
        self.page.keyboard.type(text)
        self.actions += len(text)


class Hand:
    """Presses and types, and counts."""

    def __init__(self, page):
        self.page, self.actions = page, 0

    def press(self, where):
        where.click()
        self.actions += 1

    def key(self, name):
        self.page.keyboard.press(name)
        self.actions += 1

    def access_key(self, letter):
        """Press Alt and a letter. The driver's own way leaves out what a browser knows an access key by."""
        keys = self.page.context.new_cdp_session(self.page)
        code = {"key": letter, "code": f"Key{letter.upper()}", "windowsVirtualKeyCode": ord(letter.upper()), "modifiers": 1}
        keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter, "unmodifiedText": letter, **code})
        keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **code})
        self.actions += 2

    def type(self, text):
        self.page.keyboard.type(text)
        self.actions += len(text)

    def tab_to(self, where):
        for _ in range(60):
            if where.evaluate("one => one === document.activeElement"):
                return
            self.key("Tab")
        raise AssertionError("the keyboard does not get there")


@pytest.fixture
def phone(browser, context):
    """A page on a telephone of the person who is signed in."""
    size = {"width": 360, "height": 740}
    made = []

    def open_(address):
        one = browser.new_context(viewport=size, has_touch=True, is_mobile=True, storage_state=context.storage_state())
        made.append(one)
        page = one.new_page()
        page.set_default_timeout(10_000)
        page.goto(address)
        return page

    yield open_
    for one in made:
        one.close()


@pytest.fixture
def clinician(sign_in):
    load_catalogue()
    clinic = factories.ClinicFactory()
    user = factories.member(Role.CLINICIAN, clinic=clinic)
    factories.PractitionerFactory(clinics=[clinic], user=user)
    sign_in(user)
    return clinic


def record_page(site, clinic, code, side):
    """The address of the record page for a new patient, with one vial of 200 U in stock."""
    indication, product = Indication.objects.get(code=code), Product.objects.get(code="ONABOT")
    condition = factories.ConditionFactory(patient__clinic=clinic, indication=indication, side=side)
    presentation = product.presentations.get(vial_units=200)
    factories.VialFactory(clinic=clinic, lot=factories.LotFactory(product=product), presentation=presentation)
    address = reverse("staff:treatment-record", args=[condition.patient.public_id])
    return f"{site}{address}?condition={condition.public_id}", indication, product


def sign(hand, page):
    """Answer what is asked and sign; a reason is typed where the checks want one."""
    hand.press(page.get_by_role("button", name="No to the rest"))
    hand.press(page.get_by_role("button", name="Sign treatment"))
    expect(page.get_by_text("Treatment signed.")).to_be_visible()


def plain_keys(options, code, units):
    """Keys for one row of a plain formset: from field to field, the beginning of the name until no other begins so, the side."""
    label = options[code]
    others = [one for key, one in options.items() if key != code]
    needed = next((n for n in range(1, len(label)) if not any(one[:n] == label[:n] for one in others)), len(label))
    return 3 + needed + 1 + len(units)


def plain_taps(units):
    """Taps and keys for one row of a plain formset: two selects of two taps each, the field and what is typed into it."""
    return 5 + len(units)


def migraine(site, clinic):
    """The address of the record page where the fixed scheme for migraine is a template."""
    address, indication, product = record_page(site, clinic, "CM", "BOTH")
    places = [
        (one.code, side, "5")
        for one in Site.objects.filter(indications=indication, is_selectable=True).order_by("order")
        for side in (("MIDLINE",) if one.laterality == "MIDLINE" else ("RIGHT", "LEFT"))
    ]
    assert len(places) == 31
    factories.ProtocolTemplateFactory(
        clinic=clinic, name="Fixed scheme", indication=indication, side="BOTH", product=product, points=places
    )
    return address


def test_thirty_one_places_from_a_template_take_at_most_ten_presses(page, site, clinician):
    page.goto(migraine(site, clinician))
    hand = Hand(page)
    hand.press(page.get_by_text("Use a template"))
    hand.press(page.get_by_role("link", name="Fixed scheme"))
    sign(hand, page)
    print(f"\n31 places from a template by mouse: {hand.actions} actions (at most 10)")
    assert hand.actions <= 10
    assert InjectionSession.objects.get().current_version.total_units == 155


def test_thirty_one_places_from_a_template_take_at_most_ten_actions_by_touch(phone, site, clinician):
    page = phone(migraine(site, clinician))
    finger = Finger(page)
    finger.tap(page.get_by_text("Use a template"))
    finger.tap(page.get_by_role("link", name="Fixed scheme"))
    page.wait_for_url("**template=*")
    finger.tap(page.get_by_role("button", name="No to the rest"))
    finger.tap(page.get_by_role("link", name="To the checks and signing", exact=True))
    page.wait_for_url("**#how")
    finger.tap(page.get_by_role("button", name="Sign treatment"))
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    print(f"\n31 places from a template by touch: {finger.actions} actions (at most 10), {finger.swipes} of them swipes")
    assert finger.actions <= 10
    assert InjectionSession.objects.get().current_version.total_units == 155


def test_thirty_one_places_from_a_template_take_at_most_ten_keys(page, site, clinician):
    page.goto(migraine(site, clinician))
    hand = Hand(page)
    hand.access_key("t")
    hand.tab_to(page.get_by_role("link", name="Fixed scheme"))
    hand.key("Enter")
    page.wait_for_url("**template=*")
    hand.access_key("n")
    hand.access_key("s")
    expect(page.get_by_role("button", name="Sign treatment")).to_be_focused()
    hand.key("Enter")
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    print(f"\n31 places from a template by keyboard alone: {hand.actions} keys (at most 10)")
    assert hand.actions <= 10


def test_twelve_points_by_touch_take_at_most_half_the_actions_of_a_plain_formset(phone, site, clinician):
    address, _indication, _product = record_page(site, clinician, "HFS", "RIGHT")
    page = phone(address)
    finger = Finger(page)
    finger.tap(page.get_by_role("button", name="No to the rest"))
    to_begin = finger.actions
    sheet = page.locator("[data-point-sheet]")
    for _typed, code, units in TWELVE:
        finger.tap(page.locator(f'[data-point][data-site="{code}"][data-side="RIGHT"]'))
        offered = sheet.get_by_role("button", name=f"{units} U", exact=True)
        if offered.is_visible():
            finger.tap(offered)
        else:
            finger.tap(sheet.get_by_role("button", name="Other units"))
            finger.type(units)
    points = finger.actions - to_begin
    finger.tap(page.get_by_role("button", name="Sign treatment"))
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    given = InjectionSession.objects.get().current_version.injections.select_related("site").order_by("order")
    assert [(one.site.code, float(one.units)) for one in given] == [(code, float(units)) for _typed, code, units in TWELVE]
    plain = sum(plain_taps(units) for _typed, _code, units in TWELVE)
    print(f"\n12 points by touch: {points} actions, plain formset {plain}; with answers and signing {finger.actions}")
    assert points <= plain / 2


def test_twelve_points_by_keyboard_take_at_most_half_the_keys_of_a_plain_formset(page, site, clinician):
    address, indication, _product = record_page(site, clinician, "HFS", "RIGHT")
    page.goto(address)
    hand = Hand(page)
    hand.tab_to(page.get_by_role("button", name="No to the rest"))
    hand.key("Enter")
    hand.tab_to(page.locator("[data-quick-entry]"))
    to_begin = hand.actions
    for typed, _code, _units in TWELVE:
        hand.type(typed)
        hand.key("Enter")
    points = hand.actions - to_begin
    hand.tab_to(page.get_by_role("link", name="Past the table"))
    hand.key("Enter")
    hand.tab_to(page.get_by_role("button", name="Sign treatment"))
    hand.key("Enter")
    expect(page.get_by_text("Treatment signed.")).to_be_visible()
    version = InjectionSession.objects.get().current_version
    assert [one.site.code for one in version.injections.select_related("site").order_by("order")] == [c for _t, c, _u in TWELVE]
    options = {one.code: str(one) for one in Site.objects.filter(indications=indication, is_selectable=True)}
    plain = sum(plain_keys(options, code, units) for _typed, code, units in TWELVE)
    print(f"\n12 points by keyboard: {points} keys, plain formset {plain}; with answers and signing {hand.actions}")
    assert points <= plain / 2
