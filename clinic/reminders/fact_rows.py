"""The queries behind the facts: five for any number of patients, each a plain list of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.db.models import BooleanField, CharField, Exists, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast

from clinic.patients.joined_causes import JoinedCause
from clinic.patients.models import Consent, Hold, Patient, StaffTask, TaskKind
from clinic.reminders.address_checks import ADDRESS_PREFIX, RETURNED_PREFIX
from clinic.reminders.addresses import address_hash, domain_hash
from clinic.reminders.models import DomainHold, EngineState, Message, Suppression
from clinic.reminders.occasions import CORRECTED_FOR
from clinic.reminders.policy import OPEN_STATES, OPTED_OUT_PREFIX
from clinic.reminders.rules import TASK_PREFIX
from clinic.reminders.situation import GAP, Contact, Letter
from clinic.reminders.steps import Step
from clinic.scheduling.models import Appointment, ChangeKind
from clinic.treatments.models import ContactAttempt, ContactChannel, ContactOutcome, FollowUp, FollowUpState

_KEPT_CAUSES = (TASK_PREFIX, OPTED_OUT_PREFIX, ADDRESS_PREFIX, RETURNED_PREFIX)
_NOT_REACHED = (ContactOutcome.NO_ANSWER, ContactOutcome.WRONG_NUMBER)
_ANSWERED = (ContactOutcome.REACHED, ContactOutcome.WILL_CALL_BACK, ContactOutcome.DECLINED)
_WRITTEN = (ContactChannel.EMAIL, ContactChannel.LETTER)


class PatientRow(NamedTuple):
    """A patient with their clinic's hours, and whether the engine as a whole is paused."""

    pk: int
    clinic_id: int
    status: str
    email: str
    language: str
    mark: datetime | None
    revision: int
    time_zone: str
    sending_from: time
    sending_until: time
    weekdays: list[int]
    clinic_paused_at: datetime | None
    engine_paused: bool
    held_from: date | None


class FollowUpRow(NamedTuple):
    """A follow-up that is open, or was declared void with its treatment; and the treatment's current version."""

    pk: int
    patient_id: int
    indication_id: int
    opens_on: date
    closes_on: date
    own_on: date | None
    suggested_from: date | None
    created_at: datetime
    snoozed_until: date | None
    version: int | None
    signed_at: datetime | None
    void_at: datetime | None


@dataclass(slots=True)
class VisitRow:
    """An appointment with its last change that a letter could tell of, and when it fell through."""

    pk: int
    patient_id: int
    follow_up_id: int | None
    starts_at: datetime
    state: str
    created_at: datetime
    change: str = ""
    sequence: int = 0
    changed_at: datetime | None = None
    by_patient: bool = False
    with_letter: bool = True
    fell_through_at: datetime | None = None


@dataclass(slots=True)
class Small:
    """Facts of a few words each, by patient (contacts: by follow-up)."""

    consents: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    contacts: dict[int, list[Contact]] = field(default_factory=lambda: defaultdict(list))
    tasks: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    open_tasks: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    asked_to_be_called: set[int] = field(default_factory=set)
    suppressed: set[int] = field(default_factory=set)
    held_domains: dict[int, datetime] = field(default_factory=dict)


def patients(ids: Iterable[int]) -> dict[int, PatientRow]:
    """The patients; read before everything else, so that the mark is older than what it vouches for."""
    standing = Hold.objects.filter(patient=OuterRef("pk"), cleared_at__isnull=True).order_by()
    found = (
        Patient.objects.filter(pk__in=list(ids))
        .order_by("pk")
        .annotate(
            engine_paused=Exists(EngineState.objects.filter(paused_at__isnull=False)),
            held_from=Subquery(standing.values("patient").annotate(first=Min("from_on")).values("first")),
        )
    )
    rows = found.values_list(
        "pk", "clinic_id", "status", "email", "language", "next_check_at", "facts_revision", "clinic__time_zone",
        "clinic__sending_from", "clinic__sending_until", "clinic__sending_weekdays", "clinic__letters_paused_at",
        "engine_paused", "held_from",
    )  # fmt: skip
    return {row[0]: PatientRow._make(row) for row in rows}


def follow_ups(ids: list[int], at: datetime) -> list[FollowUpRow]:
    """The open follow-ups of these patients, and those whose treatment was declared void not long ago."""
    lately_void = Q(state=FollowUpState.VOID, session__void__at__gte=at - CORRECTED_FOR)
    rows = FollowUp.objects.filter(Q(state=FollowUpState.ACTIVE) | lately_void, patient_id__in=ids).order_by("pk")
    return [
        FollowUpRow._make(row)
        for row in rows.values_list(
            "pk", "patient_id", "condition__indication_id", "opens_on", "closes_on", "own_on", "suggested_from", "created_at",
            "snoozed_until", "session__current_version__number", "session__current_version__signed_at", "session__void__at",
        )
    ]  # fmt: skip


def visits(ids: list[int], follow_up_ids: list[int], at: datetime) -> list[VisitRow]:
    """The appointments of these follow-ups, and all that are still to come."""
    wanted = Appointment.objects.filter(Q(follow_up_id__in=follow_up_ids) | Q(starts_at__gt=at), patient_id__in=ids)
    found: dict[int, VisitRow] = {}
    for pk, patient_id, follow_up_id, starts_at, state, created_at, kind, sequence, changed_at, by_patient, with_letter in (
        wanted.order_by("pk", "changes__pk").values_list(
            "pk", "patient_id", "follow_up_id", "starts_at", "state", "created_at", "changes__kind", "changes__sequence",
            "changes__at", "changes__by_patient", "changes__with_letter",
        )
    ):  # fmt: skip
        visit = found.setdefault(pk, VisitRow(pk, patient_id, follow_up_id, starts_at, state, created_at))
        if kind in (ChangeKind.BOOKED, ChangeKind.MOVED, ChangeKind.CANCELLED):
            visit.change, visit.sequence, visit.changed_at = kind, sequence, changed_at
            visit.by_patient, visit.with_letter = by_patient, with_letter
        if kind in (ChangeKind.CANCELLED, ChangeKind.MISSED):
            visit.fell_through_at = changed_at
    return list(found.values())


def letters(ids: list[int], follow_up_ids: list[int], visit_ids: list[int], at: datetime) -> dict[int, dict[str, Letter]]:
    """By patient and key: messages about what is open, those still open themselves, and those that went within the gap.

    Those that told of several follow-ups too, for the one that they were about may have ended before the others.
    """
    found: dict[int, dict[str, Letter]] = defaultdict(dict)
    rows = Message.objects.filter(
        Q(follow_up_id__in=follow_up_ids)
        | Q(appointment_id__in=visit_ids)
        | Q(state__in=list(OPEN_STATES))
        | Q(changed_at__gte=at - GAP)
        | Q(also_about__isnull=False),
        patient_id__in=ids,
    ).order_by("pk")
    for patient_id, key, step, state, reason, follow_up_id, sent_at, handoff_at, also_about in rows.values_list(
        "patient_id", "dedupe_key", "step", "state", "reason", "follow_up_id", "sent_at", "handoff_at", "also_about"
    ):
        if patient_id is not None:
            gone_at = sent_at or handoff_at
            found[patient_id][key] = Letter(key, Step(step), state, reason, follow_up_id, gone_at, tuple(also_about or ()))
    return found


def small(those: dict[int, PatientRow], at: datetime) -> Small:
    """Consents, contacts, tasks, suppressions and domains that asked us to wait, in one query."""
    by_address: dict[tuple[int, str], list[int]] = defaultdict(list)
    by_domain: dict[str, list[int]] = defaultdict(list)
    for row in those.values():
        if row.email:
            by_address[row.clinic_id, address_hash(row.email)].append(row.pk)
            by_domain[domain_hash(row.email)].append(row.pk)
    ids = list(those)
    parts = [
        _part(Consent.objects.filter(patient_id__in=ids), "CONSENT", "patient_id", "purpose", flag="is_given"),
        _part(
            ContactAttempt.objects.filter(
                follow_up__patient_id__in=ids, follow_up__state__in=[FollowUpState.ACTIVE, FollowUpState.VOID]
            ),
            "CONTACT",
            "follow_up_id",
            "channel",
            "outcome",
        ),
        _part(_tasks(ids), "TASK", "patient_id", "kind", "cause_key", at="done_at"),
        _part(
            JoinedCause.objects.filter(task__patient_id__in=ids),
            "TASK",
            "task__patient_id",
            "kind",
            "cause_key",
            at="task__done_at",
        ),
        _part(_suppressions(by_address), "SUPPRESSION", "clinic_id", "address_hash"),
        _part(DomainHold.objects.filter(until__gt=at), "DOMAIN", "strikes", "domain_hash", at="until"),
    ]
    found = Small()
    # The newest row of a consent counts, as in `patients.services.consents_of`.
    for kind, _pk, owner, word, detail, flag, moment in sorted(parts[0].union(*parts[1:], all=True), key=_by_time):
        if kind == "CONSENT":
            (found.consents[owner].add if flag else found.consents[owner].discard)(word)
        elif kind == "CONTACT":
            found.contacts[owner].append(_contact(word, detail, moment))
        elif kind == "TASK":
            _keep_task(found, owner, word, detail, is_open=moment is None)
        elif kind == "SUPPRESSION":
            found.suppressed.update(by_address.get((owner, word), ()))
        else:
            found.held_domains.update(dict.fromkeys(by_domain.get(word, ()), moment))
    return found


def _part(
    rows: QuerySet[Any], kind: str, owner: str, word: str, detail: str = "", *, flag: str = "", at: str = "at"
) -> QuerySet[Any, Any]:
    text, yes = CharField(), BooleanField()
    return rows.order_by().values_list(
        Value(kind, output_field=text),
        "pk",
        owner,
        Cast(word, text),
        Cast(detail, text) if detail else Value("", output_field=text),
        flag or Value(value=True, output_field=yes),
        at,
    )


def _by_time(row: tuple[str, int, int, str, str, bool, datetime | None]) -> tuple[bool, object, int]:
    """Order by time, then by key; what has no time comes first."""
    return (row[6] is not None, row[6] or 0, row[1])


def _tasks(ids: list[int]) -> QuerySet[StaffTask]:
    to_phone = Q(kind__in=[TaskKind.PHONE_ASKED, TaskKind.PHONE_OPTED_OUT], done_at__isnull=True)
    about_letters = Q(cause_key__startswith=TASK_PREFIX) | Q(cause_key__startswith=ADDRESS_PREFIX)
    returned = Q(cause_key__startswith=RETURNED_PREFIX, done_at__isnull=True)
    return StaffTask.objects.filter(about_letters | returned | to_phone, patient_id__in=ids)


def _suppressions(by_address: Iterable[tuple[int, str]]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(lifted_at__isnull=True, address_hash__in=[digest for _clinic, digest in by_address])


def _keep_task(found: Small, patient_id: int, kind: str, cause: str, *, is_open: bool) -> None:
    if cause.startswith(_KEPT_CAUSES):
        found.tasks[patient_id].add(cause)
        if is_open:
            found.open_tasks[patient_id].add(cause)
    elif kind == TaskKind.PHONE_ASKED:
        found.asked_to_be_called.add(patient_id)


def _contact(channel: str, outcome: str, at: datetime) -> Contact:
    reached = outcome not in _NOT_REACHED or (channel in _WRITTEN and outcome == ContactOutcome.NO_ANSWER)
    return Contact(at, reached, outcome in _ANSWERED, outcome == ContactOutcome.DECLINED)
