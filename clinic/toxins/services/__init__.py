"""What changes in the catalogue and the stock, and what others ask of them."""

from clinic.toxins.services.catalogue import CatalogueReport, load_catalogue
from clinic.toxins.services.correcting import Taken, correct_taken
from clinic.toxins.services.label_rules import interval_floors, verify_rule
from clinic.toxins.services.stock import VialRefused, draw, receive_vials, reconstitute, usable_vials

__all__ = [
    "CatalogueReport",
    "Taken",
    "VialRefused",
    "correct_taken",
    "draw",
    "interval_floors",
    "load_catalogue",
    "receive_vials",
    "reconstitute",
    "usable_vials",
    "verify_rule",
]
