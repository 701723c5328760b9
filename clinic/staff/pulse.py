"""The engine's pulse: on every staff page, and at /healthz/engine for whoever watches from outside."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views import View

from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where, memberships_of
from clinic.reminders.pulse_words import sentence
from clinic.reminders.services import Pulse, take_pulse
from clinic.staff.kept import Kept, change_seen_by

#: The engine runs once a minute, and whatever people change about it is noticed at once.
_KEPT: Kept[Hashable, Pulse] = Kept(seconds=10)


@dataclass(frozen=True, slots=True)
class PulseLine:
    """What the frame of a staff page shows: green, amber or red, and a sentence."""

    level: str
    text: str


def engine_pulse(request: HttpRequest) -> dict[str, Any]:
    """Give `engine_pulse` to templates; nothing is asked before one shows it, and nothing for who is not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}

    def look() -> PulseLine:
        now = timezone.now()
        here = tuple(one.clinic.public_id for one in memberships_of(user) if one.may(Permission.VIEW_PATIENTS))
        pulse = _KEPT.get(
            (change_seen_by(request), here),
            lambda: take_pulse(now=now, clinics=clinics_where(user, Permission.VIEW_PATIENTS)),
        )
        return PulseLine("amber" if pulse.clinic_paused_reason and pulse.is_well else pulse.level, sentence(pulse, now))

    return {"engine_pulse": SimpleLazyObject(look)}


class EngineHealth(View):
    """Answers 200 while the engine lives and 503 when it is red; no word about a patient. Needs no worker and no broker."""

    def get(self, request: HttpRequest) -> JsonResponse:
        try:
            pulse = take_pulse(now=timezone.now())
        except DatabaseError:
            return JsonResponse({"status": "red", "database": "away"}, status=503)
        found = {
            "status": pulse.level,
            "last_tick_at": pulse.last_tick_at,
            "last_success_at": pulse.last_success_at,
            "paused": pulse.paused_at is not None,
            "in_doubt": pulse.in_doubt,
            "given_up": pulse.given_up,
            "stuck": pulse.is_stuck,
            "mail_failing_since": pulse.mail_failing_since,
            "guards": pulse.guards,
            "pile": pulse.has_pile,
            "mark_failing_since": pulse.mark_failing_since,
            "urgent_unsent": pulse.is_urgent_unsent,
        }
        return JsonResponse(found, status=503 if pulse.level == "red" else 200)
