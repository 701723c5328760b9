"""What changes in the catalogue and the stock, and what others ask of them."""

from clinic.toxins.services.catalogue import CatalogueReport, load_catalogue
from clinic.toxins.services.correcting import Taken, correct_taken
from clinic.toxins.services.discards import discard
from clinic.toxins.services.doses import doses_at, usual_doses
from clinic.toxins.services.label_rules import in_force, limits_of, verify_rule
from clinic.toxins.services.lots import MAY_BECOME, decide_lot
from clinic.toxins.services.on_hand import OnHand, on_hand
from clinic.toxins.services.own_rules import RuleText, add_rule, end_rule, muscles, replace_rule
from clinic.toxins.services.product_codes import known_presentation
from clinic.toxins.services.refusals import RuleProblem, RuleRefused, VialRefused
from clinic.toxins.services.stock import draw_locked, receive_vials, reconstitute, usable_vials

__all__ = [
    "MAY_BECOME",
    "CatalogueReport",
    "OnHand",
    "RuleProblem",
    "RuleRefused",
    "RuleText",
    "Taken",
    "VialRefused",
    "add_rule",
    "correct_taken",
    "decide_lot",
    "discard",
    "doses_at",
    "draw_locked",
    "end_rule",
    "in_force",
    "known_presentation",
    "limits_of",
    "load_catalogue",
    "muscles",
    "on_hand",
    "receive_vials",
    "reconstitute",
    "replace_rule",
    "usable_vials",
    "usual_doses",
    "verify_rule",
]
