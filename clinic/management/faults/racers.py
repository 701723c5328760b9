"""The race for a time from within: a clinic, and processes that all book the same time at the same moment."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from datetime import datetime, time, timedelta
from multiprocessing.synchronize import Barrier
from queue import Empty
from typing import Any

from django.db import DatabaseError, connection, connections
from django.utils import timezone

from clinic.accounts import User
from clinic.audit import Actor
from clinic.management.faults.crowd import make_clinic, make_due
from clinic.management.faults.race import RaceResult
from clinic.patients.models import Patient
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.models import Appointment, Availability, VisitKind
from clinic.scheduling.services import BookingRefused, TimeTaken, book, offer_times
from clinic.treatments.models import FollowUp

#: Nobody waits longer for the others.
PATIENCE = 120
#: How many other times a loser is shown, and how many times one day has.
SHOWN, DAILY = 3, 16

_OVERLAPS = (
    "SELECT count(*) FROM clinic_appointment a JOIN clinic_appointment b ON a.id < b.id "
    "AND (a.practitioner_id = b.practitioner_id OR a.patient_id = b.patient_id) "
    "AND a.state IN ('BOOKED', 'ARRIVED', 'TREATED') AND b.state IN ('BOOKED', 'ARRIVED', 'TREATED') "
    "AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
)


def race(*, processes: int, rounds: int) -> RaceResult:
    """Let so many processes race so often, and hold what they say against the whole table. The database is empty before."""
    now = timezone.now()
    clinic, times = _prepare(processes, rounds, now)
    patients = list(Patient.objects.filter(clinic=clinic).order_by("pk").values_list("pk", flat=True))
    vendor = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    result = RaceResult(vendor, processes, rounds)
    # What a fork inherits of a connection would be shared by all.
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    barrier, said = fork.Barrier(processes), fork.Queue()
    runners = [fork.Process(target=_run, args=(patient, times, barrier, said, now), daemon=True) for patient in patients]
    for runner in runners:
        runner.start()
    heard: Counter[tuple[int, str]] = Counter()
    try:
        for _answer in range(processes * rounds):
            number, word, detail = said.get(timeout=PATIENCE)
            heard[number, word] += 1
            if word == "broken":
                result.broken.append(detail)
    except Empty:
        result.broken.append("somebody never came to the end")
    for runner in runners:
        runner.join(5)
        if runner.is_alive():
            runner.kill()
    result.booked = sum(heard[number, "booked"] for number in range(rounds))
    result.offered = sum(heard[number, "told"] for number in range(rounds))
    result.told = result.offered + sum(heard[number, "told too little"] for number in range(rounds))
    result.broken += [
        f"round {number}: {heard[number, 'booked']} got it" for number in range(rounds) if heard[number, "booked"] != 1
    ]
    result.broken += _at_odds(times)
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAPS)
        result.overlaps = cursor.fetchone()[0]
    return result


def _at_odds(times: list[datetime]) -> list[str]:
    """What the table holds and should not: each time stands there once, with its row of history, and nothing else does."""
    live = list(Appointment.objects.order_by("starts_at").values_list("starts_at", "changes__kind"))
    return [] if live == [(at, "BOOKED") for at in times] else [f"{len(live)} visits stand for {len(times)} times"]


def _run(patient: int, times: list[datetime], barrier: Barrier, said: Any, now: datetime) -> None:
    """One process: want each time in turn, at the same moment as everybody else, and say what came of it."""
    follow_up = FollowUp.objects.select_related("patient__clinic", "session__practitioner").get(patient=patient)
    kind = VisitKind.objects.get(clinic=follow_up.patient.clinic)
    by = Actor.of_user(User.objects.earliest("pk"))
    for number, at in enumerate(times):
        connection.ensure_connection()
        barrier.wait(PATIENCE)
        said.put((number, *_try(follow_up, kind, at, by, now)))


def _try(follow_up: FollowUp, kind: VisitKind, at: datetime, by: Actor, now: datetime) -> tuple[str, str]:
    # For no follow-up: it stays open, so that its patient can be in the next round and is offered other times in this one.
    patient, practitioner = follow_up.patient, follow_up.session.practitioner
    try:
        book(by=by, patient=patient, practitioner=practitioner, clinic=patient.clinic, kind=kind, starts_at=at, now=now)
    except TimeTaken as refused:
        others = offer_times(follow_up=follow_up, limit=SHOWN, from_on=at.date(), now=now)
        is_kind = bool(str(refused.message)) and bool(others) and at not in {other.starts_at for other in others}
        return ("told" if is_kind else "told too little"), ""
    except (BookingRefused, DatabaseError) as error:
        return "broken", f"{type(error).__name__}: {error}"
    return "booked", ""


def _prepare(processes: int, rounds: int, now: datetime) -> tuple[Clinic, list[datetime]]:
    """A clinic in which one practitioner sees everybody, a patient for each process, and a time for each round."""
    clinic = make_clinic(now=now)
    User.objects.create_user(email="desk@clinic.example")
    make_due(clinic, processes, now=now)
    practitioner = Practitioner.objects.get(clinics=clinic)
    VisitKind.objects.create(clinic=clinic, code="TREATMENT", name="Treatment", minutes=30)
    for weekday in range(7):
        Availability.objects.create(
            clinic=clinic,
            practitioner=practitioner,
            weekday=weekday,
            starts=time(8),
            ends=time(8 + DAILY // 2),
            valid_from=now.date(),
        )
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(8), tzinfo=now.tzinfo)
    return clinic, [tomorrow + timedelta(days=one // DAILY, minutes=30 * (one % DAILY)) for one in range(rounds)]
