"""The sentence for each finding of `dosing`, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.treatments.dosing import Code, Finding
from clinic.treatments.models import PointSide

_SENTENCES = {
    Code.NO_POINTS: _("Enter at least one point."),
    Code.UNITS_NOT_POSITIVE: _("Units must be more than zero."),
    Code.UNITS_TOO_FINE: _("Units have at most two decimals."),
    Code.UNITS_TOO_MANY: _("No vial holds that much: at most %(most)s U."),
    Code.UNITS_NOT_IN_VIAL: _("More than the %(left)s U left in this vial."),
    Code.TOTAL_NOT_IN_VIAL: _("This treatment needs %(needed)s U, but the vial has %(left)s U left."),
    Code.SITE_NOT_HERE: _("Choose a point of this clinic or of the catalogue."),
    Code.SITE_NOT_SELECTABLE: _("%(site)s is never injected: choose another point."),
    Code.SIDE_MUST_BE_MIDLINE: _("%(site)s lies in the midline."),
    Code.SIDE_NEEDED: _("Say whether %(site)s was on the patient's right or left."),
    Code.SIDE_NOT_OF_CONDITION: _("The condition is on the patient's %(side)s; %(site)s is not a point given on the other side."),
    Code.NOTHING_ON_SIDE_OF_CONDITION: _(
        "The condition is on the patient's %(side)s, but no point is on that side. Check the sides."
    ),
    Code.OFF_THE_PICTURE: _("The place of %(site)s is not on the picture."),
    Code.FREE_POINT_NAMELESS: _("Name the point."),
    Code.FREE_POINT_NAME_TOO_LONG: _("A name has at most %(most)s characters."),
    Code.FREE_POINT_NAME_UNPRINTABLE: _("The name has characters that cannot be printed."),
    Code.FREE_POINT_NOT_PLACED: _("Say where on the picture the point was."),
    Code.SIDE_NOT_IN_VIEW: _("This picture shows the patient's %(side)s only."),
    Code.POINT_TWICE: _("%(site)s, %(side)s, stands twice. Remove one, or confirm that these are separate points."),
    Code.DATE_IN_FUTURE: _("A treatment cannot be in the future: today is %(today)s."),
    Code.DATE_BEFORE_BIRTH: _("This is before the patient was born on %(born_on)s."),
    Code.OWN_DATE_NOT_AFTER: _("The next date must be after the treatment on %(performed_on)s."),
    Code.OWN_DATE_TOO_FAR: _("The next date is more than two years after the treatment on %(performed_on)s."),
    Code.PRACTITIONER_NOT_HERE: _("Choose someone who treats patients at this clinic."),
    Code.CONDITION_NOT_OF_PATIENT: _("Choose a condition of this patient."),
    Code.APPOINTMENT_NOT_OF_PATIENT: _("This is not a visit of this patient."),
    Code.APPOINTMENT_ON_ANOTHER_DAY: _("The visit is on %(visit_on)s, not on the day of the treatment."),
    Code.VIAL_NEEDED: _("Choose the vial that was used."),
    Code.VIAL_TWICE: _("The same vial stands twice."),
    Code.VIAL_NOT_HERE: _("Choose a vial of this clinic."),
    Code.VIAL_OF_OTHER_PRODUCT: _("This vial holds another product. Units are never carried over between products."),
    Code.VIAL_CLOSED: _("This vial of lot %(lot)s is used up or discarded."),
    Code.VIAL_RECEIVED_LATER: _("This vial was only received on %(received_on)s, after the treatment."),
    Code.VIAL_MADE_UP_LATER: _("This vial was only made up on %(made_up_at)s, after the treatment."),
    Code.VIAL_TOO_OLD: _("This vial was to be used by %(use_by_at)s."),
    Code.LOT_NOT_IN_USE: _("Lot %(lot)s may not be used."),
    Code.LOT_EXPIRED: _("Lot %(lot)s expired: its last day was %(expires_on)s."),
    Code.DRAWN_NOT_WHAT_WAS_GIVEN: _("The points add up to %(given)s U, but %(drawn)s U were drawn for them."),
    Code.WASTE_NOT_IN_ORDER: _("Say why units were discarded."),
    Code.WASTE_TWICE: _("Either so many units were discarded, or all that was left: not both."),
    Code.WASTE_WITHOUT_UNITS: _("Say how many units were discarded."),
    Code.SHARE_NOT_IN_VIAL: _("%(needed)s U would come from this vial, but it has %(left)s U left."),
    Code.VIAL_NOT_NEEDED: _("Nothing would come from this vial: the ones before it hold enough. Leave it out."),
    Code.VIAL_OF_OTHER_PATIENT: _(
        "The vial of lot %(lot)s has been used for another patient. Confirm that it was used for this one too, or choose another."
    ),
}

FORM_OUT_OF_DATE = _("This form is out of date. Open it again from the patient's page; nothing was written.")


def sentence(finding: Finding) -> str:
    """The finding as a sentence for the person who filled in the form."""
    return str(_SENTENCES[finding.code]) % in_words(finding.facts)


def in_words(facts: Mapping[str, object]) -> dict[str, str]:
    """Facts as people read them: dates and times in the reader's format, sides in words, units without empty decimals."""
    return {name: _in_words(name, value) for name, value in facts.items()}


def _in_words(name: str, value: object) -> str:
    if name == "side":
        return str(PointSide(str(value)).label)
    for kind, words in _KINDS:
        if isinstance(value, kind):
            return words(value)
    return str(value)


def _decimal(value: Decimal) -> str:
    """2.50 as 2.5, 100.00 as 100."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# A datetime is a date too, so it is asked for first.
_KINDS: tuple[tuple[type, Callable[..., str]], ...] = (
    (datetime, lambda at: date_format(at, "j M Y, H:i")),
    (date, lambda day: date_format(day, "j M Y")),
    (Decimal, _decimal),
)
