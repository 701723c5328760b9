"""What the database itself refuses about products, rules, points, lots and vials."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from clinic.toxins.models import LabelRule, Lot, Presentation, RuleVerification, Site, SiteDose, Vial
from tests.factories import (
    NOW,
    ClinicFactory,
    LabelRuleFactory,
    LotFactory,
    PresentationFactory,
    ProductFactory,
    SiteDoseFactory,
    SiteFactory,
    UserFactory,
    VialFactory,
)

pytestmark = pytest.mark.django_db


def refused():
    return pytest.raises(IntegrityError)


def test_presentation_one_per_size():
    size = PresentationFactory()

    with refused(), transaction.atomic():
        Presentation.objects.create(product=size.product, vial_units=size.vial_units)


@pytest.mark.parametrize("units", [0, -100])
def test_presentation_units_positive(units):
    with refused(), transaction.atomic():
        Presentation.objects.create(product=ProductFactory(), vial_units=units)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"units": 5}, id="interval with a ceiling"),
        pytest.param({"scope": "SESSION"}, id="ceiling without units"),
    ],
)
def test_label_rule_ceiling_or_interval(changes):
    rule = LabelRuleFactory()

    with refused(), transaction.atomic():
        LabelRule.objects.filter(pk=rule.pk).update(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"interval_unit": ""}, id="value without a unit"),
        pytest.param({"interval_value": 0}, id="nothing of a unit"),
        pytest.param({"interval_value": None}, id="unit without a value"),
    ],
)
def test_label_rule_interval_has_unit(changes):
    rule = LabelRuleFactory(scope="ROLLING", units=100)

    with refused(), transaction.atomic():
        LabelRule.objects.filter(pk=rule.pk).update(**changes)


@pytest.mark.parametrize(("scope", "units"), [("INTERVAL", None), ("ROLLING", 100)])
def test_label_rule_span_given_where_needed(scope, units):
    rule = LabelRuleFactory(scope=scope, units=units)

    with refused(), transaction.atomic():
        LabelRule.objects.filter(pk=rule.pk).update(interval_value=None, interval_unit="")


def test_rule_verification_one_per_clinic():
    rule, clinic = LabelRuleFactory(), ClinicFactory()
    RuleVerification.objects.create(rule=rule, clinic=clinic, by=UserFactory(), at=NOW)

    with refused(), transaction.atomic():
        RuleVerification.objects.create(rule=rule, clinic=clinic, by=UserFactory(), at=NOW)


@pytest.mark.parametrize("place", [{"x": -1}, {"x": 101}, {"y": -1}, {"y": 101}])
def test_site_on_the_picture(place):
    site = SiteFactory()

    with refused(), transaction.atomic():
        Site.objects.filter(pk=site.pk).update(**place)


def test_site_dose_one_per_family():
    dose = SiteDoseFactory()

    with refused(), transaction.atomic():
        SiteDose.objects.create(site=dose.site, family=dose.family, source="another")


def test_lot_one_per_product_and_number():
    lot = LotFactory(number="C7719-C3")

    with refused(), transaction.atomic():
        Lot.objects.create(product=lot.product, number="C7719 C3", number_key="C7719C3", expires_on=date(2028, 1, 31))


def test_lot_has_a_key():
    with refused(), transaction.atomic():
        Lot.objects.create(product=ProductFactory(), number="-", number_key="", expires_on=date(2028, 1, 31))


@pytest.mark.parametrize(
    "changes", [{"units_given": Decimal("-0.01")}, {"units_wasted": Decimal("-0.01")}, {"labelled_units": 0}]
)
def test_vial_units_not_negative(changes):
    vial = VialFactory()

    with refused(), transaction.atomic():
        Vial.objects.filter(pk=vial.pk).update(**changes)


def test_vial_not_over_drawn():
    vial = VialFactory(labelled_units=100)

    with refused(), transaction.atomic():
        Vial.objects.filter(pk=vial.pk).update(units_given=Decimal("60.01"), units_wasted=40)


def test_vial_accounted_for_once_closed():
    vial = VialFactory(units_given=60)

    with refused(), transaction.atomic():
        Vial.objects.filter(pk=vial.pk).update(state="CLOSED")
