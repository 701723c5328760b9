"""Vials come in once, are usable while their label says so, and give no more than they hold."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.toxins.models import Lot, Vial
from clinic.toxins.services import VialRefused, receive_vials, reconstitute, usable_vials
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    LotFactory,
    PresentationFactory,
    ProductFactory,
    UserFactory,
    VialFactory,
)
from tests.toxins.drawing import draw

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    return ClinicFactory()


@pytest.fixture
def clinician():
    return Actor.of_user(UserFactory())


@pytest.fixture
def receive(clinic, clinician):
    def receive(**changes):
        product = changes.pop("product", None) or ProductFactory()
        delivery = {
            "by": clinician,
            "clinic": clinic,
            "product": product,
            "presentation": PresentationFactory(product=product),
            "lot_number": "C7719-C3",
            "expires_on": date(2028, 1, 31),
            "count": 2,
            "received_on": TODAY,
            "now": NOW,
        }
        return receive_vials(**{**delivery, **changes})

    return receive


def take(vial, given="10", *, by, wasted="0", waste_reason="", on=TODAY, now=NOW):
    draw(by=by, vial=vial, given=Decimal(given), wasted=Decimal(wasted), waste_reason=waste_reason, on=on, now=now)
    vial.refresh_from_db()


# -- receiving --------------------------------------------------------------------------------------------------------


def test_received_vials_are_unopened_and_full(receive, clinic):
    vials = receive(count=3)

    assert Vial.objects.filter(clinic=clinic, state="UNOPENED", labelled_units=100, units_given=0).count() == 3
    assert vials[0].lot.number == "C7719-C3"
    assert set(AuditEvent.objects.values_list("what", "action", "count")) == {("Lot", "CREATED", None), ("Vial", "CREATED", 3)}


def test_same_lot_typed_otherwise_is_the_same_lot_with_its_number_as_printed(receive):
    first, *_rest = receive()
    second, *_rest = receive(lot_number=" c7719 C3 ")

    assert first.lot == second.lot
    assert Lot.objects.get().number == "C7719-C3"


def test_same_number_of_another_product_is_another_lot(receive):
    receive()
    receive(product=ProductFactory(code="ABOBOT", brand_name="Dysport"))

    assert Lot.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"lot_number": " - "}, "lot_number", "Give the lot number as printed"),
        ({"lot_number": "C" * 41}, "lot_number", "at most 40 characters"),
        ({"lot_number": "C77\n19"}, "lot_number", "Give the lot number as printed"),
        ({"count": 0}, "count", "1 to 200"),
        ({"count": 201}, "count", "1 to 200"),
        ({"received_on": TODAY + timedelta(days=1)}, "received_on", "still to come"),
        ({"expires_on": TODAY - timedelta(days=1)}, "expires_on", "had expired"),
    ],
)
def test_impossible_delivery_is_refused_in_words_and_leaves_nothing(receive, changes, field, says):
    with pytest.raises(VialRefused, match=says) as refused:
        receive(**changes)

    assert refused.value.field == field
    assert not Lot.objects.exists()
    assert not AuditEvent.objects.exists()


def test_vial_size_of_another_product_is_refused(receive):
    with pytest.raises(VialRefused, match="another product") as refused:
        receive(presentation=PresentationFactory(product=ProductFactory(code="ABOBOT")))

    assert refused.value.field == "presentation"


def test_known_lot_with_another_expiry_is_refused_and_names_the_known_one(receive):
    receive()

    with pytest.raises(VialRefused, match="already known with the expiry 2028-01-31") as refused:
        receive(expires_on=date(2027, 1, 31))

    assert refused.value.field == "expires_on"
    assert Vial.objects.count() == 2


def test_recalled_lot_is_refused(receive):
    receive()
    Lot.objects.update(state="RECALLED")

    with pytest.raises(VialRefused, match="recalled"):
        receive()


def test_used_up_lot_is_in_use_again_once_more_of_it_comes(receive):
    receive()
    Lot.objects.update(state="SPENT")

    receive()

    assert Lot.objects.get().state == "IN_USE"


def test_last_day_of_a_delivery_is_told_in_the_zone_of_the_clinic(receive, clinic):
    clinic.time_zone = "Pacific/Auckland"
    evening = datetime.fromisoformat("2026-11-23T20:00:00+00:00")

    assert receive(received_on=date(2026, 11, 24), now=evening)


# -- usable -----------------------------------------------------------------------------------------------------------


def usable(clinic, on=TODAY, now=NOW):
    return list(usable_vials(clinic=clinic, on=on, now=now))


def test_in_date_vial_of_a_lot_in_use_is_usable_here_only(clinic):
    vial = VialFactory(clinic=clinic)

    assert usable(clinic) == [vial]
    assert usable(ClinicFactory()) == []


@pytest.mark.parametrize("state", ["QUARANTINED", "RECALLED", "SPENT"])
def test_vial_of_a_lot_not_in_use_is_not_usable(clinic, state):
    VialFactory(clinic=clinic, lot__state=state)

    assert usable(clinic) == []


def test_vial_is_usable_on_the_day_of_its_expiry_and_not_after(clinic):
    vial = VialFactory(clinic=clinic, lot__expires_on=TODAY)

    assert usable(clinic) == [vial]
    assert usable(clinic, on=TODAY + timedelta(days=1), now=NOW + timedelta(days=1)) == []


def test_empty_or_closed_vial_is_not_usable(clinic):
    VialFactory(clinic=clinic, state="OPEN", units_given=100)
    VialFactory(clinic=clinic, state="CLOSED", units_given=60, units_wasted=40)

    assert usable(clinic) == []


@pytest.mark.parametrize(("code", "hours"), [("ONABOT", 24), ("DAXIBOT", 72), ("RIMABOT", 4)])
def test_made_up_vial_is_usable_for_the_hours_of_its_product(clinic, code, hours):
    lot = LotFactory(product=ProductFactory(code=code, hours_after_reconstitution=hours))
    vial = VialFactory(clinic=clinic, lot=lot, state="OPEN", reconstituted_at=NOW)
    over = NOW + timedelta(hours=hours)

    assert usable(clinic, on=over.date(), now=over) == [vial]
    later = over + timedelta(seconds=1)
    assert usable(clinic, on=later.date(), now=later) == []


def test_treatment_of_yesterday_may_name_the_vial_that_was_open_then(clinic):
    vial = VialFactory(clinic=clinic, state="OPEN", reconstituted_at=NOW - timedelta(hours=25))

    assert usable(clinic, on=TODAY) == []
    assert usable(clinic, on=TODAY - timedelta(days=1)) == [vial]


def test_opened_vials_come_first_then_by_expiry(clinic):
    late = VialFactory(clinic=clinic, lot__expires_on=date(2028, 12, 31))
    soon = VialFactory(clinic=clinic, lot__expires_on=date(2027, 1, 31))
    opened = VialFactory(clinic=clinic, state="OPEN", reconstituted_at=NOW, lot__expires_on=date(2029, 1, 31))

    assert usable(clinic) == [opened, soon, late]


# -- making up --------------------------------------------------------------------------------------------------------


def test_made_up_vial_is_open_and_its_clock_runs(clinician):
    vial = reconstitute(by=clinician, vial=VialFactory(), diluent_ml=Decimal(4), at=NOW, now=NOW)

    vial.refresh_from_db()
    assert (vial.state, vial.diluent_ml, vial.reconstituted_at, vial.reconstituted_by) == ("OPEN", 4, NOW, clinician.user)
    assert AuditEvent.objects.get(what="Vial").what_id == vial.public_id


def test_vial_is_made_up_once(clinician):
    vial = reconstitute(by=clinician, vial=VialFactory(), diluent_ml=Decimal(4), at=NOW, now=NOW)

    with pytest.raises(VialRefused, match="already been opened"):
        reconstitute(by=clinician, vial=vial, diluent_ml=Decimal(2), at=NOW, now=NOW)


@pytest.mark.parametrize(
    ("diluent", "at", "field"),
    [("0", NOW, "diluent_ml"), ("25", NOW, "diluent_ml"), ("4", NOW + timedelta(minutes=1), "at")],
)
def test_impossible_making_up_is_refused(clinician, diluent, at, field):
    with pytest.raises(VialRefused) as refused:
        reconstitute(by=clinician, vial=VialFactory(), diluent_ml=Decimal(diluent), at=at, now=NOW)

    assert refused.value.field == field


# -- drawing ----------------------------------------------------------------------------------------------------------


def test_units_leave_the_vial(clinician):
    vial = VialFactory()

    take(vial, "18.75", wasted="1.25", waste_reason="air in the syringe", by=clinician)

    assert (vial.units_given, vial.units_wasted, vial.units_left) == (Decimal("18.75"), Decimal("1.25"), 80)
    assert vial.state == "OPEN"
    assert AuditEvent.objects.get(what="Vial").fields == sorted(
        ["units_given", "units_wasted", "state", "reconstituted_at", "reconstituted_by"]
    )


def test_empty_vial_is_closed(clinician):
    vial = VialFactory()

    take(vial, "60", wasted="40", waste_reason="rest of the vial", by=clinician)

    assert vial.state == "CLOSED"


def test_clock_of_a_vial_starts_with_its_first_draw_at_the_latest(clinician):
    vial = VialFactory()
    take(vial, by=clinician)
    assert vial.reconstituted_at == NOW

    earlier = VialFactory()
    take(earlier, by=clinician, on=TODAY - timedelta(days=3))
    assert earlier.reconstituted_at.isoformat() == "2026-11-20T11:00:00+00:00"


@pytest.mark.parametrize(
    ("vial", "draws", "field", "says"),
    [
        ({}, {"given": "100.01"}, "units", "Only 100.00 units are left"),
        ({}, {"given": "90", "wasted": "20", "waste_reason": "rest"}, "units", "110 are asked for"),
        ({}, {"given": "-1"}, "units", "cannot be zero or less"),
        ({}, {"given": "0"}, "units", "cannot be zero or less"),
        ({}, {"given": "5", "wasted": "1"}, "waste_reason", "Say why"),
        ({"lot__expires_on": TODAY - timedelta(days=1)}, {}, "vial", "expired on 2026-11-22"),
        ({"lot__state": "QUARANTINED"}, {}, "vial", "quarantined"),
        ({"lot__state": "RECALLED"}, {}, "vial", "recalled"),
        ({"state": "CLOSED", "units_given": 100}, {}, "vial", "closed"),
        ({"state": "OPEN", "reconstituted_at": NOW - timedelta(days=3)}, {}, "vial", "made up too long ago"),
    ],
)
def test_impossible_draw_is_refused_in_words_and_takes_nothing(clinician, vial, draws, field, says):
    vial = VialFactory(**vial)
    before = Vial.objects.filter(pk=vial.pk).values().get()

    with pytest.raises(VialRefused, match=says) as refused:
        take(vial, by=clinician, **draws)

    assert refused.value.field == field
    assert Vial.objects.filter(pk=vial.pk).values().get() == before
    assert not AuditEvent.objects.exists()
