"""What the checks of a treatment must be told of one patient, in whatever room it is: the ledger, holds, side effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, CharField, DateField, DecimalField, F, Q, QuerySet, UUIDField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat

from clinic.care.unions import no_text, nothing, shaped, together
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


def _columns() -> dict[str, Combinable]:
    return {
        "public_id": nothing(UUIDField()),
        "on": nothing(DateField()),
        "code": no_text(),
        "name": no_text(),
        "units": nothing(DecimalField(max_digits=8, decimal_places=2)),
        "use": no_text(),
        "condition": nothing(BigIntegerField()),
    }


def _parts(patient_id: int) -> Iterator[QuerySet[Any, Any]]:
    yield shaped(
        InjectionSession.objects.filter(patient_id=patient_id, state=SessionState.SIGNED),
        "SIGNED",
        _columns(),
        on=F("performed_on"),
        code=F("product__code"),
        name=F("product__brand_name"),
        units=F("current_version__total_units"),
        use=F("condition__indication__code"),
        condition=F("condition_id"),
    )
    yield shaped(
        GivenElsewhere.objects.filter(patient_id=patient_id, voided_at__isnull=True),
        "ELSEWHERE",
        _columns(),
        on=F("given_on"),
        code=F("product__code"),
        name=F("product__brand_name"),
        units=F("units"),
        use=F("place"),
    )
    yield shaped(
        Hold.objects.filter(patient_id=patient_id, cleared_at__isnull=True),
        "HOLD",
        _columns(),
        public_id=F("public_id"),
        on=F("from_on"),
        code=F("reason"),
    )
    yield shaped(
        SideEffect.objects.filter(patient_id=patient_id, current_version__isnull=False).filter(
            ~Q(state=SideEffectState.REVIEWED) | Q(current_version__outcome__in=_GOING_ON)
        ),
        "SIDE_EFFECT",
        _columns(),
        public_id=F("public_id"),
        on=F("current_version__onset_on"),
        code=F("state"),
        name=F("current_version__term__plain_name"),
        use=Concat("current_version__term__urgency", Value(" "), "current_version__outcome", output_field=CharField()),
    )


_BACKGROUND = PreparedQuery(lambda patient_id: together(_parts(patient_id)))
