"""Asks the policy about one patient of many: whatever their dates raise, it must not stop the others."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from clinic.reminders.address_checks import next_check_at
from clinic.reminders.policy import Outlook, decide
from clinic.reminders.situation import PlanBook, Situation

log = logging.getLogger(__name__)

#: A patient about whom no decision can be made is looked at again after this.
POISONED_FOR = timedelta(hours=12)


def outlook_of(situation: Situation, plans: PlanBook, at: datetime) -> Outlook:
    """Return the policy's decisions about this patient; none, and a line in the log, if it cannot make them. Never raises."""
    try:
        return decide(situation, plans, at)
    except Exception as error:  # noqa: BLE001 - one patient's impossible dates are no reason to leave the others without
        # Only the kind: the text of the exception may quote the record.
        log.error("no decision about patient %s: %s", situation.patient_id, type(error).__name__)
        return Outlook((), at + POISONED_FOR, has_failed=True)


def when_to_look_again(situation: Situation, outlook: Outlook, now: datetime) -> datetime | None:
    """Return when time alone next changes a decision, or has somebody see to the patient's address; None if never."""
    if outlook.has_failed:
        return outlook.look_again_at
    moments = [moment for moment in (outlook.look_again_at, next_check_at(situation, now)) if moment is not None]
    return min(moments, default=None)
