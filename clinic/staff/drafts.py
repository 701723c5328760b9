"""The draft of a treatment as the record page shows it: its revision, who wrote in it, and what they wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.urls import reverse

from clinic.patients.models import Condition, Patient
from clinic.staff.forms.points import Row, posted_rows
from clinic.toxins.models import Site
from clinic.treatments.models import InjectionSession, PointSide, TreatmentDraft
from clinic.treatments.services import DraftConflict, typed_in

if TYPE_CHECKING:
    from clinic.accounts import User
    from clinic.staff.recording import Desk

REVISION = "draft_revision"
#: What a form sends that nobody typed.
NOT_TYPED = frozenset({"csrfmiddlewaretoken", REVISION, "preview", "add_rows", "sign"})


@dataclass(frozen=True, slots=True)
class ToldDraft:
    """What a draft says, for somebody who has not written it."""

    by: User
    at: datetime
    revision: int
    #: (point, side, units) as typed.
    points: list[tuple[str, str, str]]
    performed_on: str
    notes: str
    #: Why a record is amended; empty for a treatment.
    reason: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else was quicker: what they wrote (None: they signed or discarded the draft), and how to go on."""

    theirs: ToldDraft | None
    page: str


@dataclass(frozen=True, slots=True)
class DraftState:
    """Where the page keeps its draft, and on top of which revision."""

    url: str
    page: str
    revision: int
    conflict: Conflict | None


def offered(draft: TreatmentDraft, patient: Patient, place: DraftPlace) -> dict[str, object]:
    """What the page needs that asks whether to go on with a draft."""
    return {"patient": patient, "condition": draft.condition, "draft": told_draft(draft, patient.clinic.zone), "place": place}


def posted_revision(posted: Mapping[str, str]) -> int | None:
    """The revision that the form was filled in on top of; None where it names none."""
    text = posted.get(REVISION, "")
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def posted_from(draft: TreatmentDraft) -> QueryDict:
    """The draft as if its form had just been sent."""
    posted = QueryDict(mutable=True)
    for name, values in typed_in(draft).items():
        posted.setlist(name, values)
    return posted


def told_draft(draft: TreatmentDraft, zone: ZoneInfo, sites: Mapping[str, Site] | None = None) -> ToldDraft:
    """The draft in words. Without `sites` the points are only to be counted."""
    typed = posted_from(draft)
    return ToldDraft(
        by=draft.by,
        at=draft.updated_at,
        revision=draft.revision,
        points=[_point(row, sites or {}) for row in posted_rows(typed)],
        performed_on=typed.get("performed_on", ""),
        notes=typed.get("notes", ""),
        reason=typed.get("reason", ""),
        zone=zone,
    )


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """Where a draft is kept, the page on which one goes on with it, and where it is discarded."""

    url: str
    page: str
    discard: str


def draft_state(
    place: DraftPlace, desk: Desk, typed: Mapping[str, str], revision: int | None, conflict: DraftConflict | None = None
) -> DraftState:
    """What the page needs to keep its draft, on top of `revision` or else of the one that the form names.

    After a conflict its next try stands on top of what the other wrote.
    """
    revision = posted_revision(typed) or 0 if revision is None else revision
    told = conflict_of(conflict.draft, desk, place) if conflict else None
    if told is not None:
        revision = told.theirs.revision if told.theirs else 0
    return DraftState(place.url, place.page, revision, told)


def conflict_of(draft: TreatmentDraft | None, desk: Desk, place: DraftPlace) -> Conflict:
    """What somebody else wrote in the meantime, in words."""
    theirs = told_draft(draft, desk.patient.clinic.zone, desk.sites) if draft else None
    return Conflict(theirs, place.page)


def place_of(patient: Patient, condition: Condition) -> DraftPlace:
    """Where the draft of the condition's next treatment is."""
    query = {"condition": condition.public_id}
    return DraftPlace(
        f"{reverse('staff:treatment-draft', args=[patient.public_id])}?{urlencode(query)}",
        f"{reverse('staff:treatment-record', args=[patient.public_id])}?{urlencode(query | {'draft': '1'})}",
        f"{reverse('staff:treatment-draft-discard', args=[patient.public_id])}?{urlencode(query)}",
    )


def place_of_amendment(session: InjectionSession) -> DraftPlace:
    """Where the draft of the treatment's amendment is."""
    return DraftPlace(
        reverse("staff:amendment-draft", args=[session.public_id]),
        f"{reverse('staff:treatment-amend', args=[session.public_id])}?draft=1",
        reverse("staff:amendment-draft-discard", args=[session.public_id]),
    )


def _point(row: Row, sites: Mapping[str, Site]) -> tuple[str, str, str]:
    side = str(PointSide(row.side).label) if row.side in PointSide.values else ""
    return str(sites.get(row.site, row.site)), side, row.units.strip()
