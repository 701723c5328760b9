"""Whether the engine lives: for staff pages and for whoever watches from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery

from clinic.practice.models import Clinic
from clinic.reminders.models import EngineState, Heartbeat, Message
from clinic.reminders.states import State

#: After so long without a run to its end: a warning, and an alarm.
AMBER_AFTER = timedelta(minutes=15)
RED_AFTER = timedelta(hours=26)
#: A letter that has been ready for so long, and nobody took it.
STUCK_AFTER = timedelta(minutes=15)


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
        )
        .first()
    )
    if row is None:
        return Pulse("amber", None, None, None, "", 0, 0, False, None, "")
    is_stuck = bool(row["is_stuck"]) and row["paused_at"] is None
    level = _level(row["last_success_at"], row["paused_at"], row["mail_failing_since"], is_stuck=is_stuck, now=now)
    return Pulse(
        level=level,
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
    )


def _level(
    last_success_at: datetime | None,
    paused_at: datetime | None,
    mail_failing_since: datetime | None,
    *,
    is_stuck: bool,
    now: datetime,
) -> str:
    """Red: nothing has gone for more than a day, or the mail server has taken nothing for as long."""
    silences = [now - moment for moment in (last_success_at,) if moment is not None]
    if mail_failing_since is not None:
        silences.append(now - mail_failing_since)
    if any(silence > RED_AFTER for silence in silences):
        return "red"
    if last_success_at is None or paused_at is not None or is_stuck or any(s > AMBER_AFTER for s in silences):
        return "amber"
    return "green"


def _count(state: State, clinics: QuerySet[Clinic] | None) -> Subquery:
    messages = Message.objects.filter(state=state)
    if clinics is not None:
        messages = messages.filter(clinic__in=clinics)
    rows = messages.order_by().values("state").annotate(number=Count("pk")).values("number")
    return Subquery(rows, output_field=IntegerField())
