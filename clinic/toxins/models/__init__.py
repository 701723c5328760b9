"""Indications, products and their label rules, muscles and points, lots and vials."""

from clinic.toxins.models.catalogue import FromCatalogue, Indication, Presentation, Product, ProductFamily
from clinic.toxins.models.rules import IntervalUnit, LabelRule, RuleScope, RuleVerification
from clinic.toxins.models.sites import FREE_POINT, OWN_POINT, Laterality, Site, SiteDose
from clinic.toxins.models.stock import Lot, LotDecision, LotState, ProductCode, Vial, VialDiscard, VialState

__all__ = [
    "FREE_POINT",
    "OWN_POINT",
    "FromCatalogue",
    "Indication",
    "IntervalUnit",
    "LabelRule",
    "Laterality",
    "Lot",
    "LotDecision",
    "LotState",
    "Presentation",
    "Product",
    "ProductCode",
    "ProductFamily",
    "RuleScope",
    "RuleVerification",
    "Site",
    "SiteDose",
    "Vial",
    "VialDiscard",
    "VialState",
]
