"""The follow-up list as a spreadsheet: every line with the words that the list shows, and its dates as dates."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date, datetime

from django.http import HttpResponse
from django.utils.translation import gettext as _

from clinic.care.worklist import Entry
from clinic.practice.models import Clinic
from clinic.staff.follow_up_lines import STAGE_WORDS, Reader, line
from clinic.staff.next_letters import letters_beside
from clinic.staff.spreadsheet import spreadsheet

#: Lines in one file; who wants more narrows the list. Keeps the request, and what leaves the house at once, bounded.
MOST_LINES = 10_000
_AT_ONCE = 500


def exported(
    entries: Sequence[Entry],
    *,
    as_of: date,
    readers: Mapping[int, Reader],
    clinics: Sequence[Clinic],
    at: datetime,
    newest_change: Hashable,
) -> HttpResponse:
    """These entries as a file, in their order. Eight queries for each 500 of them, for the letters."""
    head = (
        _("Patient"), _("Record number"), _("Clinic"), _("For"), _("Treatment"), _("Treated on"), _("Opens"), _("Closes"),
        _("Suggested from"), _("Suggested until"), _("Stage"), _("In words"), _("Note"), _("Visit"), _("Next letter"),
        _("Why"), _("Contact"), _("Last contact"), _("Worked on by"),
    )  # fmt: skip
    names = {clinic.pk: clinic.name for clinic in clinics}

    def rows() -> Iterator[Sequence[object]]:
        for start in range(0, len(entries), _AT_ONCE):
            some = entries[start : start + _AT_ONCE]
            letters = letters_beside(some, at=at, newest_change=newest_change)
            for entry in some:
                reader = readers[entry.clinic_id]
                written = line(entry, letters[entry.public_id], reader)
                visit = entry.appointment_at.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M") if entry.appointment_at else ""
                yield (
                    written.name, entry.record_number, names[entry.clinic_id], written.indication, written.treatment,
                    entry.treated_on, entry.opens_on, entry.closes_on, entry.own_on or entry.suggested_from or "",
                    entry.own_on or entry.suggested_until or "", STAGE_WORDS[entry.stage(as_of)](), written.stage_words,
                    written.stage_note, visit, written.next_words, written.next_reason, written.contacts, written.last_contact,
                    entry.worked_on_by or "",
                )  # fmt: skip

    return spreadsheet(f"follow-ups-{as_of:%Y-%m-%d}", head, rows())
