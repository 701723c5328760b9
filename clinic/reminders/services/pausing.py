"""Stopping and starting letters: all of them, or one clinic's. Planning goes on, so that nothing is lost."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.reminders import piles
from clinic.reminders.models import EngineState, Message
from clinic.reminders.safeguard_state import Safeguard, SafeguardState
from clinic.reminders.services.deciding import DecisionRefused
from clinic.reminders.states import IN_HAND

LONGEST_REASON = 200


def pause_engine(*, by: audit.Actor, reason: str, now: datetime) -> None:
    """Send nothing at any clinic until somebody resumes. Raises DecisionRefused without a reason or if paused already."""
    reason = _checked(reason)
    with transaction.atomic():
        EngineState.objects.get_or_create(pk=1)
        if not EngineState.objects.filter(pk=1, paused_at=None).update(paused_at=now, paused_reason=reason):
            raise DecisionRefused(_("All letters are paused already."))
        audit.record(by=by, action=audit.Action.PAUSED, what="EngineState", fields=["paused_at"], now=now)


def resume_engine(*, by: audit.Actor, now: datetime, is_right_database: bool = False) -> None:
    """Let letters go again. Raises DecisionRefused if they are not paused.

    Where the database was another deployment's, `is_right_database` says that from now on it is the one that found it so; without
    that word it is refused. What this deployment did with other databases before is then no longer held against this one.
    """
    with transaction.atomic():
        SafeguardState.objects.get_or_create(pk=1)
        state = SafeguardState.objects.select_for_update().get(pk=1)
        if Safeguard.INSTANCE in state.guards and not is_right_database:
            raise DecisionRefused(
                _("Say first that this is the right database, and that no other installation sends from a copy of it.")
            )
        if not EngineState.objects.filter(pk=1, paused_at__isnull=False).update(paused_at=None, paused_reason=""):
            raise DecisionRefused(_("Letters are not paused."))
        changed = ["paused_at"]
        if Safeguard.INSTANCE in state.guards and state.instance_found is not None:
            state.instance_id, state.instance_found, state.confirmed_at = state.instance_found, None, now
            changed.append("instance_id")
        state.paused_by = ""
        state.save()
        audit.record(by=by, action=audit.Action.RESUMED, what="EngineState", fields=changed, now=now)


def pause_clinic(*, by: audit.Actor, clinic: Clinic, reason: str, now: datetime) -> None:
    """Send nothing for this clinic until somebody resumes. Raises DecisionRefused without a reason or if paused already."""
    reason = _checked(reason)
    with transaction.atomic():
        going = Clinic.objects.filter(pk=clinic.pk, letters_paused_at=None)
        if not going.update(letters_paused_at=now, letters_paused_reason=reason):
            raise DecisionRefused(_("This clinic's letters are paused already."))
        _record(clinic, audit.Action.PAUSED, by=by, now=now)


def resume_clinic(*, by: audit.Actor, clinic: Clinic, now: datetime, looked_at: datetime | None = None) -> None:
    """Let this clinic's letters go again. Raises DecisionRefused if they are not paused.

    A pile that the engine stopped goes only when somebody has looked at it: at what stood there at `looked_at`. What came
    later is counted anew.
    """
    with transaction.atomic():
        is_pile = piles.LetterPile.objects.filter(clinic=clinic, looked_at__isnull=True).exists()
        if is_pile and looked_at is None:
            raise DecisionRefused(_("There are unusually many: look at the list of letters first."))
        paused = Clinic.objects.filter(pk=clinic.pk, letters_paused_at__isnull=False)
        if not paused.update(letters_paused_at=None, letters_paused_reason=""):
            raise DecisionRefused(_("This clinic's letters are not paused."))
        seen = None if looked_at is None else piles.let_go(clinic, looked_at=min(looked_at, now), now=now)
        _record(clinic, audit.Action.RESUMED, by=by, now=now, count=seen)


def in_hand(clinic: Clinic | None = None) -> int:
    """How many letters workers still have in hand; during a pause they are soon none. At one clinic, or everywhere."""
    taken = Message.objects.filter(state__in=sorted(IN_HAND))
    return (taken if clinic is None else taken.filter(clinic=clinic)).count()


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise DecisionRefused(_("Say in a few words why: it stands on every page."))
    if len(reason) > LONGEST_REASON:
        raise DecisionRefused(_("Say it in at most %(length)d characters.") % {"length": LONGEST_REASON})
    return reason


def _record(clinic: Clinic, action: audit.Action, *, by: audit.Actor, now: datetime, count: int | None = None) -> None:
    audit.record(by=by, action=action, what=clinic, clinic_id=clinic.pk, fields=["letters_paused_at"], count=count, now=now)
