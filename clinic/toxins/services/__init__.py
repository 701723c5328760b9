"""What changes in the catalogue and the stock, and what others ask of them."""

from clinic.toxins.services.catalogue import CatalogueReport, load_catalogue
from clinic.toxins.services.label_rules import interval_floors, verify_rule
from clinic.toxins.services.stock import VialRefused, draw, receive_vials, reconstitute, usable_vials

__all__ = [
    "CatalogueReport",
    "VialRefused",
    "draw",
    "interval_floors",
    "load_catalogue",
    "receive_vials",
    "reconstitute",
    "usable_vials",
    "verify_rule",
]
