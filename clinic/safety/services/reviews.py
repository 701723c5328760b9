"""Taking notice of a side effect, and judging it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients import services as patients
from clinic.patients.services import Problem, Refused
from clinic.patients.services.refusals import problems_of
from clinic.safety.consistency import may_be_reviewed
from clinic.safety.models import Review, SideEffect, SideEffectState
from clinic.safety.services.records import leave_trace, locked, tidied

LONGEST_NOTE = 2000


def review(
    *,
    by: audit.Actor,
    side_effect: SideEffect,
    causality: str,
    is_expected: bool | None,
    is_distant: bool | None,
    resulting_state: str,
    action: str = "",
    note: str = "",
    now: datetime,
) -> Review:
    """Append a reviewer's judgement, put the side effect into `resulting_state`, and return the review.

    Acknowledges the report if nobody has. Raises Refused for a state that a review cannot lead to; in particular, none is
    reviewed while its outcome is unknown.
    """
    with transaction.atomic():
        stored = locked(side_effect)
        if by.user is None:
            raise Refused.for_field("", _("Only a member of staff reviews a side effect."))
        row = Review(
            side_effect=stored,
            causality=causality,
            is_expected=is_expected,
            is_distant=is_distant,
            resulting_state=resulting_state,
            action=action.strip(),
            note=tidied(note),
            by=by.user,
            at=now,
        )
        problems = problems_of(row, fields=["causality", "resulting_state", "action", "note"])
        if len(note) > LONGEST_NOTE:
            problems.append(Problem("note", _("Keep it under %(most)d characters.") % {"most": LONGEST_NOTE}))
        if resulting_state == SideEffectState.NEW:
            problems.append(Problem("resulting_state", _("After a look it is no longer new.")))
        elif resulting_state == SideEffectState.REVIEWED and not may_be_reviewed(stored.facts.outcome):
            message = _("Its outcome is unknown: follow it until somebody knows, or amend the report first.")
            problems.append(Problem("resulting_state", message))
        if problems:
            raise Refused(problems)
        row.save()
        stored.state = resulting_state
        if stored.acknowledged_at is None:
            stored.acknowledged_by, stored.acknowledged_at = by.user, now
        stored.save(update_fields=["state", "acknowledged_by", "acknowledged_at"])
        patients.look_again([stored.patient_id], now=now)
        leave_trace(by, audit.Action.REVIEWED, stored, ["causality", "state"], now)
    return row


def acknowledge(*, by: audit.Actor, side_effect: SideEffect, now: datetime) -> SideEffect:
    """Record that a member of staff has taken notice of the report; the first one counts."""
    with transaction.atomic():
        stored = locked(side_effect)
        if by.user is None:
            raise Refused.for_field("", _("Only a member of staff acknowledges a report."))
        if stored.acknowledged_at is None:
            stored.acknowledged_by, stored.acknowledged_at = by.user, now
            stored.save(update_fields=["acknowledged_by", "acknowledged_at"])
            patients.look_again([stored.patient_id], now=now)
            leave_trace(by, audit.Action.CHANGED, stored, ["acknowledged_at"], now)
    return stored
