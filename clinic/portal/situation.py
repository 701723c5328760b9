"""What there is to do for the reader of a link: see a visit, choose a time, or phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from clinic.links import PatientLink
from clinic.patients.models import Hold, StaffTask, TaskKind
from clinic.scheduling.models import Appointment, AppointmentChange, AppointmentState, ChangeKind
from clinic.scheduling.services import OfferedTime, offer_times, others_treat_at
from clinic.scheduling.services.offering import could_be_offered
from clinic.treatments.models import FollowUp, FollowUpState

#: How many times a page offers, and how many of them of one practitioner's day.
LIMIT, PER_DAY = 12, 4
#: From a chosen day on somebody wants to see all of it.
LIMIT_FROM_A_DAY, PER_DAY_FROM_A_DAY = 24, 8


class Task(StrEnum):
    """The one question of the page."""

    VISIT = "VISIT"
    CHOOSE = "CHOOSE"
    PHONE = "PHONE"
    NOTHING = "NOTHING"


@dataclass(frozen=True)
class Situation:
    """What a link leads to now.

    `visit` is the one that is booked. `cancelled` is the last one if it was cancelled and would still be to come, and
    `may_have_again` says that its time can be offered once more, because the patient cancelled it and nobody has taken it.
    """

    task: Task
    follow_up: FollowUp | None
    visit: Appointment | None = None
    cancelled: Appointment | None = None
    may_have_again: bool = False


@dataclass(frozen=True)
class Offer:
    """The times of a choosing page, and what else could be shown."""

    times: list[OfferedTime]
    with_anyone: bool
    others_treat: bool

    @property
    def practitioners(self) -> list[str]:
        """Whom these times are with, each once."""
        return list(dict.fromkeys(time.practitioner.name for time in self.times))

    @property
    def minutes(self) -> int:
        """How long the visit takes."""
        return int((self.times[0].ends_at - self.times[0].starts_at).total_seconds() // 60) if self.times else 0


def situation_of(link: PatientLink, *, now: datetime) -> Situation:
    """Return what there is to do for the reader of `link`. Changes nothing; a fixed number of queries for each answer."""
    follow_up = link.follow_up or (link.appointment.follow_up if link.appointment else None)
    if follow_up is not None:
        follow_up.patient = link.patient
    visits = Appointment.objects.filter(patient=link.patient).select_related("practitioner", "clinic", "kind")
    visits = visits.filter(follow_up=follow_up) if follow_up else visits.filter(pk__in=[link.appointment_id])
    last = visits.order_by("-pk").first()
    coming = last if last is None or last.is_coming else visits.coming().first()
    if coming is not None:
        return Situation(Task.VISIT, follow_up, visit=coming)
    ended = follow_up is not None and follow_up.state != FollowUpState.ACTIVE
    cancelled = last if last and last.state == AppointmentState.CANCELLED and last.starts_at > now else None
    if ended or (follow_up is None and cancelled is None):
        return Situation(Task.NOTHING, follow_up, cancelled=cancelled)
    if not link.patient.is_under_care or _is_on_hold(link, now.astimezone(link.patient.clinic.zone).date()):
        return Situation(Task.PHONE, follow_up, cancelled=cancelled)
    return Situation(Task.CHOOSE, follow_up, cancelled=cancelled, may_have_again=_may_have_again(cancelled))


def offer_for(follow_up: FollowUp, *, from_on: date | None, with_anyone: bool, now: datetime) -> Offer:
    """Return the times to choose from: with the practitioner who knows the patient, or with anybody if they have none."""
    practitioner = follow_up.session.practitioner
    limit, per_day = (LIMIT_FROM_A_DAY, PER_DAY_FROM_A_DAY) if from_on else (LIMIT, PER_DAY)

    def times(*, of_anyone: bool) -> list[OfferedTime]:
        return offer_times(
            follow_up=follow_up,
            practitioner=None if of_anyone else practitioner,
            limit=limit,
            per_day=per_day,
            from_on=from_on,
            now=now,
        )

    found = times(of_anyone=with_anyone)
    if not found and not with_anyone:
        with_anyone, found = True, times(of_anyone=True)
    others_treat = others_treat_at(follow_up.patient.clinic, practitioner)
    return Offer(found, with_anyone, others_treat)


def may_move(link: PatientLink, situation: Situation, *, now: datetime) -> bool:
    """Whether the reader of the link may choose another time for the booked visit by themselves."""
    visit, follow_up = situation.visit, situation.follow_up
    if visit is None or visit.state != AppointmentState.BOOKED or visit.starts_at <= now:
        return False
    if follow_up is None or follow_up.state != FollowUpState.ACTIVE or not link.patient.is_under_care:
        return False
    return not _is_on_hold(link, now.astimezone(link.patient.clinic.zone).date())


def time_before(situation: Situation, *, now: datetime) -> AppointmentChange | None:
    """The move by which the patient gave a time away, if they may have that time again; None if not."""
    visit, follow_up = situation.visit, situation.follow_up
    last = visit.changes.select_related("from_practitioner").order_by("-pk").first() if visit else None
    if visit is None or follow_up is None or last is None or last.kind != ChangeKind.MOVED or not last.by_patient:
        return None
    who, starts_at = last.from_practitioner, last.from_at
    if who is None or starts_at is None or starts_at.astimezone(visit.clinic.zone).date() < follow_up.opens_on:
        return None
    ends_at = starts_at + (visit.ends_at - visit.starts_at)
    taken = Appointment.objects.filter(practitioner=who).taking(starts_at, ends_at).exclude(pk=visit.pk)
    offered = could_be_offered(practitioner=who, clinic=visit.clinic, kind=visit.kind, starts_at=starts_at, now=now)
    return last if offered and not taken.exists() else None


def waits_for_a_call(link: PatientLink) -> bool:
    """Whether the patient has asked to be called and nobody has done it yet."""
    asked = StaffTask.objects.filter(patient=link.patient, kind=TaskKind.PHONE_ASKED, done_at__isnull=True)
    return asked.exists()


def _is_on_hold(link: PatientLink, today: date) -> bool:
    return Hold.objects.filter(patient=link.patient, cleared_at__isnull=True, from_on__lte=today).exists()


def _may_have_again(cancelled: Appointment | None) -> bool:
    if cancelled is None:
        return False
    by_patient = cancelled.changes.filter(kind=ChangeKind.CANCELLED, by_patient=True).exists()
    taken = Appointment.objects.filter(practitioner=cancelled.practitioner_id)
    return by_patient and not taken.taking(cancelled.starts_at, cancelled.ends_at).exists()
