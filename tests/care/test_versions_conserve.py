"""Whatever is signed, amended and declared void in whatever order: units are counted once, and one follow-up at most runs."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.treatments.models import FollowUp, Injection, InjectionSession, UnitsFate, VialUse, VoidedUse
from clinic.treatments.services import TreatmentRefused
from tests.care.amended import Course, points
from tests.factories import NOW, TODAY, LotFactory, ProductFactory, VialFactory

pytestmark = pytest.mark.django_db

amounts = st.lists(st.decimals("0.01", 45, places=2), min_size=1, max_size=3)
days = st.integers(0, 4)
vials = st.integers(0, 3)
hours = st.integers(0, 60)
acts = st.one_of(
    st.tuples(st.just("sign"), amounts, days, vials, st.booleans(), hours),
    st.tuples(st.just("amend"), st.integers(0, 9), amounts, days, vials, st.booleans(), hours),
    st.tuples(st.just("void"), st.integers(0, 9), st.sampled_from(UnitsFate.values), hours),
)


class Stock:
    """A course with four vials of two products, and what ought to be on record, kept without the product's own code."""

    def __init__(self):
        self.course = Course()
        inco = ProductFactory(code="INCO", brand_name="Xeomin")
        more = [VialFactory(clinic=self.course.clinic, lot=LotFactory(product=inco)) for _each in range(2)]
        self.vials = [self.course.vial, self.course.other_vial, *more]
        #: By session, in the order of signing: (day, product, units) as it counts now; None once void.
        self.said = []
        self.sessions = []

    def do(self, act, *given):
        try:
            with transaction.atomic():
                getattr(self, act)(*given)
        except TreatmentRefused:
            pass

    def sign(self, units, day, vial, discard, hour):
        now, vial = NOW + timedelta(hours=hour), self.vials[vial]
        on = TODAY - timedelta(days=day)
        session = self.course.sign(*units, on=on, vial=vial, discard_rest=discard, now=now)
        self.sessions.append(session)
        self.said.append((on, vial.lot.product.code, sum(units, Decimal(0))))

    def amend(self, number, units, day, vial, discard, hour):
        if not self.sessions:
            return
        number %= len(self.sessions)
        on, vial = TODAY - timedelta(days=day), self.vials[vial]
        self.course.amend(
            self.sessions[number], points=points(*units), performed_on=on, vial=vial, discard_rest=discard,
            units_are_of_product=True, now=NOW + timedelta(hours=hour),
        )  # fmt: skip
        self.said[number] = (on, vial.lot.product.code, sum(units, Decimal(0)))

    def void(self, number, fate, hour):
        if self.sessions:
            number %= len(self.sessions)
            self.course.void(self.sessions[number], units=fate, now=NOW + timedelta(hours=hour))
            self.said[number] = None


def total(rows, name):
    return rows.aggregate(total=Sum(name))["total"] or Decimal(0)


def check_vials(stock):
    counting = VialUse.objects.filter(version__session__state="SIGNED", version__session__current_version=F("version"))
    for vial in stock.vials:
        vial.refresh_from_db()
        mine = counting.filter(vial=vial)
        assert vial.units_given == total(mine, "units_given")
        assert vial.units_wasted == total(mine, "units_wasted") + total(VoidedUse.objects.filter(vial=vial), "units_wasted")
        assert 0 <= vial.units_given + vial.units_wasted <= vial.labelled_units
        assert (vial.state == "CLOSED") == (vial.units_left == 0)
        assert (vial.state == "UNOPENED") == (vial.units_left == vial.labelled_units)


def check_ledger(stock):
    expected = defaultdict(Decimal)
    for said in stock.said:
        if said is not None:
            expected[said[1]] += said[2]
    found = (
        InjectionSession.objects.filter(state="SIGNED").values_list("product__code").annotate(Sum("current_version__total_units"))
    )
    assert dict(found.order_by()) == dict(expected)
    for session in InjectionSession.objects.all():
        assert session.current_version.total_units == total(Injection.objects.filter(version=session.current_version), "units")


def check_follow_ups(stock):
    running = FollowUp.objects.filter(state="ACTIVE")
    standing = [(said[0], number) for number, said in enumerate(stock.said) if said is not None]
    assert running.count() == (1 if standing else 0)
    if standing:
        newest = stock.sessions[max(standing)[1]]
        follow_up = running.get()
        assert follow_up.session_id == newest.pk
        assert follow_up.opens_on > InjectionSession.objects.get(pk=newest.pk).performed_on
    assert set(FollowUp.objects.filter(session__state="VOID").values_list("state", flat=True)) <= {"VOID"}


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(acts, min_size=1, max_size=9))
def test_units_ledger_and_follow_up_hold_over_any_sequence(sequence):
    with transaction.atomic():
        stock = Stock()
        for act in sequence:
            stock.do(*act)
            check_vials(stock)
            check_ledger(stock)
            check_follow_ups(stock)
        transaction.set_rollback(True)
