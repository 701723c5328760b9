"""What happened to one patient, newest first, from every room, in one query.

A patient's history is a few hundred rows, so the database joins what the rooms know, sorts it and cuts the page. A door that
knows of more (the letters) hands its rows in, shaped alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from clinic.care import document_happenings, happenings
from clinic.care.happenings import Kind
from clinic.patients.models import Patient
from clinic.prepared import PreparedQuery

__all__ = ["ROWS", "Entry", "Kind", "Page", "timeline"]

ROWS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. What the codes mean depends on `kind` and `event`; see the sources in `happenings`."""

    kind: Kind
    event: str
    #: The day it happened, in the clinic's zone: what the timeline is sorted by.
    on: date
    #: When it was written down, where that is kept.
    at: datetime | None
    #: What it belongs to: the treatment, side effect, letter, follow-up, appointment or document. None for holds and consent.
    public_id: UUID | None
    state: str
    what: str
    about: str
    detail: str
    number: Decimal | None
    #: The time it is about, where that is not when it was written down: an appointment's.
    time: datetime | None
    who: str
    by_patient: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and whether older ones follow."""

    entries: list[Entry]
    has_more: bool


#: A room's rows about a patient, shaped alike: given the patient's primary key and the clinic's zone.
Source = Callable[[int, tzinfo], Iterable[QuerySet[Any, Any]]]


def timeline(
    *,
    patient: Patient,
    kinds: Collection[Kind] = tuple(Kind),
    with_reviews: bool = True,
    with_photographs: bool = True,
    letters: Source | None = None,
    skip: int = 0,
    rows: int = ROWS,
) -> Page:
    """Return what happened to `patient`, newest first, in one query whatever there is.

    `with_reviews` says whether the reader may see how side effects were judged, `with_photographs` whether they may know
    of photographs. `letters` gives rows made with `happenings.shaped`, from the room above. `skip` leaves out the newest.
    """
    sources: list[Source] = [source for kind, source in _SOURCES.items() if kind in kinds]
    if Kind.SIDE_EFFECT in kinds:
        sources.append(happenings.side_effects if with_reviews else happenings.reports)
    if Kind.DOCUMENT in kinds:
        sources.append(document_happenings.documents if with_photographs else document_happenings.papers)
    if Kind.LETTER in kinds and letters is not None:
        sources.append(letters)
    if not sources:
        return Page([], has_more=False)
    found = _prepared(tuple(sources), patient.clinic.zone).rows(patient.pk, skip=skip, most=rows + 1)
    return Page([_entry(row) for row in found[:rows]], has_more=len(found) > rows)


_SOURCES: dict[Kind, Source] = {
    Kind.TREATMENT: happenings.treatments,
    Kind.CONTACT: happenings.contacts,
    Kind.APPOINTMENT: happenings.appointments,
    Kind.HOLD: happenings.holds,
    Kind.CONSENT: happenings.consents,
}


@lru_cache(maxsize=256)
def _prepared(sources: tuple[Source, ...], zone: tzinfo) -> PreparedQuery:
    def make(patient_id: int) -> QuerySet[Any, Any]:
        first, *others = (part for source in sources for part in source(patient_id, zone))
        found = first.union(*others, all=True) if others else first
        return found.order_by("-row_on", F("row_at").desc(nulls_last=True), "row_kind", "row_event", "row_id")

    return PreparedQuery(make)


def _entry(row: Sequence[Any]) -> Entry:
    kind, event, on, at, public_id, state, what, about, detail, number, time, who, by_patient = row
    return Entry(Kind(kind), event, on, at, public_id, state, what, about, detail, number, time, who, bool(by_patient))
