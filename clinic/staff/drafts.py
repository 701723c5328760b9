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
from clinic.treatments.models import PointSide, TreatmentDraft
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
        zone=zone,
    )


def draft_state(desk: Desk, revision: int, conflict: DraftConflict | None = None) -> DraftState:
    """What the page needs to keep its draft; after a conflict its next try stands on top of what the other wrote."""
    told = conflict_of(conflict.draft, desk) if conflict else None
    if told is not None:
        revision = told.theirs.revision if told.theirs else 0
    return DraftState(draft_url(desk.patient, desk.condition), record_url(desk.patient, desk.condition), revision, told)


def conflict_of(draft: TreatmentDraft | None, desk: Desk) -> Conflict:
    """What somebody else wrote in the meantime, in words."""
    theirs = told_draft(draft, desk.patient.clinic.zone, desk.sites) if draft else None
    return Conflict(theirs, record_url(desk.patient, desk.condition))


def draft_url(patient: Patient, condition: Condition) -> str:
    """Where the draft is kept."""
    return f"{reverse('staff:treatment-draft', args=[patient.public_id])}?{urlencode({'condition': condition.public_id})}"


def record_url(patient: Patient, condition: Condition) -> str:
    """Where one goes on with the draft."""
    query = urlencode({"condition": condition.public_id, "draft": "1"})
    return f"{reverse('staff:treatment-record', args=[patient.public_id])}?{query}"


def _point(row: Row, sites: Mapping[str, Site]) -> tuple[str, str, str]:
    side = str(PointSide(row.side).label) if row.side in PointSide.values else ""
    return str(sites.get(row.site, row.site)), side, row.units.strip()
