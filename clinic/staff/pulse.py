"""The engine's pulse: on every staff page, and at /healthz/engine for whoever watches from outside."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View

from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where, memberships_of
from clinic.reminders.services import Pulse, take_pulse
from clinic.reminders.services.pulse import AMBER_AFTER
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


def sentence(pulse: Pulse, now: datetime) -> str:
    """Say how letters are doing, the worst first."""
    if pulse.paused_at is not None:
        return _("Letters are paused: %(reason)s") % {"reason": pulse.paused_reason}
    if pulse.clinic_paused_reason:
        return _("The clinic's letters are paused: %(reason)s") % {"reason": pulse.clinic_paused_reason}
    if pulse.last_success_at is None:
        return _("Letters: not yet run")
    if pulse.mail_failing_since is not None and now - pulse.mail_failing_since > AMBER_AFTER:
        return _("Letters: the mail server has taken none for %(time)s") % {"time": _ago(pulse.mail_failing_since, now)}
    words = _("Letters: last run %(time)s ago") % {"time": _ago(pulse.last_success_at, now)}
    waiting = pulse.in_doubt + pulse.given_up
    if waiting:
        words += ngettext(" · %(count)d needs you", " · %(count)d need you", waiting) % {"count": waiting}
    return words


def _ago(moment: datetime, now: datetime) -> str:
    seconds = max(int((now - moment).total_seconds()), 0)
    return _("%(count)d s") % {"count": seconds} if seconds < 60 else timesince(moment, now, depth=1)


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
        }
        return JsonResponse(found, status=503 if pulse.level == "red" else 200)
