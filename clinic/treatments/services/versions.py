"""Further versions of a signed treatment: read, compared, checked and added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from clinic import audit
from clinic.patients.services import look_again
from clinic.practice.models import Practitioner
from clinic.toxins.models import Product, Vial
from clinic.treatments import dosing
from clinic.treatments.differences import PointSaid, Said, VialSaid
from clinic.treatments.models import Injection, InjectionSession, PreCheck, SessionVersion, VialUse
from clinic.treatments.services.parts import (
    Draw,
    Point,
    injection_row,
    point_facts,
    total_of,
    vial_facts,
    vial_use_row,
    volumes_of,
    write_injections,
)
from clinic.treatments.services.refusals import Problem, problems_from
from clinic.treatments.services.sessions import check_people, check_shared


@dataclass(frozen=True)
class Wording:
    """What a version says besides its points and vials."""

    performed_on: date
    practitioner: Practitioner
    product: Product
    guidance: str = ""
    lid_technique: str = ""
    notes: str = ""


def lock_for_amending(*, session: InjectionSession, now: datetime) -> InjectionSession:
    """Lock the patient's row, then the session's, and return it as it stands. To be called in a transaction."""
    look_again([session.patient_id], now=now)
    return (
        InjectionSession.objects.select_for_update(of=("self",))
        .select_related(
            "patient__clinic",
            "clinic",
            "condition__indication",
            "condition__patient",
            "product",
            "practitioner",
            "current_version",
        )
        .get(pk=session.pk)
    )


def current_of(session: InjectionSession) -> SessionVersion:
    """The version that counts. Raises ValueError for a treatment that nobody has signed."""
    if session.current_version is None:
        raise ValueError("This treatment has not been signed.")
    return session.current_version


def said_by(version: SessionVersion) -> Said:
    """All that a stored version says, to be compared. Four queries at most, whatever it says."""
    points = version.injections.select_related("site").order_by("order")
    uses = version.vial_uses.select_related("vial")
    return _said(
        Wording(
            version.performed_on,
            version.practitioner,
            version.product,
            version.guidance,
            version.lid_technique,
            version.notes,
        ),
        points,
        ((str(use.vial.public_id), Draw(use.vial, use.units_given, use.units_wasted)) for use in uses),
    )


def said_anew(*, before: SessionVersion, wording: Wording, points: Sequence[Point], draws: Sequence[Draw]) -> Said:
    """The same of a version that is still to be written."""
    rows = (injection_row(before, order, point, None) for order, point in enumerate(points))
    return _said(wording, rows, ((str(draw.vial.public_id), draw) for draw in draws))


def keep_places(points: Iterable[Point], before: Iterable[Injection]) -> list[Point]:
    """The points, each without a place of its own where the version before had it: the catalogue may have moved since."""
    known = {(one.site_id, one.side, one.point): one for one in before}
    kept = []
    for point in points:
        was = known.get((point.site.pk, point.side, point.label))
        is_placed = point.x is not None and point.y is not None
        kept.append(point if was is None or is_placed else replace(point, x=was.x, y=was.y, view=was.view))
    return kept


def problems_of_version(
    *,
    session: InjectionSession,
    wording: Wording,
    points: Sequence[Point],
    draws: Sequence[Draw],
    vials: Mapping[int, Vial],
    own: Mapping[int, VialUse],
    shared: Collection[int],
    now: datetime,
) -> list[Problem]:
    """Everything that is wrong with a further version.

    A vial that the treatment used already (`own`, by the vial's key) is not asked whether it may be used now: it was. Only where
    the date of the treatment moves must it have been usable on the new one. A vial that is new to the treatment and is among
    `shared` needs the confirmation.
    """
    patient, condition = session.patient, session.condition
    return problems_from(
        [
            # Whoever treated did so, also if they have left since.
            *([] if wording.practitioner == session.practitioner else check_people(patient, condition, wording.practitioner)),
            *dosing.check_dates(
                performed_on=wording.performed_on,
                today=now.astimezone(patient.clinic.zone).date(),
                born_on=patient.born_on,
            ),
            *dosing.check_points([point_facts(point, session.clinic_id) for point in points], condition_side=condition.side),
            *_check_sum(points, draws),
            *_check_draws(session, wording, draws, vials, own, now),
            *check_shared([draw for draw in draws if draw.vial.pk not in own], vials, shared),
        ]
    )


def add_version(
    *,
    by: audit.Actor,
    session: InjectionSession,
    wording: Wording,
    points: Sequence[Point],
    draws: Sequence[Draw],
    shared: Collection[int],
    reason: str,
    changed: Iterable[str],
    now: datetime,
) -> SessionVersion:
    """Write and sign the next version and have the session point at it, in a transaction that holds its row.

    `shared` are the keys of those vials that another patient's treatment drew from, too. The session takes the version's date,
    practitioner and product, so that every list reads what counts now.
    """
    before = current_of(session)
    number = before.number + 1
    version = SessionVersion.objects.create(
        session=session,
        number=number,
        performed_on=wording.performed_on,
        practitioner=wording.practitioner,
        product=wording.product,
        total_units=total_of(points),
        amendment_reason=reason,
        guidance=wording.guidance,
        lid_technique=wording.lid_technique,
        notes=wording.notes,
    )
    volumes = volumes_of(points, draws, {draw.vial.pk: draw.vial for draw in draws})
    write_injections(version, points, volumes)
    VialUse.objects.bulk_create(vial_use_row(version, draw, is_shared=draw.vial.pk in shared) for draw in draws)
    # What was answered before the needle went in was answered for this version too.
    PreCheck.objects.bulk_create(
        PreCheck(version=version, item=one.item, answer=one.answer, at=one.at) for one in before.pre_checks.order_by("pk")
    )
    # Signed last: from here on the database refuses any change of the version and its parts.
    version.signed_by, version.signed_at = by.user, now
    version.save(update_fields=["signed_by", "signed_at"])
    if wording.performed_on != session.performed_on:
        # The hour was that of another day.
        session.performed_at = None
    session.performed_on, session.practitioner, session.product = wording.performed_on, wording.practitioner, wording.product
    session.current_version = version
    session.save(update_fields=["performed_on", "performed_at", "practitioner", "product", "current_version"])
    audit.record(
        by=by,
        action=audit.Action.AMENDED,
        what=session,
        patient_public_id=session.patient.public_id,
        clinic_id=session.clinic_id,
        fields=changed,
        version=number,
        now=now,
    )
    return version


def _said(wording: Wording, points: Iterable[Injection], draws: Iterable[tuple[str, Draw]]) -> Said:
    return Said(
        performed_on=wording.performed_on,
        practitioner=str(wording.practitioner.public_id),
        product=wording.product.code,
        guidance=wording.guidance,
        lid_technique=wording.lid_technique,
        notes=wording.notes,
        points=tuple(
            PointSaid(one.site.code, one.side, one.point, one.units, one.x, one.y, one.view, one.is_free) for one in points
        ),
        vials=tuple(VialSaid(vial, draw.given, draw.wasted) for vial, draw in draws),
    )


def _check_sum(points: Sequence[Point], draws: Sequence[Draw]) -> Iterator[dosing.Finding]:
    given, drawn = total_of(points), sum((draw.given for draw in draws), Decimal(0))
    if draws and drawn != given:
        yield dosing.Finding("vial", dosing.Code.DRAWN_NOT_WHAT_WAS_GIVEN, {"given": given, "drawn": drawn})


def _check_draws(
    session: InjectionSession,
    wording: Wording,
    draws: Sequence[Draw],
    vials: Mapping[int, Vial],
    own: Mapping[int, VialUse],
    now: datetime,
) -> Iterator[dosing.Finding]:
    if not draws:
        yield dosing.Finding("vial", dosing.Code.VIAL_NEEDED)
    elif len({draw.vial.pk for draw in draws}) < len(draws):
        yield dosing.Finding("vial", dosing.Code.VIAL_TWICE)
    for draw in draws:
        vial, was = vials[draw.vial.pk], own.get(draw.vial.pk)
        facts = vial_facts(vial, session.patient, wording.product)
        if was is not None:
            is_moved = wording.performed_on != session.performed_on
            facts = replace(
                facts,
                lot_is_in_use=True,
                is_closed=False,
                units_left=facts.units_left + was.units_drawn,
                received_on=facts.received_on if is_moved else date.min,
                expires_on=facts.expires_on if is_moved else wording.performed_on,
                made_up_at=facts.made_up_at if is_moved else None,
                use_by_at=facts.use_by_at if is_moved and vial.diluent_ml is not None else None,
            )
        yield from dosing.check_vial(
            facts,
            performed_on=wording.performed_on,
            now=now,
            zone=session.patient.clinic.zone,
            given=draw.given,
            wasted=draw.wasted,
        )
