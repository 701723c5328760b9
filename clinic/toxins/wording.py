"""The sentence for each fault of a code on a box, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.toxins.gs1 import EXPIRY, GTIN, LOT, SERIAL, Fault, Unreadable

_ELEMENTS = {GTIN: _("product number (01)"), EXPIRY: _("expiry (17)"), LOT: _("lot (10)"), SERIAL: _("serial number (21)")}

_SENTENCES = {
    Fault.EMPTY: _("There is no code to read."),
    Fault.TOO_LONG: _("This is longer than the code of a box: at most %(most)s characters. Clear the field and scan once."),
    Fault.NOT_GS1: _("This is not the GS1 code of a box. Scan the square code, or type it as (01)…(17)…(10)…."),
    Fault.UNKNOWN_ELEMENT: _(
        "The code holds an element “%(ai)s” that is not known here: only 01, 17, 10 and 21 are read. "
        "Type product, lot and expiry by hand."
    ),
    Fault.TWICE: _("The %(element)s stands twice in this code. Clear the field and scan once."),
    Fault.CUT_SHORT: _("The %(element)s has not its %(digits)s digits: the code is cut short or damaged."),
    Fault.NOT_DIGITS: _("The %(element)s is not made of %(digits)s digits: the code is damaged."),
    Fault.WRONG_CHECK_DIGIT: _("The last digit of the product number %(gtin)s does not fit the others: a digit is wrong."),
    Fault.NO_SUCH_DAY: _("There is no day “%(day)s” (year, month, day): the expiry is damaged."),
    Fault.NO_VALUE: _("The %(element)s is empty."),
    Fault.VALUE_TOO_LONG: _("The %(element)s has more than %(most)s characters: a separator is missing, or the code is damaged."),
    Fault.WRONG_CHARACTER: _("The %(element)s holds a character that cannot be in it: the code is damaged."),
    Fault.SEPARATOR_MISSING: _(
        "The separator after the %(element)s is missing, so that the code can be read in more than one way. Nothing is guessed. "
        "Have the scanner send it (FNC1 as ASCII 29), or type the code as (01)…(17)…(10)…(21)…."
    ),
}


def code_sentence(unreadable: Unreadable) -> str:
    """The fault as a sentence for the person who scanned."""
    facts = {name: str(value) for name, value in unreadable.facts.items()}
    element = _ELEMENTS.get(facts.get("ai", ""), "")
    return str(_SENTENCES[unreadable.fault]) % {**facts, "element": str(element)}
