"""What one act changes in several rooms, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from django.db import transaction
from django.db.models import QuerySet

from clinic import audit
from clinic.care.check_facts import background_of
from clinic.care.checking import check_visit
from clinic.patients.models import Condition, Patient, PatientStatus
from clinic.practice.models import Clinic, Practitioner
from clinic.prepared import PreparedObjects
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.scheduling.services import ChangeRefused, mark_locked_treated, mark_treated
from clinic.toxins.models import Vial
from clinic.toxins.rules import LabelLimit
from clinic.toxins.services import Taken, VialRefused, draw_locked
from clinic.treatments import dosing
from clinic.treatments.models import FollowUp, FollowUpState, InjectionSession
from clinic.treatments.services import (
    NO_ANSWERS,
    Point,
    Problem,
    TreatmentRefused,
    close_active,
    draws_from,
    lock_for_signing,
    open_follow_up,
    problems_from,
    sign_locked,
    total_of,
    use_up_draft,
)


@transaction.atomic
@audit.together()
def complete_visit(
    *,
    by: audit.Actor,
    patient: Patient,
    condition: Condition,
    practitioner: Practitioner,
    vials: Sequence[Vial],
    points: Sequence[Point],
    performed_on: date,
    own_next_on: date | None = None,
    notes: str = "",
    discard_rest: bool = False,
    wasted: Decimal = Decimal(0),
    waste_reason: str = "",
    shared_confirmed: bool = False,
    appointment: Appointment | None = None,
    lid_technique: str = "",
    guidance: str = "",
    answers: Mapping[str, str] = NO_ANSWERS,
    reasons: Mapping[str, str] = NO_ANSWERS,
    public_id: uuid.UUID | None = None,
    draft_revision: int | None = None,
    now: datetime,
) -> InjectionSession:
    """Record and sign a treatment and everything that follows from it.

    The treatment is signed and its units leave the vials: the first until it is empty, then the next. `wasted` units are thrown
    away from the last of them, or with `discard_rest` all that is left in it. A vial that another patient's treatment drew from
    needs `shared_confirmed`. The condition's active follow-up ends as treated and a new one opens with its window. A visit booked
    for that follow-up on the day of the treatment, or the one given as `appointment`, becomes treated; a later one stays as it is
    (see `visits_left_over`).
    A treatment entered after a newer one is written down but moves no follow-up; neither does one of a patient who has died.
    `answers` are today's to the pre-injection check, by item; every question must have one. `reasons`, by the key of a finding,
    say why a warning or a stop of the checks is gone past; a stop needs a clinician who signs. Both are kept.
    The patient's row is locked first, then the vials. The condition's draft, if the signed form had one (`draft_revision`; 0:
    none), is used up.
    Raises TreatmentRefused with every problem and every finding, AlreadyRecorded for a repeated `public_id`, DraftConflict where
    the draft says something else by now; nothing is written then.
    """
    if not vials:
        raise TreatmentRefused(problems_from([dosing.Finding("vial", dosing.Code.VIAL_NEEDED)]))
    locked = lock_for_signing(patient=patient, vials=vials, now=now)
    waste = problems_from(dosing.check_waste(wasted=wasted, reason=waste_reason, discard_rest=discard_rest))
    problems = waste + problems_from(
        [
            *dosing.check_own_date(own_on=own_next_on, performed_on=performed_on),
            *_check_appointment(appointment, patient, performed_on),
        ]
    )
    draws = draws_from(
        [locked[vial.pk] for vial in vials],
        total=total_of(points),
        # What is thrown away and cannot be is told already.
        wasted=Decimal(0) if waste else wasted,
        reason=waste_reason,
        discard_rest=discard_rest,
        shared_confirmed=shared_confirmed,
    )
    background = background_of(patient.pk)
    checked = check_visit(
        by=by,
        patient=patient,
        condition=condition,
        product=draws[0].vial.lot.product,
        points=points,
        performed_on=performed_on,
        vials=[one.vial for one in draws],
        lid_technique=lid_technique,
        answers=answers,
        reasons=reasons,
        background=background,
        now=now,
    )
    problems += checked.problems
    try:
        session = sign_locked(
            by=by,
            patient=patient,
            condition=condition,
            practitioner=practitioner,
            product=draws[0].vial.lot.product,
            points=points,
            draws=draws,
            vials=locked,
            performed_on=performed_on,
            notes=notes,
            guidance=guidance,
            lid_technique=lid_technique,
            checked=checked,
            public_id=public_id,
            now=now,
        )
        taken = [(one.vial, Taken(one.given, one.wasted, one.waste_reason)) for one in draws]
        draw_locked(by=by, taken=taken, on=performed_on, now=now)
    except TreatmentRefused as refused:
        raise checked.refused([*refused.problems, *problems]) from refused
    except VialRefused as refused:
        raise checked.refused([Problem("vial", refused.message), *problems]) from refused
    if problems or checked.unanswered:
        raise checked.refused(problems)
    newest = background.newest_on(condition.pk)
    visit = None
    if newest is None or newest <= performed_on:
        visit = _locked_visit(condition)
        _turn_over(by=by, session=session, visit=visit, own_on=own_next_on, limits=checked.limits, now=now)
    try:
        if visit is not None and (visit == appointment if appointment else _day_of(visit, visit.clinic) == performed_on):
            mark_locked_treated(by=by, appointment=visit, now=now)
        elif appointment is not None:
            mark_treated(by=by, appointment=appointment, now=now)
    except ChangeRefused as refused:
        raise TreatmentRefused([Problem("appointment", str(refused))]) from refused
    if draft_revision is not None:
        use_up_draft(condition=condition, revision=draft_revision)
    return session


def visits_left_over(*, session: InjectionSession) -> QuerySet[Appointment]:
    """Visits still expected for follow-ups of this treatment's condition that have ended: staff keep or cancel them.

    They are not moved to the new follow-up: a time chosen for the old window would silence the letters of the new one.
    """
    return (
        Appointment.objects.filter(follow_up__condition_id=session.condition_id, state__in=COMING_STATES)
        .exclude(follow_up__state=FollowUpState.ACTIVE)
        .select_related("practitioner", "clinic")
        .order_by("starts_at")
    )


def _turn_over(
    *,
    by: audit.Actor,
    session: InjectionSession,
    visit: Appointment | None,
    own_on: date | None,
    limits: Sequence[LabelLimit] | None,
    now: datetime,
) -> None:
    """End the condition's active follow-up, read with its `visit` where it has one, and open the new one."""
    ended = close_active(condition=session.condition, locked=visit.follow_up if visit else None, now=now)
    changes: list[tuple[FollowUp, str, list[str]]] = []
    if ended is not None:
        changes.append((ended, audit.Action.CHANGED, ["state", "ended_at"]))
    if session.patient.status != PatientStatus.DECEASED:
        changes.append((open_follow_up(session=session, own_on=own_on, limits=limits, now=now), audit.Action.CREATED, []))
    for follow_up, action, fields in changes:
        audit.record(
            by=by,
            action=action,
            what=follow_up,
            patient_public_id=session.patient.public_id,
            clinic_id=session.clinic_id,
            fields=fields,
            now=now,
        )


def _check_appointment(appointment: Appointment | None, patient: Patient, performed_on: date) -> Iterator[dosing.Finding]:
    if appointment is None:
        return
    visit_on = _day_of(appointment, patient.clinic)
    if appointment.patient_id != patient.pk:
        yield dosing.Finding("appointment", dosing.Code.APPOINTMENT_NOT_OF_PATIENT)
    elif visit_on != performed_on:
        yield dosing.Finding("appointment", dosing.Code.APPOINTMENT_ON_ANOTHER_DAY, {"visit_on": visit_on})


def _locked_visit(condition: Condition) -> Appointment | None:
    """The coming visit of the condition's active follow-up: both locked, and as they stand."""
    return _visit_query().first({"condition": condition.pk})


@cache
def _visit_query() -> PreparedObjects[Appointment]:
    visits = (
        Appointment.objects.select_for_update(of=("self", "follow_up"))
        .select_related("follow_up", "clinic", "patient")
        .filter(follow_up__condition=-1, follow_up__state=FollowUpState.ACTIVE, state__in=COMING_STATES)
    )
    return PreparedObjects(visits.order_by("pk")[:1], {"condition": -1})


def _day_of(appointment: Appointment, clinic: Clinic) -> date:
    return appointment.starts_at.astimezone(clinic.zone).date()
