"""What is thrown away outside a treatment is counted and explained; a vial closes when nothing is left."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.toxins.models import Vial, VialDiscard
from clinic.toxins.services import VialRefused, discard
from tests.factories import NOW, UserFactory, VialFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return Actor.of_user(UserFactory())


def throw(vial, units=None, reason="past its hours", *, by):
    discard(by=by, vial=vial, units=None if units is None else Decimal(units), reason=reason, now=NOW)
    vial.refresh_from_db()
    return vial


def test_rest_of_a_vial_is_thrown_away_and_the_vial_closes_accounted_for(keeper):
    vial = throw(VialFactory(state="OPEN", units_given=Decimal("18.75")), by=keeper)
    assert (vial.state, vial.units_given, vial.units_wasted) == ("CLOSED", Decimal("18.75"), Decimal("81.25"))
    kept = VialDiscard.objects.get()
    assert (kept.vial, kept.units, kept.reason, kept.by, kept.at) == (vial, Decimal("81.25"), "past its hours", keeper.user, NOW)
    assert AuditEvent.objects.get().fields == ["state", "units_wasted"]


def test_part_of_an_opened_vial_is_thrown_away_and_the_vial_stays_open(keeper):
    vial = throw(VialFactory(state="OPEN"), "12.5", "spilled", by=keeper)
    assert (vial.state, vial.units_left) == ("OPEN", Decimal("87.50"))


@pytest.mark.parametrize("lot", [{"lot__state": "RECALLED"}, {"lot__state": "QUARANTINED"}, {"lot__expires_on": "2025-01-31"}])
def test_what_may_not_be_used_may_be_thrown_away(keeper, lot):
    assert throw(VialFactory(**lot), by=keeper).state == "CLOSED"


@pytest.mark.parametrize(
    ("vial", "units", "reason", "field", "says"),
    [
        ({}, None, " ", "reason", "Say why"),
        ({}, None, "x" * 121, "reason", "Say why"),
        ({"state": "CLOSED", "units_given": 100}, None, "late", "units", "has been closed"),
        ({"state": "OPEN"}, "0", "late", "units", "more than zero"),
        ({"state": "OPEN"}, "-1", "late", "units", "more than zero"),
        ({"state": "OPEN"}, "NaN", "late", "units", "more than zero"),
        ({"state": "OPEN"}, "0.001", "late", "units", "two decimals"),
        ({"state": "OPEN", "units_given": 60}, "40.01", "late", "units", "Only 40.00 units are left"),
        ({}, "40", "late", "units", "unopened"),
    ],
)
def test_impossible_discards_are_refused_in_words_and_change_nothing(keeper, vial, units, reason, field, says):
    vial = VialFactory(**vial)
    before = Vial.objects.values().get()
    with pytest.raises(VialRefused, match=says) as refused:
        throw(vial, units, reason, by=keeper)
    assert refused.value.field == field
    assert Vial.objects.values().get() == before
    assert not VialDiscard.objects.exists()
    assert not AuditEvent.objects.exists()


def test_units_are_read_from_the_vial_as_it_is_now_not_as_it_was_loaded(keeper):
    vial = VialFactory(state="OPEN")
    stale = Vial.objects.get()
    throw(vial, "80", by=keeper)
    with pytest.raises(VialRefused, match="Only 20"):
        throw(stale, "30", by=keeper)


def test_only_a_person_discards():
    with pytest.raises(ValueError, match="member of staff"):
        discard(by=Actor.system(), vial=VialFactory(), reason="late", now=NOW)


@pytest.mark.parametrize("broken", [{"units": Decimal(0)}, {"reason": ""}])
def test_database_takes_no_discard_without_units_or_reason(keeper, broken):
    values = {"vial": VialFactory(), "units": Decimal(1), "reason": "late", "by": keeper.user, "at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        VialDiscard.objects.create(**(values | broken))
