"""How each of some treatments went, as far as it is on record: until when it worked, and which side effects were reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import F

from clinic.safety.models import SideEffect
from clinic.treatments.models import FollowUp, InjectionSession


@dataclass(frozen=True, slots=True)
class Unwanted:
    """One side effect reported after a treatment, as it is known now. Severity and outcome as in `safety.models`."""

    public_id: UUID
    term: str
    onset_on: date | None
    severity: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Course:
    """What is on record of one treatment's effect. A date is None where nobody has said so."""

    last_seen_working_on: date | None = None
    first_seen_worn_off_on: date | None = None
    worn_off_on: date | None = None
    side_effects: tuple[Unwanted, ...] = ()


def courses_of(sessions: Iterable[InjectionSession]) -> dict[int, Course]:
    """The course of each treatment, by its primary key. Two queries, however many there are; side effects by when they began."""
    keys = [session.pk for session in sessions]
    unwanted: dict[int, list[Unwanted]] = {key: [] for key in keys}
    reported = (
        SideEffect.objects.filter(session__in=keys)
        .select_related("current_version__term")
        .order_by(F("current_version__onset_on").asc(nulls_last=True), "reported_at", "pk")
    )
    for one in reported:
        said = one.facts
        if one.session_id is not None:
            unwanted[one.session_id].append(
                Unwanted(one.public_id, said.term.plain_name, said.onset_on, said.severity, said.outcome)
            )
    follow_ups = {one.session_id: one for one in FollowUp.objects.filter(session__in=keys)}
    return {key: _course(follow_ups.get(key), unwanted[key]) for key in keys}


def _course(follow_up: FollowUp | None, unwanted: Iterable[Unwanted]) -> Course:
    if follow_up is None:
        return Course(side_effects=tuple(unwanted))
    return Course(
        last_seen_working_on=follow_up.last_seen_working_on,
        first_seen_worn_off_on=follow_up.first_seen_worn_off_on,
        worn_off_on=follow_up.worn_off_on,
        side_effects=tuple(unwanted),
    )
