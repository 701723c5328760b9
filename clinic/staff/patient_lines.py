"""The list of patients as people read it: every line read in two queries and laid out once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from clinic.patients.models import Condition, Patient, PatientStatus, Side
from clinic.patients.querysets import PatientQuerySet
from clinic.scheduling.models import COMING_STATES, Appointment

_COLUMNS = ("id", "public_id", "given_name", "family_name", "born_on", "record_number", "phone", "status")


@dataclass(frozen=True, slots=True)
class Line:
    """One patient in words. `clinic` is empty where all lines are of one."""

    public_id: UUID
    name: str
    born_on: date
    record_number: str
    conditions: tuple[str, ...]
    phone: str
    next_visit: str
    clinic: str
    status: str
    status_words: str


def facts_of(patients: PatientQuerySet, *, now: datetime) -> QuerySet[Patient, Any]:
    """What the lines of these patients say, still to be ordered and cut; no model instances stand behind it."""
    coming = Appointment.objects.filter(patient=OuterRef("pk"), state__in=COMING_STATES, starts_at__gte=now)
    found: QuerySet[Patient, Any] = patients.annotate(
        next_visit_at=Subquery(coming.order_by("starts_at").values("starts_at")[:1]),
        clinic_name=F("clinic__name"),
        time_zone=F("clinic__time_zone"),
    ).values_list(*_COLUMNS, "next_visit_at", "clinic_name", "time_zone", named=True)
    return found


def lines_of(rows: Iterable[Any]) -> list[Line]:
    """Put rows from `facts_of` into words. One query, for what the patients are treated for."""
    rows = list(rows)
    conditions: dict[int, list[str]] = defaultdict(list)
    found = Condition.objects.filter(patient__in=[row.id for row in rows]).order_by("pk")
    for patient, indication, side in found.values_list("patient_id", "indication__name", "side"):
        conditions[patient].append(indication if side == Side.NONE else f"{indication}, {Side(side).label}")
    shows_clinic = len({row.clinic_name for row in rows}) > 1
    return [
        Line(
            public_id=row.public_id,
            name=f"{row.family_name}, {row.given_name}",
            born_on=row.born_on,
            record_number=row.record_number,
            conditions=tuple(conditions.get(row.id, ())),
            phone=row.phone,
            next_visit=_when(row.next_visit_at, row.time_zone),
            clinic=row.clinic_name if shows_clinic else "",
            status=row.status,
            status_words=str(PatientStatus(row.status).label),
        )
        for row in rows
    ]


@lru_cache(maxsize=2000)
def laid_out(line: Line, language: str | None) -> SafeString:
    """The table row of a line. The same line gives the same row, so it is laid out only once in each language."""
    return render_to_string("staff/patient-line.html", {"line": line})


def _when(moment: datetime | None, time_zone: str) -> str:
    return date_format(moment.astimezone(ZoneInfo(time_zone)), "j M Y, H:i") if moment else ""
