"""Whether the engine lives: for staff pages and for whoever watches from outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery

from clinic.practice.models import Clinic
from clinic.reminders.models import EngineState, Heartbeat, Message
from clinic.reminders.piles import LetterPile
from clinic.reminders.safeguard_state import SafeguardState
from clinic.reminders.states import State

#: After so long without a run to its end: a warning, and an alarm.
AMBER_AFTER = timedelta(minutes=15)
RED_AFTER = timedelta(hours=26)
#: A letter that has been ready for so long, and nobody took it.
STUCK_AFTER = timedelta(minutes=15)
#: A letter to staff on call that has not gone after so long: an alarm at once. No plan has the step yet; the alarm comes with it.
URGENT_STEP = "URGENT"
URGENT_AFTER = timedelta(minutes=5)
_NOT_GONE = (State.READY, State.CLAIMED, State.HANDOFF, State.HELD, State.UNKNOWN, State.FAILED, State.DEAD)


@dataclass(frozen=True, slots=True)
class Pulse:
    """The engine's signs of life at one moment."""

    level: str
    last_tick_at: datetime | None
    last_success_at: datetime | None
    paused_at: datetime | None
    paused_reason: str
    in_doubt: int
    given_up: int
    #: Letters that have been ready for too long.
    is_stuck: bool
    mail_failing_since: datetime | None
    mail_failure: str
    #: Why the letters of one of the clinics asked about are paused.
    clinic_paused_reason: str = ""
    #: Codes of the guards that have paused all letters.
    guards: tuple[str, ...] = ()
    #: Letters of one of the clinics wait because there are too many at once.
    has_pile: bool = False
    #: Since when nothing is sent because what is done cannot be remembered outside the database.
    mark_failing_since: datetime | None = None
    is_urgent_unsent: bool = False

    @property
    def is_well(self) -> bool:
        """Letters go: nothing for whoever watches to do."""
        return self.level == "green"


def take_pulse(*, now: datetime, clinics: QuerySet[Clinic] | None = None) -> Pulse:
    """Return the engine's signs of life, and whether one of these clinics is paused, in one query.

    What needs a person is counted at these clinics; without them, everywhere.
    Before its first run the engine is amber.
    """
    paused_clinics = (Clinic.objects.none() if clinics is None else clinics).filter(letters_paused_at__isnull=False)
    waiting = Message.objects.filter(state=State.READY, ready_at__lte=now - STUCK_AFTER, clinic__letters_paused_at__isnull=True)
    piles = LetterPile.objects.filter(looked_at__isnull=True)
    urgent = Message.objects.filter(step=URGENT_STEP, state__in=_NOT_GONE, created_at__lt=now - URGENT_AFTER)
    guard = SafeguardState.objects.filter(pk=OuterRef("pk"))
    row = (
        Heartbeat.objects.filter(pk=1)
        .values(
            "last_tick_at",
            "last_success_at",
            "mail_failing_since",
            "mail_failure",
            paused_at=Subquery(EngineState.objects.filter(pk=OuterRef("pk")).values("paused_at")),
            paused_reason=Subquery(EngineState.objects.filter(pk=OuterRef("pk")).values("paused_reason")),
            in_doubt=_count(State.UNKNOWN, clinics),
            given_up=_count(State.DEAD, clinics),
            is_stuck=Exists(waiting),
            clinic_paused_reason=Subquery(paused_clinics.order_by("pk").values("letters_paused_reason")[:1]),
            guards=Subquery(guard.values("paused_by")),
            mark_failing_since=Subquery(guard.values("mark_failing_since")),
            has_pile=Exists(piles if clinics is None else piles.filter(clinic__in=clinics)),
            is_urgent_unsent=Exists(urgent),
        )
        .first()
    )
    if row is None:
        return Pulse("amber", None, None, None, "", 0, 0, False, None, "")
    is_stuck = bool(row["is_stuck"]) and row["paused_at"] is None
    pulse = Pulse(
        level="green",
        last_tick_at=row["last_tick_at"],
        last_success_at=row["last_success_at"],
        paused_at=row["paused_at"],
        paused_reason=row["paused_reason"] or "",
        in_doubt=row["in_doubt"] or 0,
        given_up=row["given_up"] or 0,
        is_stuck=is_stuck,
        mail_failing_since=row["mail_failing_since"],
        mail_failure=row["mail_failure"],
        clinic_paused_reason=row["clinic_paused_reason"] or "",
        guards=tuple((row["guards"] or "").split()),
        has_pile=bool(row["has_pile"]),
        mark_failing_since=row["mark_failing_since"],
        is_urgent_unsent=bool(row["is_urgent_unsent"]),
    )
    return replace(pulse, level=_level(pulse, now))


def _level(pulse: Pulse, now: datetime) -> str:
    """Red: nothing has gone for more than a day, or an urgent letter has not gone at once."""
    silences = [
        now - moment
        for moment in (pulse.last_success_at, pulse.mail_failing_since, pulse.mark_failing_since)
        if moment is not None
    ]
    if pulse.is_urgent_unsent or any(silence > RED_AFTER for silence in silences):
        return "red"
    waits = pulse.last_success_at is None or pulse.paused_at is not None or pulse.mark_failing_since is not None
    if waits or pulse.is_stuck or pulse.has_pile or any(silence > AMBER_AFTER for silence in silences):
        return "amber"
    return "green"


def _count(state: State, clinics: QuerySet[Clinic] | None) -> Subquery:
    messages = Message.objects.filter(state=state)
    if clinics is not None:
        messages = messages.filter(clinic__in=clinics)
    rows = messages.order_by().values("state").annotate(number=Count("pk")).values("number")
    return Subquery(rows, output_field=IntegerField())
