"""Consent to treatment in words: on the pages of a treatment and on its printed record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.patients.services import TreatmentConsent


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """What stood, in a line and with what is known of it. Not `stands`: there is none, or it was withdrawn."""

    text: str
    details: str = ""
    stands: bool = False


def consent_words(consent: TreatmentConsent | None) -> ConsentWords:
    """ "version 2, signed 3 May 2026", "given 3 May 2026, by phone", "withdrawn on 3 May 2026" or "none on record"."""
    if consent is None:
        return ConsentWords(_("none on record"))
    facts = {"day": _day(consent.on), "how": consent.how, "version": consent.version}
    if not consent.is_given:
        return ConsentWords(_("withdrawn on %(day)s, %(how)s") % facts)
    if not consent.version:
        details = _("The version of the leaflet is not on record.")
        return ConsentWords(_("given %(day)s, %(how)s") % facts, details, stands=True)
    details = _("taken by %(name)s") % {"name": consent.taken_by}
    if consent.noted_on != consent.on:
        details = _("%(taken_by)s; written down on %(day)s") % {"taken_by": details, "day": _day(consent.noted_on)}
    return ConsentWords(_("version %(version)s, signed %(day)s") % facts, details, stands=True)


def _day(day: date) -> str:
    return date_format(day, "j M Y")
