"""Two people reach for the same vial, or unpack the same lot: the database decides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from clinic.audit import Actor, AuditEvent
from clinic.toxins.models import Lot, Vial
from clinic.toxins.services import VialRefused, receive_vials
from tests.factories import NOW, TODAY, ClinicFactory, PresentationFactory, UserFactory, VialFactory
from tests.toxins.drawing import draw

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 4


def all_at_once(act):
    """Run `act(ordinal)` in several threads that start together, each with its own connection."""
    start = Barrier(AT_ONCE)

    def run(ordinal):
        try:
            start.wait(timeout=10)
            return act(ordinal)
        except VialRefused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


def test_last_units_of_a_vial_are_given_once():
    vial, by = VialFactory(labelled_units=100), Actor.of_user(UserFactory())

    outcomes = all_at_once(
        lambda _ordinal: draw(by=by, vial=vial, given=Decimal(40), wasted=Decimal(0), waste_reason="", on=TODAY, now=NOW)
    )

    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 2
    assert {one.field for one in refused} == {"units"}
    assert Vial.objects.get().units_given == 80
    assert AuditEvent.objects.filter(what="Vial").count() == 2


def test_same_lot_unpacked_at_several_desks_is_one_lot():
    clinic, by, size = ClinicFactory(), Actor.of_user(UserFactory()), PresentationFactory()
    numbers = ["C7719-C3", "C7719 C3", "c7719c3", "C7719.C3"]

    outcomes = all_at_once(
        lambda ordinal: receive_vials(
            by=by,
            clinic=clinic,
            product=size.product,
            presentation=size,
            lot_number=numbers[ordinal],
            expires_on=date(2028, 1, 31),
            count=1,
            received_on=TODAY,
            now=NOW,
        )
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, VialRefused)]
    assert Lot.objects.count() == 1
    assert Vial.objects.count() == AT_ONCE
