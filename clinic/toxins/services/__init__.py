"""What changes in the catalogue and the stock, and what others ask of them."""

from clinic.toxins.services.catalogue import CatalogueReport, load_catalogue
from clinic.toxins.services.label_rules import limits_of, verify_rule
from clinic.toxins.services.stock import VialRefused, draw, receive_vials, reconstitute, usable_vials

__all__ = [
    "CatalogueReport",
    "VialRefused",
    "draw",
    "limits_of",
    "load_catalogue",
    "receive_vials",
    "reconstitute",
    "usable_vials",
    "verify_rule",
]
