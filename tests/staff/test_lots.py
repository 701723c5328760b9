"""Staff who keep the stock set lots aside, recall and release them, and see why."""

import re

import pytest
from django.urls import reverse

from clinic.practice.models import Role
from clinic.toxins.models import Lot
from tests.factories import NOW, ClinicFactory, LotDecisionFactory, LotFactory, VialFactory, member
from tests.staff.recording import error_at, text

pytestmark = pytest.mark.django_db

LIST = reverse("staff:vial-list")


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026, 10:00 in Paris."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def vial(client):
    """A vial at a clinic whose clinician is signed in."""
    clinic = ClinicFactory()
    client.force_login(member(Role.CLINICIAN, clinic=clinic))
    return VialFactory(clinic=clinic, lot__number="C7719")


def page(vial):
    return reverse("staff:lot-decide", args=[vial.lot.public_id])


def test_lot_is_quarantined_with_its_reason_which_the_stock_page_shows(client, vial):
    response = client.post(page(vial), {"state": "QUARANTINED", "reason": "the refrigerator stood open"}, follow=True)
    assert "Lot C7719 is now quarantined." in text(response)
    assert Lot.objects.get().state == "QUARANTINED"
    listed = text(client.get(LIST))
    assert "quarantined the refrigerator stood open" in listed
    assert "Make up" not in listed


def test_page_tells_what_is_there_and_what_was_decided_before_newest_first(client, vial):
    LotDecisionFactory(lot=vial.lot, state="QUARANTINED", reason="first", clinic=vial.clinic)
    LotDecisionFactory(lot=vial.lot, state="IN_USE", reason="second", clinic=vial.clinic)
    told = text(client.get(page(vial)))
    assert "Here 1 vial of this lot is in stock with 100 U." in told
    assert told.index("second") < told.index("first")


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("IN_USE", {"QUARANTINED", "RECALLED"}),
        ("QUARANTINED", {"IN_USE", "RECALLED"}),
        ("RECALLED", {"QUARANTINED"}),
    ],
)
def test_only_what_the_lot_may_become_is_offered(client, vial, state, offered):
    Lot.objects.update(state=state)
    content = client.get(page(vial)).content.decode()
    buttons = re.findall(r'<input type="radio"[^>]*>', content)
    assert {re.search(r'value="(\w+)"', one)[1] for one in buttons if 'name="state"' in one} == offered


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", ""),
        ("state", "IN_USE"),
        ("state", "SPENT"),
        ("state", "a\0b"),
        ("reason", ""),
        ("reason", "  "),
        ("reason", "x" * 201),
        ("reason", "a\0b"),
    ],
)
def test_decision_that_cannot_be_is_refused_beside_its_field(client, vial, field, value):
    response = client.post(page(vial), {"state": "RECALLED", "reason": "notice of the maker"} | {field: value})
    assert response.status_code == 422
    assert error_at(response, field)
    assert Lot.objects.get().state == "IN_USE"


def test_lot_without_a_vial_here_is_not_there(client, vial):
    foreign = LotFactory(number="SECRET")
    address = reverse("staff:lot-decide", args=[foreign.public_id])
    for response in (client.get(address), client.post(address, {"state": "RECALLED", "reason": "x"})):
        assert response.status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "IN_USE"


def test_page_takes_the_same_number_of_queries_for_one_decision_and_for_many(client, vial, django_assert_num_queries):
    LotDecisionFactory(lot=vial.lot, clinic=vial.clinic)
    client.get(page(vial))
    with django_assert_num_queries(7):
        client.get(page(vial))
    for _number in range(5):
        LotDecisionFactory(lot=vial.lot, clinic=vial.clinic)
        VialFactory(clinic=vial.clinic, lot=vial.lot)
    with django_assert_num_queries(7):
        client.get(page(vial))
