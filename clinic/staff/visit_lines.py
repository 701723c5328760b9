"""Visits as lists tell of them: when, who, for what, with whom, and what can be said of them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from clinic.patients.models import Side
from clinic.practice.models import Membership
from clinic.practice.roles import Permission
from clinic.scheduling.models import COMING_STATES, Appointment, AppointmentState


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit in a list. Times are those of its clinic."""

    public_id: UUID
    starts_at: datetime
    clinic: str
    patient: str
    patient_url: str
    about: str
    reason: str
    side: str
    practitioner: str
    is_own: bool
    state: str
    state_words: str
    may_arrive: bool
    may_miss: bool
    #: Where the treatment is recorded, for who may and while none is.
    record_url: str


def with_facts(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Each with what its line says, in the same query."""
    return visits.select_related("patient", "practitioner", "kind", "follow_up__condition__indication")


def visit_lines(
    visits: Iterable[Appointment], *, memberships: Iterable[Membership], user_id: int, now: datetime
) -> list[VisitLine]:
    """Put visits from `with_facts` into words, for a person with these memberships. No query."""
    here: Mapping[int, Membership] = {one.clinic_id: one for one in memberships}
    return [_line(one, here[one.patient.clinic_id], user_id, now) for one in visits]


def _line(visit: Appointment, membership: Membership, user_id: int, now: datetime) -> VisitLine:
    zone = membership.clinic.zone
    condition = visit.follow_up.condition if visit.follow_up else None
    books, is_coming = membership.may(Permission.BOOK), visit.state in COMING_STATES
    has_day_come = visit.starts_at.astimezone(zone).date() <= now.astimezone(zone).date()
    record_url = ""
    if is_coming and has_day_come and membership.may(Permission.RECORD_TREATMENTS):
        record_url = reverse("staff:treatment-record", args=[visit.patient.public_id])
        if condition is not None:
            record_url += f"?{urlencode({'condition': condition.public_id})}"
    return VisitLine(
        public_id=visit.public_id,
        starts_at=visit.starts_at.astimezone(zone),
        clinic=membership.clinic.name,
        patient=str(visit.patient),
        patient_url=reverse("staff:patient-show", args=[visit.patient.public_id]),
        about=visit.patient.record_number,
        reason=condition.indication.name if condition else visit.kind.name,
        side="" if condition is None or condition.side == Side.NONE else str(Side(condition.side).label),
        practitioner=visit.practitioner.name,
        is_own=visit.practitioner.user_id == user_id,
        state=visit.state,
        state_words=str(AppointmentState(visit.state).label),
        may_arrive=books and has_day_come and visit.state in (AppointmentState.BOOKED, AppointmentState.MISSED),
        may_miss=books and is_coming and visit.starts_at <= now,
        record_url=record_url,
    )
