"""Loads what the policy looks at, for a whole batch of patients in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic.patients.models import Hold, Patient, StaffTask, TaskKind
from clinic.patients.services import consents_of
from clinic.practice.models import Clinic
from clinic.reminders.addresses import address_hash, domain_hash, is_deliverable
from clinic.reminders.hours import SendingHours
from clinic.reminders.models import DomainHold, EngineState, Message, Suppression
from clinic.reminders.policy import OPEN_STATES, TASK_PREFIX
from clinic.reminders.situation import GAP, Address, Contact, FollowUpFacts, Letter, Situation, VisitFacts
from clinic.reminders.steps import Step
from clinic.scheduling.models import COMING_STATES, Appointment, AppointmentChange, AppointmentState, ChangeKind
from clinic.treatments.models import ContactAttempt, ContactChannel, ContactOutcome, FollowUp, FollowUpState

#: Changes of which a letter can tell, and those after which a follow-up is owed again.
_NEWS = (ChangeKind.BOOKED, ChangeKind.MOVED, ChangeKind.CANCELLED)
_FALLEN = (ChangeKind.CANCELLED, ChangeKind.MISSED)
_NOT_REACHED = (ContactOutcome.NO_ANSWER, ContactOutcome.WRONG_NUMBER)
_ANSWERED = (ContactOutcome.REACHED, ContactOutcome.WILL_CALL_BACK, ContactOutcome.DECLINED)
_WRITTEN = (ContactChannel.EMAIL, ContactChannel.LETTER)


class _Row(NamedTuple):
    """A patient as the queries begin with them."""

    pk: int
    clinic_id: int
    status: str
    email: str
    language: str
    mark: datetime | None


@dataclass(slots=True)
class _Visits:
    """The appointments of a batch, sorted by what they mean."""

    by_patient: dict[int, list[VisitFacts]] = field(default_factory=lambda: defaultdict(list))
    booked: set[int] = field(default_factory=set)
    fallen: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    appointments: set[int] = field(default_factory=set)


def load(patient_ids: Iterable[int], *, at: datetime) -> dict[int, Situation]:
    """Return the situation of each of these patients as the database has it now. `at` only bounds what is looked at."""
    patients = _patients(patient_ids)
    ids = list(patients)
    hours, paused_clinics = _clinics({row.clinic_id for row in patients.values()})
    engine_paused = EngineState.objects.filter(pk=1, paused_at__isnull=False).exists()
    follow_up_rows = list(_follow_up_rows(ids))
    visits = _visits(ids, {row["pk"]: row["condition__indication_id"] for row in follow_up_rows}, at)
    contacts = _contacts([row["pk"] for row in follow_up_rows])
    follow_ups: dict[int, list[FollowUpFacts]] = defaultdict(list)
    for row in follow_up_rows:
        zone = hours[patients[row["patient_id"]].clinic_id].zone
        follow_ups[row["patient_id"]].append(_follow_up(row, zone, visits, contacts))
    letters = _letters(ids, [row["pk"] for row in follow_up_rows], visits.appointments, at)
    consents = consents_of(ids)
    held = _held(ids, {pk: hours[row.clinic_id].local_date(at) for pk, row in patients.items()})
    tasks, open_tasks, asked = _tasks(ids)
    suppressed = _suppressed(patients.values())
    domains = _held_domains(patients.values(), at)
    return {
        pk: Situation(
            patient_id=pk,
            clinic_id=row.clinic_id,
            hours=hours[row.clinic_id],
            language=row.language,
            mark=row.mark,
            status=row.status,
            address=_address(row.email, pk in suppressed),
            consents=frozenset(consents[pk]),
            on_hold=pk in held,
            asked_to_be_called=pk in asked,
            follow_ups=tuple(follow_ups[pk]),
            visits=tuple(visits.by_patient[pk]),
            letters=letters[pk],
            tasks=frozenset(tasks[pk]),
            open_tasks=frozenset(open_tasks[pk]),
            engine_paused=engine_paused,
            clinic_paused=row.clinic_id in paused_clinics,
            domain_held_until=domains.get(pk),
        )
        for pk, row in patients.items()
    }


def _patients(ids: Iterable[int]) -> dict[int, _Row]:
    found = Patient.objects.filter(pk__in=list(ids))
    rows = found.values_list("pk", "clinic_id", "status", "email", "language", "next_check_at")
    return {pk: _Row(pk, clinic, status, email, language, mark) for pk, clinic, status, email, language, mark in rows}


def _clinics(ids: set[int]) -> tuple[dict[int, SendingHours], set[int]]:
    hours, paused = {}, set()
    for clinic in Clinic.objects.filter(pk__in=ids):
        hours[clinic.pk] = sending_hours(clinic)
        if clinic.letters_paused_at is not None:
            paused.add(clinic.pk)
    return hours, paused


def sending_hours(clinic: Clinic) -> SendingHours:
    """Return when this clinic's letters may go."""
    return SendingHours(clinic.zone, clinic.sending_from, clinic.sending_until, frozenset(clinic.sending_weekdays))


def _follow_up_rows(ids: list[int]) -> Iterator[Mapping[str, Any]]:
    return FollowUp.objects.filter(patient_id__in=ids, state=FollowUpState.ACTIVE).order_by("pk").values(
        "pk", "patient_id", "condition__indication_id", "opens_on", "closes_on", "own_on", "suggested_from", "created_at",
        "snoozed_until",
    ).iterator()  # fmt: skip


def _follow_up(row: Mapping[str, Any], zone: ZoneInfo, visits: _Visits, contacts: dict[int, list[Contact]]) -> FollowUpFacts:
    fallen = visits.fallen.get(row["pk"], [])
    return FollowUpFacts(
        pk=row["pk"],
        indication_id=row["condition__indication_id"],
        opens_on=row["opens_on"],
        closes_on=row["closes_on"],
        suggested_on=row["own_on"] or row["suggested_from"] or row["opens_on"],
        created_on=row["created_at"].astimezone(zone).date(),
        snoozed_until=row["snoozed_until"],
        is_booked=row["pk"] in visits.booked,
        fallen_through=len(fallen),
        fell_through_at=max(fallen, default=None),
        contacts=tuple(contacts.get(row["pk"], ())),
    )


def _visits(ids: list[int], indications: dict[int, int], at: datetime) -> _Visits:
    """Appointments of the open follow-ups, and all that are still to come."""
    rows = list(
        Appointment.objects.filter(Q(follow_up_id__in=list(indications)) | Q(starts_at__gt=at), patient_id__in=ids)
        .order_by("pk")
        .values_list("pk", "patient_id", "follow_up_id", "starts_at", "state", "created_at")
    )
    news: dict[int, tuple[str, int, datetime, bool, bool]] = {}
    fell_at: dict[int, datetime] = {}
    changes = AppointmentChange.objects.filter(appointment_id__in=[row[0] for row in rows]).order_by("pk")
    for pk, kind, sequence, changed_at, by_patient, with_letter in changes.values_list(
        "appointment_id", "kind", "sequence", "at", "by_patient", "with_letter"
    ):
        if kind in _NEWS:
            news[pk] = (kind, sequence, changed_at, by_patient, with_letter)
        if kind in _FALLEN:
            fell_at[pk] = changed_at
    found = _Visits()
    for pk, patient_id, follow_up_id, starts_at, state, created_at in rows:
        if state in COMING_STATES and follow_up_id is not None:
            found.booked.add(follow_up_id)
        if state in (AppointmentState.CANCELLED, AppointmentState.MISSED) and follow_up_id is not None:
            found.fallen[follow_up_id].append(fell_at.get(pk, created_at))
        if pk in news and starts_at > at and state in (*COMING_STATES, AppointmentState.CANCELLED):
            change, sequence, changed_at, by_patient, with_letter = news[pk]
            found.appointments.add(pk)
            found.by_patient[patient_id].append(
                VisitFacts(
                    pk, follow_up_id, indications.get(follow_up_id or 0), starts_at, state, change, sequence, changed_at,
                    by_patient, with_letter,
                )
            )  # fmt: skip
    return found


def _contacts(follow_up_ids: list[int]) -> dict[int, list[Contact]]:
    found: dict[int, list[Contact]] = defaultdict(list)
    rows = ContactAttempt.objects.filter(follow_up_id__in=follow_up_ids).order_by("at", "pk")
    for pk, channel, outcome, at in rows.values_list("follow_up_id", "channel", "outcome", "at"):
        reached = outcome not in _NOT_REACHED or (channel in _WRITTEN and outcome == ContactOutcome.NO_ANSWER)
        found[pk].append(Contact(at, reached, outcome in _ANSWERED, outcome == ContactOutcome.DECLINED))
    return found


def _letters(ids: list[int], follow_ups: list[int], appointments: set[int], at: datetime) -> dict[int, dict[str, Letter]]:
    found: dict[int, dict[str, Letter]] = defaultdict(dict)
    rows = Message.objects.filter(
        Q(follow_up_id__in=follow_ups)
        | Q(appointment_id__in=list(appointments))
        | Q(state__in=list(OPEN_STATES))
        | Q(changed_at__gte=at - GAP),
        patient_id__in=ids,
    ).order_by("pk")
    for patient_id, key, step, state, reason, follow_up_id, sent_at, handoff_at in rows.values_list(
        "patient_id", "dedupe_key", "step", "state", "reason", "follow_up_id", "sent_at", "handoff_at"
    ):
        gone_at = sent_at or handoff_at
        found[patient_id][key] = Letter(key, Step(step), state, reason, follow_up_id, gone_at)
    return found


def _held(ids: list[int], today: dict[int, Any]) -> set[int]:
    rows = Hold.objects.filter(patient_id__in=ids, cleared_at__isnull=True).values_list("patient_id", "from_on")
    return {pk for pk, from_on in rows if from_on <= today[pk]}


def _tasks(ids: list[int]) -> tuple[dict[int, set[str]], dict[int, set[str]], set[int]]:
    """The cause keys of tasks that stand in for steps, those of them still open, and who waits for a call."""
    tasks: dict[int, set[str]] = defaultdict(set)
    still_open: dict[int, set[str]] = defaultdict(set)
    asked: set[int] = set()
    rows = StaffTask.objects.filter(
        Q(cause_key__startswith=TASK_PREFIX) | Q(kind=TaskKind.PHONE_ASKED, done_at__isnull=True), patient_id__in=ids
    )
    for pk, kind, cause, done_at in rows.values_list("patient_id", "kind", "cause_key", "done_at"):
        if cause.startswith(TASK_PREFIX):
            tasks[pk].add(cause)
            if done_at is None:
                still_open[pk].add(cause)
        elif kind == TaskKind.PHONE_ASKED:
            asked.add(pk)
    return tasks, still_open, asked


def _suppressed(patients: Iterable[_Row]) -> set[int]:
    wanted: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in patients:
        if row.email:
            wanted[row.clinic_id, address_hash(row.email)].append(row.pk)
    standing = Suppression.objects.filter(
        lifted_at__isnull=True, address_hash__in=[digest for _clinic, digest in wanted]
    ).values_list("clinic_id", "address_hash")
    return {pk for found in standing for pk in wanted.get(found, ())}


def _held_domains(patients: Iterable[_Row], at: datetime) -> dict[int, datetime]:
    held = dict(DomainHold.objects.filter(until__gt=at).values_list("domain_hash", "until"))
    if not held:
        return {}
    return {row.pk: held[digest] for row in patients if row.email and (digest := domain_hash(row.email)) in held}


def _address(email: str, is_suppressed: bool) -> Address:
    if not is_deliverable(email):
        return Address.MISSING
    return Address.SUPPRESSED if is_suppressed else Address.USABLE
