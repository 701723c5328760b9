"""A lot is set aside, recalled and released by people, with a reason; and then it is drawn from or not."""

from decimal import Decimal

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.toxins.models import Lot, LotDecision
from clinic.toxins.services import VialRefused, decide_lot, receive_vials, usable_vials
from tests.factories import NOW, TODAY, LotFactory, UserFactory, VialFactory
from tests.toxins.drawing import draw

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return Actor.of_user(UserFactory())


@pytest.fixture
def vial():
    return VialFactory()


def decide(vial, state, *, by, reason="the refrigerator stood open"):
    return decide_lot(by=by, lot=vial.lot, clinic=vial.clinic, state=state, reason=reason, now=NOW)


def take(vial, by):
    draw(by=by, vial=vial, given=Decimal(5), wasted=Decimal(0), waste_reason="", on=TODAY, now=NOW)


@pytest.mark.parametrize("state", ["QUARANTINED", "RECALLED"])
def test_lot_that_was_set_aside_is_not_offered_and_not_drawn_from(vial, keeper, state):
    decide(vial, state, by=keeper)
    assert not usable_vials(clinic=vial.clinic, on=TODAY, now=NOW).exists()
    with pytest.raises(VialRefused, match="may not be used"):
        take(vial, keeper)
    vial.refresh_from_db()
    assert vial.units_given == 0


def test_released_lot_is_drawn_from_again(vial, keeper):
    decide(vial, "QUARANTINED", by=keeper)
    decide(vial, "IN_USE", by=keeper, reason="the logger shows 7 °C at most")
    take(vial, keeper)
    assert list(LotDecision.objects.order_by("pk").values_list("state", "reason", "by", "clinic")) == [
        ("QUARANTINED", "the refrigerator stood open", keeper.user.pk, vial.clinic_id),
        ("IN_USE", "the logger shows 7 °C at most", keeper.user.pk, vial.clinic_id),
    ]
    assert AuditEvent.objects.filter(what="Lot", what_id=vial.lot.public_id, action="CHANGED", fields=["state"]).count() == 2


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("IN_USE", "QUARANTINED", True),
        ("IN_USE", "RECALLED", True),
        ("IN_USE", "IN_USE", False),
        ("IN_USE", "SPENT", False),
        ("QUARANTINED", "IN_USE", True),
        ("QUARANTINED", "RECALLED", True),
        ("QUARANTINED", "QUARANTINED", False),
        ("RECALLED", "QUARANTINED", True),
        ("RECALLED", "IN_USE", False),
        ("SPENT", "RECALLED", True),
        ("SPENT", "IN_USE", False),
        ("IN_USE", "NONSENSE", False),
    ],
)
def test_recalled_lot_comes_back_by_way_of_the_quarantine_only(keeper, before, after, may):
    vial = VialFactory(lot=LotFactory(state=before))
    if may:
        assert decide(vial, after, by=keeper).state == after
    else:
        with pytest.raises(VialRefused) as refused:
            decide(vial, after, by=keeper)
        assert refused.value.field == "state"
        assert Lot.objects.get().state == before
        assert not LotDecision.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_decision_needs_a_reason(vial, keeper, reason):
    with pytest.raises(VialRefused) as refused:
        decide(vial, "QUARANTINED", by=keeper, reason=reason)
    assert refused.value.field == "reason"
    assert Lot.objects.get().state == "IN_USE"


def test_only_a_person_decides(vial):
    with pytest.raises(ValueError, match="member of staff"):
        decide(vial, "QUARANTINED", by=Actor.system())


def test_decision_is_taken_on_the_lot_as_it_is_now_not_as_it_was_loaded(vial, keeper):
    stale = Lot.objects.get()
    decide(vial, "RECALLED", by=keeper)
    with pytest.raises(VialRefused):
        decide_lot(by=keeper, lot=stale, clinic=vial.clinic, state="RECALLED", reason="again", now=NOW)


def test_vials_of_a_recalled_lot_are_not_received(vial, keeper):
    decide(vial, "RECALLED", by=keeper)
    with pytest.raises(VialRefused, match="recalled"):
        receive_vials(
            by=keeper, clinic=vial.clinic, product=vial.lot.product, presentation=vial.presentation, now=NOW,
            lot_number=vial.lot.number, expires_on=vial.lot.expires_on, count=1, received_on=TODAY,
        )  # fmt: skip
