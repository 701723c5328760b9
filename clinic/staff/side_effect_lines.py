"""The log of side effects as people read it: every line read in two queries and laid out once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.safety.models import Outcome, Severity, SideEffect, SideEffectState, Urgency
from clinic.safety.querysets import SideEffectQuerySet
from clinic.staff.names import Kind, Names
from clinic.treatments.models import VialUse

#: Where each fact of a line is found. What is not named here is a column of the side effect.
_SOURCES = {
    "given_name": "patient__given_name",
    "family_name": "patient__family_name",
    "record_number": "patient__record_number",
    "patient_public_id": "patient__public_id",
    "term": "current_version__term__plain_name",
    "urgency": "current_version__term__urgency",
    "onset_on": "current_version__onset_on",
    "severity": "current_version__severity",
    "serious_criteria": "current_version__serious_criteria",
    "outcome": "current_version__outcome",
    "treated_on": "session__performed_on",
    "product_id": "session__product_id",
    "practitioner_id": "session__practitioner_id",
    "session_version_id": "session__current_version_id",
    "reporter": "reported_by__name",
}
_COLUMNS = ("id", "public_id", "state", "reported_at", "reported_by_patient", *_SOURCES)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, in words."""

    public_id: UUID
    term: str
    urgency: str
    urgency_words: str
    patient: str
    patient_public_id: UUID
    record_number: str
    onset_on: date | None
    treated_on: date | None
    product: str
    lots: str
    practitioner: str
    severity: str
    is_serious: bool
    outcome: str
    reported_on: date
    reporter: str
    state: str
    state_words: str


def facts_of(side_effects: SideEffectQuerySet) -> QuerySet[SideEffect, Any]:
    """What the lines of these side effects say, still to be ordered and cut; no model instances stand behind it."""
    computed = {name: F(source) for name, source in _SOURCES.items()}
    found: QuerySet[SideEffect, Any] = side_effects.annotate(**computed).values_list(*_COLUMNS, named=True)
    return found


def lines_of(rows: Iterable[Any], *, zone: ZoneInfo, names: Names) -> list[Line]:
    """Put rows from `facts_of` into words; days are those of `zone`. One query, for the lots."""
    rows = list(rows)
    words = _words(get_language())
    lots: dict[int, list[str]] = defaultdict(list)
    versions = [row.session_version_id for row in rows if row.session_version_id]
    uses = VialUse.objects.filter(version__in=versions).order_by("pk")
    for version, number in uses.values_list("version_id", "vial__lot__number"):
        lots[version].append(number)
    return [
        Line(
            public_id=row.public_id,
            term=row.term,
            urgency="" if row.urgency == Urgency.GREEN else row.urgency,
            urgency_words=words[Urgency, row.urgency],
            patient=f"{row.given_name} {row.family_name}",
            patient_public_id=row.patient_public_id,
            record_number=row.record_number,
            onset_on=row.onset_on,
            treated_on=row.treated_on,
            product=names.of(Kind.PRODUCT, row.product_id),
            lots=", ".join(lots.get(row.session_version_id, ())),
            practitioner=names.of(Kind.PRACTITIONER, row.practitioner_id),
            severity=words[Severity, row.severity],
            is_serious=bool(row.serious_criteria),
            outcome=words[Outcome, row.outcome],
            reported_on=row.reported_at.astimezone(zone).date(),
            reporter=_("by the patient") if row.reported_by_patient else row.reporter,
            state=row.state,
            state_words=words[SideEffectState, row.state],
        )
        for row in rows
    ]


@lru_cache(maxsize=8)
def _words(language: str | None) -> dict[tuple[Any, Any], str]:
    """What each choice is called in the language that is spoken now: looked up once, not for every line."""
    return {(kind, value): str(word) for kind in (Urgency, Severity, Outcome, SideEffectState) for value, word in kind.choices}


@lru_cache(maxsize=2000)
def laid_out(line: Line, language: str | None) -> SafeString:
    """The table row of a line. The same line gives the same row, so it is laid out only once in each language."""
    return render_to_string("staff/side-effect-line.html", {"line": line})
