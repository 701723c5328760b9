"""Each night: decides anew about everybody who may be owed something, and reports whom the queue would have missed.

The queue is `Patient.next_check_at`. A difference means that some service changed a fact without asking the engine to
look again: a bug. It is logged as one (with the patient's public id only) and set right.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from clinic.patients.models import Patient
from clinic.reminders import facts, planner_lock
from clinic.reminders.address_checks import checked_now
from clinic.reminders.models import EngineState
from clinic.reminders.outlooks import outlook_of, when_to_look_again
from clinic.reminders.plans import load_book
from clinic.reminders.situation import Address, Letter, PlanBook, Situation
from clinic.reminders.states import HELD_BY_PERSON, State
from clinic.reminders.steps import Verdict
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.treatments.models import FollowUp, FollowUpState

log = logging.getLogger(__name__)

BATCH = 500
#: Not before this hour, UTC.
FROM_HOUR = 2


def run(*, clock: Callable[[], datetime], until: datetime, batch: int = BATCH) -> int:
    """Go on with tonight's sweep until it is done or `until` has passed; return how many patients had been missed."""
    token, missed = uuid.uuid4(), 0
    try:
        while (now := clock()) < until:
            with transaction.atomic():
                state = EngineState.objects.get(pk=1)
                is_due = now.hour >= FROM_HOUR and (state.last_swept_on is None or state.last_swept_on < now.date())
                if not is_due or not planner_lock.hold(token, now):
                    break
                ids = _next(state.swept_to or 0, batch)
                missed += check(ids, plans=load_book(now), now=now)
                state.swept_to = ids[-1] if ids else None
                state.last_swept_on = state.last_swept_on if ids else now.date()
                state.save(update_fields=["swept_to", "last_swept_on"])
    finally:
        planner_lock.let_go(token)
    return missed


def check(ids: list[int], *, plans: PlanBook, now: datetime) -> int:
    """Decide anew about these patients; have those looked at whom the queue would have missed. Returns how many."""
    missed = 0
    for pk, situation in facts.load(ids, at=now).items():
        if not _would_be_missed(situation, plans, now):
            continue
        # Nothing is wrong if somebody has changed the mark since it was read.
        unchanged = Patient.objects.filter(pk=pk, next_check_at=situation.mark)
        if situation.mark is None:
            unchanged = Patient.objects.filter(pk=pk, next_check_at__isnull=True)
        if unchanged.update(next_check_at=now) == 1:
            missed += 1
            log.error("sweep: patient %s would have been missed", Patient.objects.values_list("public_id").get(pk=pk)[0])
    return missed


def _would_be_missed(situation: Situation, plans: PlanBook, now: datetime) -> bool:
    mark = situation.mark
    if mark is not None and mark <= now:
        return False
    outlook = outlook_of(situation, plans, now)
    if any(d.verdict is Verdict.TASK or (d.is_earned and _is_stuck(situation.letters.get(d.key))) for d in outlook.decisions):
        return True
    if not outlook.decisions:
        return False
    if situation.address is not Address.USABLE and checked_now(situation, now):
        return True
    look_again_at = when_to_look_again(situation, outlook, now)
    return look_again_at is not None and (mark is None or mark > look_again_at)


def _is_stuck(letter: Letter | None) -> bool:
    """Whether a letter that is earned was never born, or is held back for a reason that is over."""
    return letter is None or (letter.state == State.HELD and letter.reason != HELD_BY_PERSON)


def _next(after: int, batch: int) -> list[int]:
    """The next patients with an open follow-up or a visit to come."""
    open_follow_up = FollowUp.objects.filter(patient=OuterRef("pk"), state=FollowUpState.ACTIVE)
    coming = Appointment.objects.filter(patient=OuterRef("pk"), state__in=COMING_STATES)
    found = Patient.objects.filter(Exists(open_follow_up) | Exists(coming), pk__gt=after).order_by("pk")
    return list(found.values_list("pk", flat=True)[:batch])
