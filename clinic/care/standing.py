"""How things stand with one patient now: what they agree to, what holds them, what staff must do, what is being reviewed, and
what they were given elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.expressions import Combinable

from clinic.care.unions import no_text, nothing, shaped, together
from clinic.patients.models import Consent, Hold, StaffTask
from clinic.prepared import PreparedQuery
from clinic.safety.models import SideEffect, SideEffectState
from clinic.treatments.models import GivenElsewhere


@dataclass(frozen=True, slots=True)
class Agreement:
    """The newest word on one purpose."""

    purpose: str
    is_given: bool
    since: datetime
    how: str
    #: The leaflet that was signed with it, and on which day; of a consent to treatment alone.
    leaflet: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class StandingHold:
    """A hold that nobody has ended."""

    public_id: UUID
    reason: str
    note: str
    from_on: date
    review_on: date
    owner: str


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Something nobody has done yet."""

    public_id: UUID
    kind: str
    note: str
    due_on: date


@dataclass(frozen=True, slots=True)
class OpenSideEffect:
    """A side effect that is not reviewed to its end."""

    public_id: UUID
    term: str
    urgency: str
    state: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Toxin that the patient had at another place, in units of the product. One that is void does not count."""

    public_id: UUID
    product: str
    units: Decimal
    given_on: date
    place: str
    is_void: bool
    void_reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that stands. Consents by purpose; what was given elsewhere newest first; the others oldest first, as they
    should be looked at."""

    consents: dict[str, Agreement] = field(default_factory=dict)
    holds: list[StandingHold] = field(default_factory=list)
    tasks: list[OpenTask] = field(default_factory=list)
    side_effects: list[OpenSideEffect] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)


def standing_of(patient_id: int) -> Standing:
    """Return how things stand with the patient with this primary key. One query, whatever there is."""
    found = Standing()
    for kind, public_id, code, text, who, first_on, last_on, at, flag, units, _order in _STANDING.rows(patient_id):
        if kind == "CONSENT":
            # The rows come in the order in which they were written: the newest of a purpose is the last.
            found.consents[code] = Agreement(code, bool(flag), at, text, who or "", first_on)
        elif kind == "HOLD":
            found.holds.append(StandingHold(public_id, code, text, first_on, last_on, who))
        elif kind == "TASK":
            found.tasks.append(OpenTask(public_id, code, text, last_on))
        elif kind == "ELSEWHERE":
            found.elsewhere.insert(0, Elsewhere(public_id, code, units, last_on, text, bool(flag), who))
        else:
            found.side_effects.append(OpenSideEffect(public_id, text, who, code))
    return found


def _columns() -> dict[str, Combinable]:
    return {
        "public_id": nothing(UUIDField()),
        "code": no_text(),
        "text": no_text(),
        "who": no_text(),
        "first_on": nothing(DateField()),
        "last_on": nothing(DateField()),
        "at": nothing(DateTimeField()),
        "flag": Value(False, BooleanField()),
        "units": nothing(DecimalField(max_digits=8, decimal_places=2)),
    }


def _parts(patient_id: int) -> Iterator[QuerySet[Any, Any]]:
    yield shaped(
        Consent.objects.filter(patient_id=patient_id),
        "CONSENT",
        _columns(),
        code=F("purpose"),
        text=F("how"),
        who=F("leaflet__version"),
        first_on=F("leaflet__signed_on"),
        at=F("at"),
        flag=F("is_given"),
    )
    yield shaped(
        Hold.objects.filter(patient_id=patient_id, cleared_at__isnull=True),
        "HOLD",
        _columns(),
        public_id=F("public_id"),
        code=F("reason"),
        text=F("note"),
        who=F("owner__name"),
        first_on=F("from_on"),
        last_on=F("review_on"),
    )
    yield shaped(
        StaffTask.objects.filter(patient_id=patient_id, done_at__isnull=True),
        "TASK",
        _columns(),
        public_id=F("public_id"),
        code=F("kind"),
        text=F("note"),
        last_on=F("due_on"),
    )
    yield shaped(
        SideEffect.objects.filter(patient_id=patient_id).exclude(state=SideEffectState.REVIEWED),
        "SIDE_EFFECT",
        _columns(),
        public_id=F("public_id"),
        code=F("state"),
        text=F("current_version__term__plain_name"),
        who=F("current_version__term__urgency"),
    )
    yield shaped(
        GivenElsewhere.objects.filter(patient_id=patient_id),
        "ELSEWHERE",
        _columns(),
        public_id=F("public_id"),
        code=F("product__brand_name"),
        text=F("place"),
        who=F("void_reason"),
        last_on=F("given_on"),
        flag=ExpressionWrapper(Q(voided_at__isnull=False), BooleanField()),
        units=F("units"),
    )


_STANDING = PreparedQuery(lambda patient_id: together(_parts(patient_id), "at", "last_on"))
