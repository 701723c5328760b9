"""Recording a treatment: everything is checked, written and signed in one go."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from django.db import transaction
from django.db.models import F, IntegerField, QuerySet, Value

from clinic import audit
from clinic.patients.models import Condition, Patient
from clinic.patients.services import look_again
from clinic.practice.models import Practitioner
from clinic.prepared import STAND_IN, PreparedList, PreparedObjects
from clinic.toxins.models import Product, Vial
from clinic.treatments import dosing, wording
from clinic.treatments.models import Injection, InjectionSession, SessionState, SessionVersion, VialUse
from clinic.treatments.services.checking import UNCHECKED, Checked, write_answers, write_overrides
from clinic.treatments.services.parts import (
    Draw,
    Point,
    injection_row,
    point_facts,
    total_of,
    vial_facts,
    vial_use_row,
    volumes_of,
)
from clinic.treatments.services.refusals import AlreadyRecorded, Problem, TreatmentRefused, problems_from

#: Stands in a prepared query where the token of a form goes.
_NO_FORM = uuid.UUID(int=0)


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


def lock_for_signing(*, patient: Patient, vials: Sequence[Vial], now: datetime) -> dict[int, Vial]:
    """Lock the patient's row, then the vials in the order of their keys, so that two treatments never wait for each other.

    Returns the vials as they stand now, by key, with their lot and product. To be called in a transaction.
    """
    look_again([patient.pk], now=now)
    keys = {vial.pk for vial in vials}
    rows = _vials_query(len(keys)).all(dict(zip(_numbered(len(keys)), keys, strict=True))) if keys else []
    locked = {vial.pk: vial for vial in rows}
    for vial in locked.values():
        if vial.clinic_id == patient.clinic_id:
            vial.clinic = patient.clinic
    return locked


@lru_cache(maxsize=16)
def _vials_query(number: int) -> PreparedObjects[Vial]:
    """So many vials, locked."""
    keys = _numbered(number)
    rows = Vial.objects.select_for_update(of=("self",)).select_related("lot__product").filter(pk__in=list(keys.values()))
    return PreparedObjects(rows.order_by("pk"), keys)


def _numbered(number: int) -> dict[str, int]:
    """What stands in a prepared query for so many vials."""
    return {f"vial {ordinal}": -1 - ordinal for ordinal in range(number)}


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
    shared = _read_earlier(public_id, condition, patient, vials.values())
    total = total_of(points)
    problems = problems_from(
        [
            *check_people(patient, condition, practitioner),
            *dosing.check_dates(
                performed_on=performed_on, today=now.astimezone(patient.clinic.zone).date(), born_on=patient.born_on
            ),
            *dosing.check_points([point_facts(point) for point in points], condition_side=condition.side),
            *_check_draws(draws, vials, patient, product, total, performed_on, now),
            *check_shared(draws, vials, shared),
        ]
    )
    if problems:
        raise TreatmentRefused(problems)
    session = InjectionSession.objects.create(
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
    version = SessionVersion.objects.create(
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
    Injection.objects.bulk_create(
        injection_row(version, order, point, volume)
        for order, (point, volume) in enumerate(zip(points, volumes_of(points, draws, vials), strict=True))
    )
    VialUse.objects.bulk_create(vial_use_row(version, draw, is_shared=draw.vial.pk in shared) for draw in draws)
    write_answers(version=version, answers=checked.answers, now=now)
    overrides = write_overrides(by=by.user, session=session, checked=checked, now=now) if checked.is_answered else 0
    # Signed last: from here on the database refuses any change of the version and its parts.
    version.signed_by, version.signed_at = by.user, now
    version.save(update_fields=["signed_by", "signed_at"])
    session.state, session.current_version = SessionState.SIGNED, version
    session.save(update_fields=["state", "current_version"])
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


def used_for_others(*, patient: Patient, vials: Iterable[Vial]) -> set[int]:
    """Of these vials, the keys of those that a signed treatment of another patient drew from. One query, or none."""
    begun = [vial.pk for vial in vials if vial.units_given > 0]
    return set(_uses_for_others(begun, patient.pk).values_list("vial", flat=True))


def _uses_for_others(vials: Collection[int], patient_id: int) -> QuerySet[VialUse]:
    uses = VialUse.objects.filter(
        vial__in=vials, version__session__state=SessionState.SIGNED, version__session__current_version=F("version")
    )
    return uses.exclude(version__session__patient=patient_id)


def _read_earlier(public_id: uuid.UUID, condition: Condition, patient: Patient, vials: Iterable[Vial]) -> set[int]:
    """Refuse a form that was signed before; else return what `used_for_others` does of the vials. One query for both."""
    begun = [vial.pk for vial in vials if vial.units_given > 0]
    keys = dict(zip(_numbered(len(begun)), begun, strict=True))
    rows = _earlier_query(len(begun)).rows({"form": public_id, "patient": patient.pk, **keys})
    recorded_for = [condition_id for is_form, condition_id in rows if is_form]
    if not recorded_for:
        return {vial_id for _is_form, vial_id in rows}
    if recorded_for != [condition.pk]:
        # Not this form's own: say nothing about the other treatment.
        raise TreatmentRefused([Problem("", str(wording.FORM_OUT_OF_DATE))])
    raise AlreadyRecorded(InjectionSession.objects.get(public_id=public_id))


@lru_cache(maxsize=16)
def _earlier_query(vials: int) -> PreparedList:
    keys = _numbered(vials)
    written = InjectionSession.objects.filter(public_id=_NO_FORM).values_list(_is_form(True), "condition")
    used = _uses_for_others(list(keys.values()), STAND_IN).values_list(_is_form(False), "vial")
    return PreparedList(written.union(used, all=True), {"form": _NO_FORM, "patient": STAND_IN, **keys})


def _is_form(is_form: bool) -> Value:
    return Value(1 if is_form else 0, IntegerField())


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
