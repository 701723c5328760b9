"""Recording a treatment: everything is checked, written and signed in one go."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from django.db import transaction
from django.db.models import QuerySet

from clinic import audit
from clinic.patients.models import Condition, Patient
from clinic.practice.models import Practitioner
from clinic.prepared import PreparedList
from clinic.toxins.models import Product, Vial
from clinic.treatments import dosing
from clinic.treatments.models import InjectionSession, SessionState, SessionVersion
from clinic.treatments.services.checking import UNCHECKED, Checked, write_answers, write_overrides
from clinic.treatments.services.locking import lock_for_signing, read_earlier
from clinic.treatments.services.parts import (
    Draw,
    Point,
    point_facts,
    total_of,
    vial_facts,
    vial_use_row,
    volumes_of,
    write_injections,
)
from clinic.treatments.services.refusals import TreatmentRefused, problems_from
from clinic.writing import insert, update


def signed_sessions(*, condition: Condition) -> QuerySet[InjectionSession]:
    """The signed treatments of a condition, newest first, each with its current version and product."""
    return (
        InjectionSession.objects.filter(condition=condition, state=SessionState.SIGNED)
        .select_related("current_version", "product", "practitioner")
        .order_by("-performed_on", "-id")
    )


@transaction.atomic
def record_signed(
    *,
    by: audit.Actor,
    patient: Patient,
    condition: Condition,
    practitioner: Practitioner,
    product: Product,
    points: Sequence[Point],
    draws: Sequence[Draw],
    performed_on: date,
    performed_at: datetime | None = None,
    notes: str = "",
    guidance: str = "",
    lid_technique: str = "",
    public_id: uuid.UUID | None = None,
    now: datetime,
) -> InjectionSession:
    """Write a treatment with its points and what was drawn, and sign it as version 1.

    The patient's row is locked first, then the vials. Vials themselves are not changed: that is `toxins.services.draw`.
    `public_id` is a token of the form: a form sent twice is written once.
    Raises TreatmentRefused with every problem, AlreadyRecorded for a repeated token, ValueError when no person signs.
    """
    vials = lock_for_signing(patient=patient, vials=[draw.vial for draw in draws], now=now)
    return sign_locked(
        by=by,
        patient=patient,
        condition=condition,
        practitioner=practitioner,
        product=product,
        points=points,
        draws=draws,
        vials=vials,
        performed_on=performed_on,
        performed_at=performed_at,
        notes=notes,
        guidance=guidance,
        lid_technique=lid_technique,
        public_id=public_id,
        now=now,
    )


def sign_locked(
    *,
    by: audit.Actor,
    patient: Patient,
    condition: Condition,
    practitioner: Practitioner,
    product: Product,
    points: Sequence[Point],
    draws: Sequence[Draw],
    vials: dict[int, Vial],
    performed_on: date,
    performed_at: datetime | None = None,
    notes: str = "",
    guidance: str = "",
    lid_technique: str = "",
    checked: Checked = UNCHECKED,
    public_id: uuid.UUID | None = None,
    now: datetime,
) -> InjectionSession:
    """`record_signed` for a caller whose transaction holds the locks: `vials` is what `lock_for_signing` returned.

    What `checked` holds is kept with the treatment: today's answers and, once everything is answered, why warnings and stops
    were gone past. Whether it may be signed with findings unanswered is the caller's to say.
    """
    if by.user is None:
        raise ValueError("A treatment is signed by a person.")
    public_id = public_id or uuid.uuid4()
    shared = read_earlier(public_id, condition, patient, vials.values())
    total = total_of(points)
    problems = problems_from(
        [
            *check_people(patient, condition, practitioner),
            *dosing.check_dates(
                performed_on=performed_on, today=now.astimezone(patient.clinic.zone).date(), born_on=patient.born_on
            ),
            *dosing.check_points([point_facts(point, patient.clinic_id) for point in points], condition_side=condition.side),
            *_check_draws(draws, vials, patient, product, total, performed_on, now),
            *check_shared(draws, vials, shared),
        ]
    )
    if problems:
        raise TreatmentRefused(problems)
    session = InjectionSession(
        public_id=public_id,
        patient=patient,
        condition=condition,
        product=product,
        clinic=patient.clinic,
        practitioner=practitioner,
        performed_on=performed_on,
        performed_at=performed_at,
        state=SessionState.DRAFT,
        created_at=now,
    )
    insert([session])
    version = SessionVersion(
        session=session,
        number=1,
        performed_on=performed_on,
        practitioner=practitioner,
        product=product,
        total_units=total,
        guidance=guidance,
        lid_technique=lid_technique,
        notes=notes,
    )
    insert([version])
    write_injections(version, points, volumes_of(points, draws, vials))
    insert([vial_use_row(version, draw, is_shared=draw.vial.pk in shared) for draw in draws])
    write_answers(version=version, answers=checked.answers, now=now)
    overrides = write_overrides(by=by.user, session=session, checked=checked, now=now) if checked.is_answered else 0
    # Signed last: from here on the database refuses any change of the version and its parts.
    version.signed_by, version.signed_at = by.user, now
    update(version, ["signed_by", "signed_at"])
    session.state, session.current_version = SessionState.SIGNED, version
    update(session, ["state", "current_version"])
    audit.record(
        by=by,
        action=audit.Action.SIGNED,
        what=session,
        patient_public_id=patient.public_id,
        clinic_id=patient.clinic_id,
        fields=["overrides"] if overrides else [],
        version=version.number,
        now=now,
    )
    for pk in shared:
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=vials[pk],
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=["shared_confirmed"],
            now=now,
        )
    return session


def check_people(patient: Patient, condition: Condition, practitioner: Practitioner) -> Iterator[dosing.Finding]:
    """The condition is this patient's, and the practitioner treats at their clinic."""
    if condition.patient_id != patient.pk:
        yield dosing.Finding("condition", dosing.Code.CONDITION_NOT_OF_PATIENT)
    if not _place_query().rows({"practitioner": practitioner.pk, "clinic": patient.clinic_id}):
        yield dosing.Finding("practitioner", dosing.Code.PRACTITIONER_NOT_HERE)


@cache
def _place_query() -> PreparedList:
    """Whether a practitioner treats at a clinic."""
    places = Practitioner.clinics.through.objects.filter(practitioner=-1, clinic=-2).values_list("clinic")
    return PreparedList(places, {"practitioner": -1, "clinic": -2})


def _check_draws(
    draws: Sequence[Draw],
    vials: dict[int, Vial],
    patient: Patient,
    product: Product,
    total: Decimal,
    performed_on: date,
    now: datetime,
) -> Iterator[dosing.Finding]:
    if not draws:
        yield dosing.Finding("vial", dosing.Code.VIAL_NEEDED)
        return
    if len(vials) < len(draws):
        keys = [draw.vial.pk for draw in draws]
        again = next(number for number, key in enumerate(keys) if key in keys[:number])
        yield dosing.Finding(_vial_field(again), dosing.Code.VIAL_TWICE)
        return
    drawn = sum((draw.given for draw in draws), Decimal(0))
    if drawn != total:
        yield dosing.Finding("vial", dosing.Code.DRAWN_NOT_WHAT_WAS_GIVEN, {"given": total, "drawn": drawn})
    for number, draw in enumerate(draws):
        if draw.wasted < 0 or (draw.wasted > 0 and not draw.waste_reason):
            yield dosing.Finding("waste_reason", dosing.Code.WASTE_NOT_IN_ORDER)
        if number > 0 and draw.given + draw.wasted == 0:
            yield dosing.Finding(_vial_field(number), dosing.Code.VIAL_NOT_NEEDED)
        for finding in dosing.check_vial(
            vial_facts(vials[draw.vial.pk], patient, product),
            performed_on=performed_on,
            now=now,
            zone=patient.clinic.zone,
            given=draw.given,
            wasted=draw.wasted,
        ):
            is_share = finding.code == dosing.Code.TOTAL_NOT_IN_VIAL and len(draws) > 1
            yield replace(finding, field=_vial_field(number), code=dosing.Code.SHARE_NOT_IN_VIAL if is_share else finding.code)


def check_shared(draws: Sequence[Draw], vials: Mapping[int, Vial], shared: Collection[int]) -> Iterator[dosing.Finding]:
    """A vial is one patient's by its label in the US [P3]: a second one needs the word of whoever signs."""
    for draw in draws:
        if draw.vial.pk in shared and not draw.shared_confirmed:
            facts = {"lot": vials[draw.vial.pk].lot.number}
            yield dosing.Finding("shared_confirmed", dosing.Code.VIAL_OF_OTHER_PATIENT, facts)


def _vial_field(number: int) -> str:
    """Where the form asks for a vial: vial, vial_2, vial_3."""
    return "vial" if number == 0 else f"vial_{number + 1}"
