"""A lot is recalled, or a vial thrown away, while a treatment with it is being signed: who comes second sees the first."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction

from clinic.audit import Actor
from clinic.toxins.models import Vial
from clinic.toxins.services import decide_lot, discard
from clinic.treatments.models import InjectionSession
from clinic.treatments.services import TreatmentRefused
from tests.care.test_completion_races import visit
from tests.factories import NOW, ConditionFactory, UserFactory, VialFactory

pytestmark = pytest.mark.django_db(transaction=True)


def second_comes_while_first_holds(first, second):
    """Run `first` and keep its transaction open until `second` has begun; return what came of `second`."""
    done, begun = Event(), Event()

    def hold():
        try:
            with transaction.atomic():
                first()
                done.set()
                begun.wait(timeout=10)
                # Time enough for the second to reach the lock.
                begun.clear()
                begun.wait(timeout=0.7)
        finally:
            connection.close()

    def follow():
        try:
            done.wait(timeout=10)
            begun.set()
            return second()
        except TreatmentRefused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        holding, following = threads.submit(hold), threads.submit(follow)
        holding.result()
        return following.result()


@pytest.fixture
def patient():
    return ConditionFactory().patient


@pytest.fixture
def vial(patient):
    return VialFactory(clinic=patient.clinic)


def test_treatment_signed_while_its_lot_is_recalled_is_refused(patient, vial):
    by = Actor.of_user(UserFactory())
    refused = second_comes_while_first_holds(
        lambda: decide_lot(by=by, lot=vial.lot, clinic=vial.clinic, state="RECALLED", reason="notice of the maker", now=NOW),
        visit(patient, vial, units="5"),
    )
    assert isinstance(refused, TreatmentRefused)
    assert "may not be used" in refused.problems[0].message
    assert not InjectionSession.objects.exists()
    assert Vial.objects.get().units_given == 0


def test_treatment_signed_while_its_vial_is_thrown_away_is_refused(patient, vial):
    by = Actor.of_user(UserFactory())
    refused = second_comes_while_first_holds(
        lambda: discard(by=by, vial=vial, reason="it fell", now=NOW), visit(patient, vial, units="5")
    )
    assert isinstance(refused, TreatmentRefused)
    assert (Vial.objects.get().units_given, Vial.objects.get().units_wasted) == (0, Decimal(100))
