"""Whatever is done to vials in whatever order, no unit is lost, made or left without an explanation."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit import Actor
from clinic.care.services import complete_visit
from clinic.patients.models import Patient
from clinic.staff.stock_lines import movements, unexplained
from clinic.toxins.models import Vial, VialDiscard
from clinic.toxins.services import VialRefused, decide_lot, discard, on_hand, receive_vials, reconstitute
from clinic.treatments.models import VialUse
from clinic.treatments.services import Point, TreatmentRefused
from tests.factories import (
    NOW,
    TODAY,
    ClinicFactory,
    ConditionFactory,
    PatientFactory,
    PractitionerFactory,
    PresentationFactory,
    SiteFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


class Cupboard:
    """A clinic's vials, two patients, and a second count of every vial kept beside the database's."""

    def __init__(self):
        self.clinic = ClinicFactory()
        self.by = Actor.of_user(UserFactory())
        self.size = PresentationFactory()
        self.conditions = [ConditionFactory(patient=PatientFactory(clinic=self.clinic)) for _each in range(2)]
        self.practitioner = PractitionerFactory(clinics=[self.clinic])
        self.points = SiteFactory(code="ZYG_MAJ"), SiteFactory(code="OO_UL_LAT")
        self.given, self.wasted = defaultdict(Decimal), defaultdict(Decimal)

    def vial(self, number):
        vials = list(Vial.objects.order_by("pk"))
        return vials[number % len(vials)] if vials else None

    def receive(self, number, units):
        receive_vials(
            by=self.by, clinic=self.clinic, product=self.size.product, presentation=self.size, lot_number=f"LOT{number % 2}",
            expires_on=TODAY + timedelta(days=300), count=1 + number % 2, received_on=TODAY, now=NOW,
        )  # fmt: skip

    def make_up(self, number, units):
        if vial := self.vial(number):
            reconstitute(by=self.by, vial=vial, diluent_ml=Decimal(4), at=NOW, now=NOW)

    def treat(self, number, units, *, wasted=Decimal(0), discard_rest=False):
        vials = [vial for vial in {self.vial(number), self.vial(number + 1)} if vial]
        vials = sorted(vials, key=lambda vial: vial.pk)[: 1 + number % 2]
        condition = self.conditions[number % 2]
        session = complete_visit(
            by=self.by,
            patient=condition.patient,
            condition=condition,
            practitioner=self.practitioner,
            vials=vials,
            points=[Point(self.points[0], "RIGHT", units), Point(self.points[1], "RIGHT", units)],
            performed_on=TODAY,
            wasted=wasted,
            waste_reason="spilled" if wasted else "",
            discard_rest=discard_rest,
            shared_confirmed=True,
            now=NOW,
        )
        # What was left is counted here from our own figures, not from the database's.
        rest = 2 * units
        for vial in vials:
            left = vial.labelled_units - self.given[vial.pk] - self.wasted[vial.pk]
            share = min(rest, left)
            self.given[vial.pk] += share
            rest -= share
            if vial is vials[-1]:
                self.wasted[vial.pk] += left - share if discard_rest else wasted
        assert rest == 0
        assert session.current_version.total_units == 2 * units

    def waste_in_treatment(self, number, units):
        self.treat(number, units, wasted=Decimal("1.25"))

    def treat_and_discard(self, number, units):
        self.treat(number, units, discard_rest=True)

    def spill(self, number, units):
        if vial := self.vial(number):
            discard(by=self.by, vial=vial, units=units, reason="spilled", now=NOW)
            self.wasted[vial.pk] += units

    def throw_away(self, number, units):
        if vial := self.vial(number):
            left = vial.labelled_units - self.given[vial.pk] - self.wasted[vial.pk]
            discard(by=self.by, vial=vial, reason="past its hours", now=NOW)
            self.wasted[vial.pk] += left

    def set_aside_or_release(self, number, units):
        if vial := self.vial(number):
            state = "IN_USE" if vial.lot.state == "QUARANTINED" else "QUARANTINED"
            decide_lot(by=self.by, lot=vial.lot, clinic=self.clinic, state=state, reason="checked", now=NOW)

    def everything(self):
        """Every row that has to do with units."""
        return [list(model.objects.order_by("pk").values()) for model in (Vial, VialUse, VialDiscard)]

    def check(self):
        uses = VialUse.objects.all()
        for vial in Vial.objects.select_related("lot__product", "clinic"):
            assert vial.labelled_units == vial.units_given + vial.units_wasted + vial.units_left
            assert (vial.units_given, vial.units_wasted) == (self.given[vial.pk], self.wasted[vial.pk])
            own = [use for use in uses if use.vial_id == vial.pk]
            thrown = list(vial.discards.all())
            assert vial.units_given == sum(use.units_given for use in own)
            assert vial.units_wasted == sum(use.units_wasted for use in own) + sum(one.units for one in thrown)
            assert (vial.state == "CLOSED") == (vial.units_left == 0)
            told = movements(vial, Patient.objects.none())
            assert unexplained(vial, told) == 0
        lines = on_hand(clinics=[self.clinic], now=NOW)
        left = sum(vial.units_left for vial in Vial.objects.exclude(state="CLOSED"))
        assert sum(one.units + one.units_not_usable for one in lines) == left


ACTS = ("receive", "make_up", "treat", "waste_in_treatment", "treat_and_discard", "spill", "throw_away", "set_aside_or_release")
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.decimals("0.01", "60", places=2)), min_size=1, max_size=14
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_units_are_conserved_and_explained_over_any_sequence(db, done):
    with transaction.atomic():
        cupboard = Cupboard()
        cupboard.receive(0, Decimal(0))
        for act, number, units in done:
            before = cupboard.everything()
            try:
                getattr(cupboard, act)(number, units)
            except (TreatmentRefused, VialRefused):
                assert cupboard.everything() == before
            cupboard.check()
        # Each example begins with an empty cupboard.
        transaction.set_rollback(True)
