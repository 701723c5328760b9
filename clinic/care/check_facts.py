"""What the checks of a treatment must be told of one patient, in whatever room it is: the ledger, holds, side effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, CharField, DateField, DecimalField, F, Q, QuerySet, UUIDField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from clinic.patients.models import Hold, HoldReason
from clinic.prepared import PreparedQuery
from clinic.safety.models import Outcome, SideEffect, SideEffectState, Urgency
from clinic.treatments.checks.facts import EarlierReaction, Given, StandingHold
from clinic.treatments.models import GivenElsewhere, InjectionSession, SessionState

#: Outcomes after which a side effect is over; one whose outcome is not known is over once somebody has reviewed it.
_OVER = (Outcome.RECOVERED, Outcome.SEQUELAE, Outcome.FATAL)
_GOING_ON = (Outcome.ONGOING, Outcome.RECOVERING)


@dataclass(frozen=True, slots=True)
class Background:
    """What was given before and after, here and elsewhere, and what stands against another treatment."""

    earlier: list[Given] = field(default_factory=list)
    holds: list[StandingHold] = field(default_factory=list)
    reactions: list[EarlierReaction] = field(default_factory=list)

    def newest_on(self, condition_id: int) -> date | None:
        """The day of the newest signed treatment of a condition; None where there is none."""
        return max((one.on for one in self.earlier if one.condition == condition_id), default=None)

    def as_of(self, day: date) -> Background:
        """Without the holds and side effects that began after `day`: those belong to later treatments."""
        return Background(
            self.earlier,
            [hold for hold in self.holds if hold.since <= day],
            [reaction for reaction in self.reactions if reaction.since is None or reaction.since <= day],
        )


def background_of(patient_id: int) -> Background:
    """Return the background of the patient with this primary key, read from the treatments' current versions. One query."""
    found = Background()
    for kind, public_id, on, code, name, units, use, condition_id, _order in _BACKGROUND.rows(patient_id):
        if kind == "SIGNED":
            found.earlier.append(Given(on, code, name, units, use, condition_id))
        elif kind == "ELSEWHERE":
            found.earlier.append(Given(on, code, name, units, elsewhere=use))
        elif kind == "HOLD":
            found.holds.append(StandingHold(str(public_id), code, str(HoldReason(code).label), on))
        else:
            urgency, _, outcome = use.partition(" ")
            found.reactions.append(
                EarlierReaction(
                    about=str(public_id),
                    term=name,
                    is_urgent=urgency == Urgency.RED,
                    is_over=outcome in _OVER,
                    is_reviewed=code == SideEffectState.REVIEWED,
                    since=on,
                )
            )
    return found


def _parts(patient_id: int) -> Iterator[QuerySet[Any, Any]]:
    yield _shaped(
        InjectionSession.objects.filter(patient_id=patient_id, state=SessionState.SIGNED),
        "SIGNED",
        on=F("performed_on"),
        code=F("product__code"),
        name=F("product__brand_name"),
        units=F("current_version__total_units"),
        use=F("condition__indication__code"),
        condition=F("condition_id"),
    )
    yield _shaped(
        GivenElsewhere.objects.filter(patient_id=patient_id, voided_at__isnull=True),
        "ELSEWHERE",
        on=F("given_on"),
        code=F("product__code"),
        name=F("product__brand_name"),
        units=F("units"),
        use=F("place"),
    )
    yield _shaped(
        Hold.objects.filter(patient_id=patient_id, cleared_at__isnull=True),
        "HOLD",
        public_id=F("public_id"),
        on=F("from_on"),
        code=F("reason"),
    )
    yield _shaped(
        SideEffect.objects.filter(patient_id=patient_id, current_version__isnull=False).filter(
            ~Q(state=SideEffectState.REVIEWED) | Q(current_version__outcome__in=_GOING_ON)
        ),
        "SIDE_EFFECT",
        public_id=F("public_id"),
        on=F("current_version__onset_on"),
        code=F("state"),
        name=F("current_version__term__plain_name"),
        use=Concat("current_version__term__urgency", Value(" "), "current_version__outcome", output_field=CharField()),
    )


def _shaped(rows: QuerySet[Any], kind: str, **given: Combinable) -> QuerySet[Any, Any]:
    """Bring `rows` into the same columns, each of the same type in every part, as a union needs it."""
    empty: dict[str, Combinable] = {
        "public_id": Cast(Value(None), UUIDField()),
        "on": Cast(Value(None), DateField()),
        "code": Value("", CharField()),
        "name": Value("", CharField()),
        "units": Cast(Value(None), DecimalField(max_digits=8, decimal_places=2)),
        "use": Value("", CharField()),
        "condition": Cast(Value(None), BigIntegerField()),
    }
    columns: dict[str, Any] = {f"row_{name}": given.get(name, nothing) for name, nothing in empty.items()}
    made: QuerySet[Any, Any] = (
        rows.order_by()
        .annotate(row_kind=Value(kind, CharField()), row_order=F("id"), **columns)
        .values_list("row_kind", *columns, "row_order")
    )
    return made


def _background(patient_id: int) -> QuerySet[Any, Any]:
    first, *others = _parts(patient_id)
    return first.union(*others, all=True).order_by("row_kind", "row_order")


_BACKGROUND = PreparedQuery(_background)
