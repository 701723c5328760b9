"""Where a patient's story stands today, after the last treatment."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clinic.audit import Actor
from clinic.care.death import record_death
from clinic.care.discharge import discharge
from clinic.management.seed.courses import Ending
from clinic.patients.models import ConsentPurpose, HoldReason, Patient, PatientStatus
from clinic.patients.services import clear_hold, set_hold, set_status, withdraw_consent
from clinic.treatments.models import ContactChannel, ContactOutcome, FollowUp, InjectionSession, StopReason
from clinic.treatments.services import log_contact, snooze, stop

if TYPE_CHECKING:
    from clinic.management.seed.lives import Life

Story = Generator[datetime, None, None]

_HOLDS = (
    (HoldReason.SIDE_EFFECT, "double vision, until the eye clinic has looked"),
    (HoldReason.PREGNANCY, "due in spring"),
    (HoldReason.SURGERY, "operation planned, wait for the result"),
    (HoldReason.ILLNESS, "pneumonia; daughter phones when better"),
    (HoldReason.AWAY, "abroad with family"),
    (HoldReason.PATIENT_WISH, "wants to see how it goes without"),
)
#: Which course is on hold because of a pregnancy.
PREGNANT = (Ending.HELD, 1)
_STOPS = (
    (StopReason.PATIENT_DECLINED, "content without treatment for now"),
    (StopReason.SURGERY, "free of spasm since the operation"),
    (StopReason.MOVED_AWAY, ""),
    (StopReason.NOT_REACHED, "three calls, a letter by post came back"),
    (StopReason.TREATED_ELSEWHERE, "now treated closer to home"),
    (StopReason.NO_LONGER_NEEDED, "no spasm for a year"),
    (StopReason.NOT_REACHED, "number no longer in use"),
    (StopReason.PATIENT_DECLINED, "does not want injections any more"),
)
_UNREACHED = (
    (ContactOutcome.NO_ANSWER, ""),
    (ContactOutcome.VOICEMAIL, "asked to phone back"),
    (ContactOutcome.NO_ANSWER, "tried in the evening too"),
    (ContactOutcome.WRONG_NUMBER, "number belongs to somebody else"),
)


def end(life: Life, patient: Patient, session: InjectionSession | None) -> Story:
    """Yield when something still happens to this patient before today, and let it happen."""
    ending = life.course.ending
    if session is None:
        yield from _first_visit(life, patient)
        return
    follow_up = FollowUp.objects.select_related("patient__clinic").get(session=session)
    if life.course.opts_out:
        yield from _opts_out(life, patient, follow_up)
    if ending is Ending.BOOKED:
        yield from _booked(life, patient, follow_up)
    elif ending in (Ending.HELD, Ending.PAUSED, Ending.SNOOZED, Ending.WOKEN_TODAY):
        yield from _laid_aside(life, patient, follow_up)
    elif ending in (Ending.STOPPED, Ending.DISCHARGED, Ending.DECEASED):
        yield from _over(life, patient, follow_up)
    elif ending in (Ending.OPEN, Ending.CLOSING, Ending.OVERDUE):
        yield from _phoned(life, follow_up)


def away(life: Life, session: InjectionSession) -> Story:
    """A hold in the middle of a cycle that was cleared again."""
    at = life.place.office_time(session.performed_on + timedelta(days=life.rng.randint(12, 30)), life.rng)
    yield at
    patient = Patient.objects.select_related("clinic").get(pk=session.patient_id)
    hold = set_hold(
        by=life.place.desk,
        patient=patient,
        reason=HoldReason.AWAY,
        review_on=life.place.today(at) + timedelta(days=21),
        note="abroad, back in three weeks",
        now=at,
    )
    at = life.place.office_time(life.place.today(at) + timedelta(days=22), life.rng)
    yield at
    clear_hold(by=life.place.desk, hold=hold, now=at)


def _days_ago(life: Life, least: int, most: int) -> datetime:
    """Some office minute so many days before today; never after now."""
    today = life.place.today(life.scene.now)
    day = life.place.diary.working_day(life.practitioner.pk, today - timedelta(days=life.rng.randint(least, most)))
    return life.place.office_time(day, life.rng)


def _first_visit(life: Life, patient: Patient) -> Story:
    at = _days_ago(life, 2, 6)
    yield max(at, patient.created_at + timedelta(hours=1))
    on = life.place.today(life.scene.now) + timedelta(days=life.rng.randint(3, 18))
    life.book(patient, None, on, max(at, patient.created_at + timedelta(hours=1)))


def _opts_out(life: Life, patient: Patient, follow_up: FollowUp) -> Story:
    at = life.place.office_time(follow_up.opens_on - timedelta(days=life.rng.randint(9, 12)), life.rng)
    yield at
    withdraw_consent(by=Actor.patient(), patient=patient, purpose=ConsentPurpose.INVITE, how="link in a letter", now=at)


def _booked(life: Life, patient: Patient, follow_up: FollowUp) -> Story:
    at = _days_ago(life, 1, 12)
    yield at
    today = life.place.today(life.scene.now)
    soon = 0 if life.course.number % 5 == 0 else life.rng.randint(1, 40)
    # Before a break that would push it past the window.
    latest = life.place.diary.working_day(life.practitioner.pk, follow_up.closes_on - timedelta(days=10))
    on = max(min(today + timedelta(days=soon), latest), follow_up.opens_on)
    life.book(patient, follow_up, on, at, later_than=life.scene.now)


def _laid_aside(life: Life, patient: Patient, follow_up: FollowUp) -> Story:
    ending, today = life.course.ending, life.place.today(life.scene.now)
    if ending is Ending.WOKEN_TODAY:
        yield (at := life.place.office_time(follow_up.session.performed_on + timedelta(days=60), life.rng))
        snooze(by=life.place.desk, follow_up=follow_up, until=today, note="away until then", now=at)
        return
    yield (at := _days_ago(life, 4, 40))
    until = today + timedelta(days=life.rng.randint(12, 60))
    if ending is Ending.PAUSED:
        set_status(by=life.place.desk, patient=patient, status=PatientStatus.PAUSED, now=at)
    elif ending is Ending.SNOOZED:
        snooze(by=life.place.desk, follow_up=follow_up, until=until, note="asked to be left alone until then", now=at)
    else:
        reason, note = _HOLDS[life.course.turn % len(_HOLDS)]
        set_hold(by=life.place.doctor, patient=patient, reason=reason, review_on=until, note=note, now=at)


def _over(life: Life, patient: Patient, follow_up: FollowUp) -> Story:
    yield (at := _days_ago(life, 3, 45))
    if life.course.ending is Ending.DECEASED:
        record_death(by=life.place.desk, patient=patient, now=at)
        return
    life.finish_tasks(patient, "no longer needed", at)
    if life.course.ending is Ending.DISCHARGED:
        discharge(by=life.place.doctor, patient=patient, reason=StopReason.NO_LONGER_NEEDED, now=at)
    else:
        reason, note = _STOPS[life.course.turn % len(_STOPS)]
        stop(by=life.place.desk, follow_up=follow_up, reason=reason, note=note, now=at)


def _phoned(life: Life, follow_up: FollowUp) -> Story:
    """The desk tries to reach some of those who have not answered the letters."""
    tries = {Ending.OPEN: life.rng.random() < 0.35, Ending.CLOSING: 1, Ending.OVERDUE: 2}[life.course.ending]
    on = follow_up.opens_on + timedelta(days=24)
    for number in range(tries):
        on += timedelta(days=life.rng.randint(3, 20))
        yield (at := life.place.office_time(on, life.rng))
        call_back_on = None
        outcome, note = _UNREACHED[(life.course.turn + number) % len(_UNREACHED)]
        if life.course.ending is Ending.OPEN and life.rng.random() < 0.6:
            outcome, note = ContactOutcome.WILL_CALL_BACK, "twitching again; looks at the calendar and phones"
            call_back_on = life.place.today(at) + timedelta(days=5)
            FollowUp.objects.filter(pk=follow_up.pk).update(first_seen_worn_off_on=life.place.today(at))
        log_contact(
            by=life.place.desk,
            follow_up=follow_up,
            channel=ContactChannel.PHONE,
            outcome=outcome,
            note=note,
            call_back_on=call_back_on,
            now=at,
        )
