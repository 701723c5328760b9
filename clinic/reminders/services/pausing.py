"""Stopping and starting letters: all of them, or one clinic's. Planning goes on, so that nothing is lost."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.reminders.models import EngineState
from clinic.reminders.services.deciding import DecisionRefused

LONGEST_REASON = 200


def pause_engine(*, by: audit.Actor, reason: str, now: datetime) -> None:
    """Send nothing at any clinic until somebody resumes. Raises DecisionRefused without a reason or if paused already."""
    reason = _checked(reason)
    with transaction.atomic():
        EngineState.objects.get_or_create(pk=1)
        if not EngineState.objects.filter(pk=1, paused_at=None).update(paused_at=now, paused_reason=reason):
            raise DecisionRefused(_("All letters are paused already."))
        audit.record(by=by, action=audit.Action.PAUSED, what="EngineState", fields=["paused_at"], now=now)


def resume_engine(*, by: audit.Actor, now: datetime) -> None:
    """Let letters go again. Raises DecisionRefused if they are not paused."""
    with transaction.atomic():
        if not EngineState.objects.filter(pk=1, paused_at__isnull=False).update(paused_at=None, paused_reason=""):
            raise DecisionRefused(_("Letters are not paused."))
        audit.record(by=by, action=audit.Action.RESUMED, what="EngineState", fields=["paused_at"], now=now)


def pause_clinic(*, by: audit.Actor, clinic: Clinic, reason: str, now: datetime) -> None:
    """Send nothing for this clinic until somebody resumes. Raises DecisionRefused without a reason or if paused already."""
    reason = _checked(reason)
    with transaction.atomic():
        going = Clinic.objects.filter(pk=clinic.pk, letters_paused_at=None)
        if not going.update(letters_paused_at=now, letters_paused_reason=reason):
            raise DecisionRefused(_("This clinic's letters are paused already."))
        _record(clinic, audit.Action.PAUSED, by=by, now=now)


def resume_clinic(*, by: audit.Actor, clinic: Clinic, now: datetime) -> None:
    """Let this clinic's letters go again. Raises DecisionRefused if they are not paused."""
    with transaction.atomic():
        paused = Clinic.objects.filter(pk=clinic.pk, letters_paused_at__isnull=False)
        if not paused.update(letters_paused_at=None, letters_paused_reason=""):
            raise DecisionRefused(_("This clinic's letters are not paused."))
        _record(clinic, audit.Action.RESUMED, by=by, now=now)


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise DecisionRefused(_("Say in a few words why: it stands on every page."))
    if len(reason) > LONGEST_REASON:
        raise DecisionRefused(_("Say it in at most %(length)d characters.") % {"length": LONGEST_REASON})
    return reason


def _record(clinic: Clinic, action: audit.Action, *, by: audit.Actor, now: datetime) -> None:
    audit.record(by=by, action=action, what=clinic, clinic_id=clinic.pk, fields=["letters_paused_at"], now=now)
