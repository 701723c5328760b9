"""Reporting, amending and reviewing a side effect, and who may see which. Callers import from here."""

from clinic.safety.services.records import LONGEST_NARRATIVE, visible_to
from clinic.safety.services.reports import amend, report
from clinic.safety.services.reviews import LONGEST_NOTE, acknowledge, review

__all__ = ["LONGEST_NARRATIVE", "LONGEST_NOTE", "acknowledge", "amend", "report", "review", "visible_to"]
