"""Products, label rules, points, lots and vials."""

from datetime import date
from decimal import Decimal

import factory

from clinic.toxins.lot_numbers import lot_key
from clinic.toxins.models import (
    FREE_POINT,
    Indication,
    LabelRule,
    Lot,
    LotDecision,
    Presentation,
    Product,
    ProductCode,
    ProductFamily,
    RuleVerification,
    Site,
    SiteDose,
    Vial,
    VialDiscard,
)
from tests.factories.base import NOW, TODAY, Factory
from tests.factories.practice import ClinicFactory, UserFactory


class IndicationFactory(Factory):
    class Meta:
        model = Indication
        django_get_or_create = ("code",)

    code = "HFS"
    name = "Hemifacial spasm"
    one_sided = True


class ProductFactory(Factory):
    class Meta:
        model = Product
        django_get_or_create = ("code",)

    code = "ONABOT"
    generic_name = "onabotulinumtoxinA"
    brand_name = "Botox"
    serotype = "A"
    family = ProductFamily.ONA_INCO
    unit_code = "[USP'U]"
    hours_after_reconstitution = 24
    contents = "human albumin, sodium chloride"


class PresentationFactory(Factory):
    class Meta:
        model = Presentation
        django_get_or_create = ("product", "vial_units")

    product = factory.SubFactory(ProductFactory)
    vial_units = Decimal(100)


class LotFactory(Factory):
    class Meta:
        model = Lot

    product = factory.SubFactory(ProductFactory)
    number = factory.Sequence(lambda n: f"C77{n:03}")
    number_key = factory.LazyAttribute(lambda lot: lot_key(lot.number))
    expires_on = date(2028, 1, 31)


class VialFactory(Factory):
    class Meta:
        model = Vial

    clinic = factory.SubFactory(ClinicFactory)
    lot = factory.SubFactory(LotFactory)
    presentation = factory.LazyAttribute(lambda vial: PresentationFactory(product=vial.lot.product))
    labelled_units = factory.LazyAttribute(lambda vial: vial.presentation.vial_units)
    received_on = date(2026, 2, 2)


class LotDecisionFactory(Factory):
    """Says that a lot was set aside; the lot itself is as it is given."""

    class Meta:
        model = LotDecision

    lot = factory.SubFactory(LotFactory, state="QUARANTINED")
    state = factory.LazyAttribute(lambda decision: decision.lot.state)
    reason = "the refrigerator stood open"
    clinic = factory.SubFactory(ClinicFactory)
    by = factory.SubFactory(UserFactory)
    at = NOW


class VialDiscardFactory(Factory):
    """A row that accounts for what the vial says is wasted: by default a vial that was thrown away whole."""

    class Meta:
        model = VialDiscard

    vial = factory.SubFactory(VialFactory, state="CLOSED", units_wasted=Decimal(100))
    units = factory.LazyAttribute(lambda discard: discard.vial.units_wasted)
    reason = "the vial fell"
    by = factory.SubFactory(UserFactory)
    at = NOW


class ProductCodeFactory(Factory):
    class Meta:
        model = ProductCode
        django_get_or_create = ("gtin",)

    gtin = "09501101530003"
    presentation = factory.SubFactory(PresentationFactory)


class SiteFactory(Factory):
    class Meta:
        model = Site
        django_get_or_create = ("code",)

    code = "ZYG_MAJ"
    muscle = factory.LazyAttribute(lambda site: "Zygomaticus major" if site.code == "ZYG_MAJ" else f"Muscle {site.code}")
    x = Decimal("28.50")
    y = Decimal("61.20")

    @factory.post_generation
    def indications(self, create, given, **kwargs):
        if create and given is not None:
            self.indications.set(given)
        elif create and not self.indications.exists():
            self.indications.add(IndicationFactory())


def free_site():
    """The catalogue's one row for points that it does not have."""
    site = SiteFactory(code=FREE_POINT, muscle="Free point", laterality="ANY", may_be_contralateral=True)
    site.indications.clear()
    return site


class SiteDoseFactory(Factory):
    class Meta:
        model = SiteDose
        django_get_or_create = ("site", "family", "indication")

    site = factory.SubFactory(SiteFactory)
    family = ProductFamily.ONA_INCO
    indication = None
    start_from = Decimal(1)
    start_until = Decimal("2.5")
    usual_maximum = Decimal(5)
    source = "A test"


class LabelRuleFactory(Factory):
    """By default: an interval floor of twelve weeks for hemifacial spasm in the EU."""

    class Meta:
        model = LabelRule

    code = factory.Sequence(lambda n: f"RULE-{n}")
    product = factory.SubFactory(ProductFactory)
    indication = factory.SubFactory(IndicationFactory)
    jurisdiction = "EU"
    scope = "INTERVAL"
    interval_value = 12
    interval_unit = "WEEK"
    wording = "Not more often than every 12 weeks"
    source = "A test"


class RuleVerificationFactory(Factory):
    class Meta:
        model = RuleVerification

    rule = factory.SubFactory(LabelRuleFactory)
    clinic = factory.SubFactory(ClinicFactory)
    by = factory.SubFactory(UserFactory)
    at = NOW
    note = "SmPC of March"


def own_rule(clinic, **said):
    """A rule of the clinic's own: by default twelve weeks for hemifacial spasm, from today on."""
    replaced = said.get("replaces")
    alike = {name: getattr(replaced, name) for name in ("product", "indication", "scope")} if replaced else {}
    return LabelRuleFactory(
        **{
            "clinic": clinic,
            "jurisdiction": clinic.jurisdiction,
            "valid_from": TODAY,
            "written_by": UserFactory(),
            "written_at": NOW,
            **alike,
            **said,
        }
    )


def own_site(clinic, **said):
    """A point of the clinic's own."""
    return SiteFactory(**{"clinic": clinic, "code": "OWN_MASS", "muscle": "Masseter", "source": "decided at the clinic", **said})
