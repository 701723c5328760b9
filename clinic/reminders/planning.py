"""Writes down what patients have earned: visits those whose time has come and asks the policy.

Safe to repeat, to run twice at once and to be cut off anywhere: a batch is one transaction, a letter is born under a
unique key, and the patient's `next_check_at` moves only together with what was decided.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.patients.joined_causes import TO_REACH_THEM
from clinic.patients.models import Patient, TaskKind
from clinic.patients.services import raise_task
from clinic.reminders import address_tasks, facts, planner_lock
from clinic.reminders.models import Message
from clinic.reminders.outlooks import outlook_of, when_to_look_again
from clinic.reminders.plans import load_book
from clinic.reminders.policy import Decision, Outlook, missing_for_letter
from clinic.reminders.rules import TASK_PREFIX, Family, Occasion
from clinic.reminders.safeguard_state import SafeguardState
from clinic.reminders.safeguards import doubted
from clinic.reminders.situation import PlanBook, Situation
from clinic.reminders.states import HELD_BY_PERSON, State, settled_as
from clinic.reminders.steps import Audience, Reason, Verdict
from clinic.reminders.transitions import Move, move_all
from clinic.reminders.wording import step_words
from clinic.rows import insert_new, set_each

BATCH = 500


@dataclass(slots=True)
class Planned:
    """What a run of the planner did."""

    patients: int = 0
    letters: int = 0
    tasks: int = 0
    settled: int = 0

    def __iadd__(self, other: Planned) -> Planned:
        self.patients += other.patients
        self.letters += other.letters
        self.tasks += other.tasks
        self.settled += other.settled
        return self


@dataclass(frozen=True, slots=True)
class _Open:
    """A message that may still go and that nobody has in hand."""

    pk: int
    key: str
    state: State
    reason: str
    ready_at: datetime


def run(*, clock: Callable[[], datetime], until: datetime, batch: int = BATCH) -> Planned:
    """Visit every patient whose time has come, in batches, until none is left or `until` has passed.

    Does nothing while another process plans.
    """
    total = Planned()
    cursor: tuple[datetime, int] | None = None
    token = uuid.uuid4()
    gap_until = SafeguardState.objects.filter(pk=1).values_list("gap_until", flat=True).first()
    try:
        while (now := clock()) < until:
            with transaction.atomic():
                if not planner_lock.hold(token, now):
                    break
                ids, cursor = _due(now, cursor, batch)
                if not ids:
                    break
                total += plan_batch(ids, plans=load_book(now), now=now, gap_until=gap_until)
    finally:
        planner_lock.let_go(token)
    return total


def plan_batch(ids: Sequence[int], *, plans: PlanBook, now: datetime, gap_until: datetime | None = None) -> Planned:
    """Decide about these patients, whose rows the caller's transaction has locked, and write down what follows.

    Of what fell due until `gap_until` nobody knows whether it has gone: it is born in doubt.
    """
    situations = facts.load(ids, at=now)
    outlooks = {pk: outlook_of(situation, plans, now) for pk, situation in situations.items()}
    settled = _settle(situations, outlooks, now)
    earned = [
        born(decision.key, decision.occasion, situations[pk], now)
        for pk, outlook in outlooks.items()
        for decision in outlook.decisions
        if decision.is_earned and decision.occasion and decision.key not in situations[pk].letters
    ]
    letters = insert_new(Message, earned, unique="dedupe_key")
    if gap_until is not None and letters:
        unsure = Message.objects.filter(pk__in=letters, due_at__lte=gap_until).values_list("pk", flat=True)
        move_all([doubted(pk, State.READY, gap_until) for pk in unsure], now=now)
    tasks = _raise_tasks(situations, outlooks, now)
    # Whoever is phoned now in the place of a letter is asked in the same call.
    unasked = {pk: situation for pk, situation in situations.items() if not outlooks[pk].has_failed and not outlooks[pk].has_task}
    tasks += address_tasks.raise_due(unasked, now=now)
    set_each(Patient, "next_check_at", {pk: when_to_look_again(situations[pk], outlooks[pk], now) for pk in outlooks})
    return Planned(len(ids), len(letters), tasks, settled)


def _due(now: datetime, cursor: tuple[datetime, int] | None, batch: int) -> tuple[list[int], tuple[datetime, int] | None]:
    """Lock and return the next patients to visit. The cursor keeps a run from walking again over what it has visited."""
    due = Patient.objects.filter(next_check_at__lte=now).order_by("next_check_at", "pk")
    if cursor is not None:
        moment, pk = cursor
        due = due.filter(Q(next_check_at__gt=moment) | Q(next_check_at=moment, pk__gt=pk), next_check_at__gte=moment)
    if connection.features.has_select_for_update_skip_locked:
        # One that somebody is changing right now is visited in the next run.
        due = due.select_for_update(skip_locked=True, of=("self",))
    rows = [(pk, moment) for pk, moment in due.values_list("pk", "next_check_at")[:batch] if moment is not None]
    if not rows:
        return [], cursor
    return [pk for pk, _moment in rows], (rows[-1][1], rows[-1][0])


def _settle(situations: dict[int, Situation], outlooks: dict[int, Outlook], now: datetime) -> int:
    """Let every waiting message of these patients follow the decision of today."""
    changes: list[Move] = []
    for patient_id, message in _open_messages(list(situations)):
        decision = outlooks[patient_id].about(message.key)
        if not outlooks[patient_id].decisions:
            continue
        changes.extend(_follow(message, decision, now))
    return move_all(changes, now=now)


def _open_messages(ids: list[int]) -> list[tuple[int, _Open]]:
    waiting = Message.objects.filter(patient_id__in=ids, state__in=[State.READY, State.HELD]).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True, of=("self",))
    return [
        (patient_id, _Open(pk, key, State(state), reason, ready_at))
        for patient_id, pk, key, state, reason, ready_at in waiting.values_list(
            "patient_id", "pk", "dedupe_key", "state", "reason", "ready_at"
        )
    ]


def _follow(message: _Open, decision: Decision, now: datetime) -> Iterator[Move]:
    """Yield the moves that bring one message to where the decision wants it: none, one, or out of HELD and on."""
    target = State.READY if decision.is_earned else settled_as(decision.reason)
    if decision.verdict is Verdict.TASK:
        target = State.SUPPRESSED
    held = message.state is State.HELD
    if held and (message.reason == HELD_BY_PERSON or target is State.HELD):
        return
    ready_at = decision.when if target is State.READY and decision.verdict is Verdict.WAIT else None
    if held:
        yield Move(pk=message.pk, origin=State.HELD, target=State.READY, outcome=decision.reason, ready_at=ready_at or now)
    elif target is State.READY and (ready_at is None or ready_at <= message.ready_at):
        return
    if target is not State.READY or not held:
        yield Move(pk=message.pk, origin=State.READY, target=target, outcome=decision.reason, ready_at=ready_at)


def born(key: str, occasion: Occasion, situation: Situation, now: datetime) -> dict[str, Any]:
    """Return the fields of the message that a patient has earned, as it stands when it is written down."""
    public_id = uuid.uuid4()
    visit, follow_up = occasion.visit, occasion.follow_up
    return {
        "public_id": public_id,
        "clinic_id": situation.clinic_id,
        "patient_id": situation.patient_id,
        "user_id": None,
        "step": str(occasion.rule.step),
        "ordinal": occasion.ordinal,
        "letter": occasion.rule.letter,
        "follow_up_id": follow_up.pk if follow_up else visit.follow_up_id if visit else None,
        "appointment_id": visit.pk if visit else None,
        "appointment_sequence": visit.sequence if visit else None,
        "also_about": None,
        "dedupe_key": key,
        "message_id": f"<{public_id}@{settings.SITE_HOST}>",
        "language": situation.language,
        "state": State.READY.value,
        "reason": "",
        "due_at": occasion.due_at,
        "ready_at": now,
        "expires_at": occasion.expires_at,
        "lease_until": None,
        "token": None,
        "worker": "",
        "attempts": 0,
        "handoff_at": None,
        "sent_at": None,
        "rendered_hash": "",
        "recipient_hash": "",
        "created_at": now,
        "changed_at": now,
    }


def _raise_tasks(situations: dict[int, Situation], outlooks: dict[int, Outlook], now: datetime) -> int:
    """Give staff what no letter can do."""
    wanted = [
        (pk, decision.occasion)
        for pk, outlook in outlooks.items()
        for decision in outlook.decisions
        if decision.verdict is Verdict.TASK and decision.occasion is not None
    ]
    if not wanted:
        return 0
    patients = Patient.objects.in_bulk([pk for pk, _step in wanted])
    raised = 0
    for pk, occasion in wanted:
        kind = _task_kind(situations[pk], occasion)
        task = raise_task(
            patient=patients[pk],
            kind=kind,
            cause_key=TASK_PREFIX + occasion.key,
            due_on=situations[pk].hours.local_date(now),
            note=_("In place of a letter: %(step)s.") % {"step": step_words(occasion.rule.step)} if occasion.rule.letter else "",
            joins=_joins(kind, occasion),
            now=now,
        )
        raised += task is not None
    return raised


def _joins(kind: str, occasion: Occasion) -> tuple[str, ...]:
    """An invitation may be told in any call about letters that do not arrive; news of a visit is a task of its own."""
    return TO_REACH_THEM if occasion.rule.family is Family.RETURN and kind in TO_REACH_THEM else ()


def _task_kind(situation: Situation, occasion: Occasion) -> str:
    if occasion.audience is Audience.PATIENT and missing_for_letter(situation, occasion) is Reason.NO_CONSENT:
        return TaskKind.PHONE_OPTED_OUT
    return occasion.rule.task
