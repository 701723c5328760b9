"""What is on hand is told by product and vial size, and never what may not be used with what may."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.toxins.models import ProductCode, Vial
from clinic.toxins.services import VialRefused, known_presentation, on_hand, receive_vials, usable_vials
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    LotFactory,
    PresentationFactory,
    ProductCodeFactory,
    ProductFactory,
    UserFactory,
    VialFactory,
)

pytestmark = pytest.mark.django_db
GTIN = "09501101530003"


@pytest.fixture
def clinic():
    return ClinicFactory()


def told(*clinics, now=NOW):
    return [
        (
            str(one.presentation.product),
            one.presentation.vial_units,
            one.vials,
            one.units,
            one.soonest_expiry,
            one.units_not_usable,
        )
        for one in on_hand(clinics=clinics, now=now)
    ]


def test_units_are_added_within_a_product_and_size_and_never_over_products(clinic):
    small = PresentationFactory(vial_units=Decimal(50))
    soon, later = (LotFactory(expires_on=day) for day in (date(2027, 1, 31), date(2028, 1, 31)))
    VialFactory(clinic=clinic, lot=later)
    VialFactory(clinic=clinic, lot=soon, state="OPEN", units_given=Decimal("18.75"), reconstituted_at=NOW)
    VialFactory(clinic=clinic, lot=later, presentation=small)
    VialFactory(clinic=clinic, lot=LotFactory(product=ProductFactory(code="ABO", brand_name="Dysport"), number="D1"))
    assert told(clinic) == [
        ("Botox", 50, 1, 50, date(2028, 1, 31), 0),
        ("Botox", 100, 2, Decimal("181.25"), date(2027, 1, 31), 0),
        ("Dysport", 100, 1, 100, date(2028, 1, 31), 0),
    ]


@pytest.mark.parametrize(
    "vial",
    [
        {"lot__state": "QUARANTINED"},
        {"lot__state": "RECALLED"},
        {"lot__expires_on": TODAY - timedelta(days=1)},
        {"state": "OPEN", "reconstituted_at": NOW - timedelta(hours=24, seconds=1)},
    ],
)
def test_what_may_not_be_used_is_told_apart(clinic, vial):
    VialFactory(clinic=clinic, **vial)
    assert told(clinic) == [("Botox", 100, 0, 0, None, 100)]
    assert not usable_vials(clinic=clinic, on=TODAY, now=NOW).exists()


def test_closed_vials_and_those_of_other_clinics_are_not_on_hand(clinic):
    VialFactory(clinic=clinic, state="CLOSED", units_given=Decimal(100))
    VialFactory()
    assert told(clinic) == []
    assert told() == []


def test_each_clinic_has_its_own_day():
    """At 23:30 UTC it is tomorrow already in Auckland, where the lot's last day is over."""
    here, there = ClinicFactory(time_zone="Europe/Lisbon"), ClinicFactory(time_zone="Pacific/Auckland")
    lot = LotFactory(expires_on=date(2026, 11, 23))
    VialFactory(clinic=here, lot=lot)
    VialFactory(clinic=there, lot=lot)
    assert told(here, there, now=datetime(2026, 11, 23, 23, 30, tzinfo=UTC)) == [("Botox", 100, 1, 100, date(2026, 11, 23), 100)]


def test_it_takes_the_same_number_of_queries_for_one_vial_and_for_many(clinic, django_assert_num_queries):
    VialFactory(clinic=clinic)
    with django_assert_num_queries(3):
        told(clinic)
    for number in range(12):
        VialFactory(clinic=clinic, lot=LotFactory(product=ProductFactory(code=f"P{number}", brand_name=f"P{number}")))
    with django_assert_num_queries(3):
        assert len(told(clinic)) == 13


# -- codes of boxes -------------------------------------------------------------------------------------------------------


def receive(clinic, size, gtin=GTIN, *, serial="", count=1):
    receive_vials(
        by=Actor.of_user(UserFactory()), clinic=clinic, product=size.product, presentation=size, lot_number="C7719",
        expires_on=date(2028, 1, 31), count=count, received_on=TODAY, gtin=gtin, serial=serial, now=NOW,
    )  # fmt: skip


def test_code_of_a_box_is_learned_when_it_is_received_first(clinic):
    size = PresentationFactory()
    assert known_presentation(gtin=GTIN) is None
    receive(clinic, size)
    receive(clinic, size)
    assert known_presentation(gtin=GTIN) == size
    assert AuditEvent.objects.filter(what="ProductCode", action="CREATED").count() == 1


def test_box_received_without_its_code_teaches_nothing(clinic):
    receive(clinic, PresentationFactory(), gtin="")
    assert not ProductCode.objects.exists()
    assert known_presentation(gtin="") is None


def test_code_known_as_another_size_is_refused_and_names_it(clinic):
    ProductCodeFactory(gtin=GTIN, presentation=PresentationFactory(vial_units=Decimal(50)))
    with pytest.raises(VialRefused, match="were received as Botox 50 U") as refused:
        receive(clinic, PresentationFactory())
    assert refused.value.field == "presentation"


def test_box_with_a_serial_number_is_received_once(clinic):
    size = PresentationFactory()
    receive(clinic, size, serial="12345678")
    receive(clinic, size, serial="12345679")
    with pytest.raises(VialRefused, match="serial number 12345678 was received already") as refused:
        receive(clinic, size, serial="12345678")
    assert refused.value.field == "code"
    assert sorted(Vial.objects.values_list("serial", flat=True)) == ["12345678", "12345679"]


def test_serial_number_of_one_box_says_nothing_of_several(clinic):
    receive(clinic, PresentationFactory(), serial="12345678", count=2)
    assert list(Vial.objects.values_list("serial", flat=True)) == ["", ""]


def test_number_that_is_no_gtin_is_refused(clinic):
    with pytest.raises(VialRefused) as refused:
        receive(clinic, PresentationFactory(), gtin="09501101530004")
    assert refused.value.field == "code"
