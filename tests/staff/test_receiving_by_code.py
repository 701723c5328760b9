"""A box is scanned: product, lot and expiry are filled in, and nothing is put into stock unseen."""

import html

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.toxins.models import Lot, ProductCode, Vial
from tests.factories import NOW, ClinicFactory, PresentationFactory, ProductCodeFactory, member
from tests.staff.recording import error_at, text, value_of

pytestmark = pytest.mark.django_db

RECEIVE = reverse("staff:vial-receive")
GTIN = "09501101530003"
BOX = f"01{GTIN}1728013110C7719-C3\x1d2112345678"


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def keeper(client):
    """A browser in which a clinician is signed in."""
    client.force_login(member(Role.CLINICIAN, clinic=ClinicFactory()))
    return client


@pytest.fixture
def botox(db):
    return PresentationFactory()


def typed(**changes):
    return {
        "code": BOX,
        "presentation": "",
        "lot_number": "",
        "expires_on": "",
        "count": "3",
        "received_on": "2026-11-20",
    } | changes


def filled(response):
    return [value_of(response, name) for name in ("presentation", "lot_number", "expires_on", "count", "received_on")]


@pytest.mark.parametrize("button", ["read", "enter"])
def test_scan_fills_in_lot_and_expiry_and_keeps_what_was_typed(keeper, botox, button):
    response = keeper.post(RECEIVE, typed(**{button: "1"}))
    assert response.status_code == 200
    assert filled(response) == ["", "C7719-C3", "2028-01-31", "3", "2026-11-20"]
    assert "serial number 12345678" in text(response)
    assert "was not received before" in text(response)
    assert not Vial.objects.exists()


def test_box_that_was_received_before_brings_its_product_along(keeper, botox):
    ProductCodeFactory(gtin=GTIN, presentation=botox)
    response = keeper.post(RECEIVE, typed(read="1"))
    assert filled(response)[0] == "ONABOT-100"
    assert "Compare with the box" in text(response)


def test_choosing_once_teaches_the_code(keeper, botox):
    received = keeper.post(RECEIVE, typed(presentation="ONABOT-100", lot_number="C7719-C3", expires_on="2028-01-31"))
    assert received.status_code == 302
    assert ProductCode.objects.get().presentation == botox
    assert Vial.objects.count() == 3
    assert filled(keeper.post(RECEIVE, typed(read="1")))[:3] == ["ONABOT-100", "C7719-C3", "2028-01-31"]


def test_code_comes_back_so_that_it_is_read_the_same_again(keeper, botox):
    response = keeper.post(RECEIVE, typed(read="1"))
    shown = html.unescape(value_of(response, "code"))
    assert shown == BOX.replace("\x1d", "\u241d")
    assert filled(keeper.post(RECEIVE, typed(read="1", code=shown))) == filled(response)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("", "Scan or paste the code first."),
        ("C7719-C3", "an element “C7”"),
        (f"01{GTIN}1728013110C7719-C32112345678", "separator after the lot (10) is missing"),
        ("0109501101530004", "09501101530004"),
        ("17270229", "270229"),
        ("a\0b", "Null characters"),
        ("9" * 1000, "at most 200 characters"),
    ],
)
def test_code_that_cannot_be_read_says_why_beside_its_field_and_nothing_else_is_marked(keeper, botox, code, says):
    response = keeper.post(RECEIVE, typed(read="1", code=code))
    assert response.status_code == 422
    assert says in error_at(response, "code")
    assert not error_at(response, "lot_number")
    assert filled(response) == ["", "", "", "3", "2026-11-20"]


def test_code_that_cannot_be_read_is_not_left_out_when_vials_are_received(keeper, botox):
    response = keeper.post(
        RECEIVE, typed(code="nonsense", presentation="ONABOT-100", lot_number="C7719-C3", expires_on="2028-01-31")
    )
    assert response.status_code == 422
    assert error_at(response, "code")
    assert not Lot.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("lot_number", "C7719-C8", "The scanned code says lot C7719-C3."),
        ("expires_on", "2028-02-29", "The scanned code says 31 Jan 2028."),
    ],
)
def test_what_was_typed_may_not_differ_from_the_code(keeper, botox, field, value, says):
    delivery = typed(presentation="ONABOT-100", lot_number="c7719 c3", expires_on="2028-01-31")
    response = keeper.post(RECEIVE, delivery | {field: value})
    assert response.status_code == 422
    assert error_at(response, field) == says
    assert not Vial.objects.exists()


def test_code_of_another_size_is_refused_beside_the_size(keeper, botox):
    ProductCodeFactory(gtin=GTIN, presentation=PresentationFactory(vial_units=50))
    response = keeper.post(RECEIVE, typed(presentation="ONABOT-100", lot_number="C7719-C3", expires_on="2028-01-31"))
    assert response.status_code == 422
    assert "were received as Botox 50 U" in error_at(response, "presentation")
    assert not Lot.objects.exists()


def test_box_that_was_received_already_is_refused_beside_the_code(keeper, botox):
    delivery = typed(presentation="ONABOT-100", lot_number="C7719-C3", expires_on="2028-01-31", count="1")
    received = keeper.post(RECEIVE, delivery)
    assert received.status_code == 302
    assert "12345678" in text(keeper.get(reverse("staff:vial-show", args=[Vial.objects.get().public_id])))
    again = keeper.post(RECEIVE, delivery)
    assert again.status_code == 422
    assert "received already" in error_at(again, "code")
    assert Vial.objects.count() == 1


def test_enter_without_a_code_puts_into_stock(keeper, botox):
    delivery = typed(code="", enter="1", presentation="ONABOT-100", lot_number="C7719-C3", expires_on="2028-01-31")
    assert keeper.post(RECEIVE, delivery).status_code == 302
    assert Vial.objects.count() == 3
