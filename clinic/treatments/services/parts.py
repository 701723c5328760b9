"""The parts of a treatment, points and what was drawn: as given, as facts to check, and as rows to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.rows import insert_new
from clinic.toxins.body import View
from clinic.toxins.models import Laterality, LotState, Product, Site, Vial, VialState
from clinic.toxins.rules import usable_until
from clinic.treatments import allocation, dosing
from clinic.treatments.models import Injection, PointSide, SessionVersion, VialUse


@dataclass(frozen=True)
class Point:
    """Units at one point. `side` is RIGHT, LEFT or MIDLINE of the patient; x and y are percent of the picture as seen.

    Without x and y the catalogue's place is taken, mirrored for the left. `label` tells apart two points of one site and side.
    A free point (its site is `FREE_POINT`) has its name as label, and its own view, x and y.
    """

    site: Site
    side: str
    units: Decimal
    x: Decimal | None = None
    y: Decimal | None = None
    label: str = ""
    view: str = ""


@dataclass(frozen=True)
class Draw:
    """What was taken from one vial: given to the patient, and thrown away with the reason.

    `shared_confirmed` says that whoever signs knows of an earlier patient of this vial and confirms using it again.
    """

    vial: Vial
    given: Decimal
    wasted: Decimal = Decimal(0)
    waste_reason: str = ""
    shared_confirmed: bool = False


def total_of(points: Sequence[Point]) -> Decimal:
    """What the points add up to; one that is not a number counts nothing (it is refused anyway)."""
    return dosing.totals((point.side, point.units) for point in points if point.units.is_finite()).units


def vial_facts(vial: Vial, patient: Patient, product: Product) -> dosing.VialFacts:
    """The vial as the checks want it. Needs its lot and product loaded."""
    return dosing.VialFacts(
        is_of_clinic=vial.clinic_id == patient.clinic_id,
        is_of_product=vial.lot.product_id == product.pk,
        lot_number=vial.lot.number,
        lot_is_in_use=vial.lot.state == LotState.IN_USE,
        expires_on=vial.lot.expires_on,
        is_closed=vial.state == VialState.CLOSED,
        units_left=vial.units_left,
        received_on=vial.received_on,
        # Without a diluent the making-up was not noted: the time is that of the first draw, which says nothing of earlier ones.
        made_up_at=None if vial.diluent_ml is None else vial.reconstituted_at,
        use_by_at=None
        if vial.reconstituted_at is None
        else usable_until(vial.reconstituted_at, vial.lot.product.hours_after_reconstitution),
    )


def point_facts(point: Point, clinic_id: int) -> dosing.GivenPoint:
    """The point as the checks want it, for a treatment at the clinic with this key."""
    return dosing.GivenPoint(
        site=point.site.code,
        site_label=str(point.site),
        side=point.side,
        units=point.units,
        is_of_clinic=point.site.clinic_id in (None, clinic_id),
        is_midline_site=point.site.laterality == Laterality.MIDLINE,
        is_selectable=point.site.is_selectable,
        may_be_contralateral=point.site.may_be_contralateral,
        x=point.x,
        y=point.y,
        label=point.label,
        is_free=point.site.is_free,
        view=point.view,
    )


def draws_from(
    vials: Sequence[Vial], *, total: Decimal, wasted: Decimal, reason: str, discard_rest: bool, shared_confirmed: bool
) -> list[Draw]:
    """What each vial gives: the first until it is empty, then the next. What is thrown away comes from the last.

    `vials` are locked and stand as they are now. Nothing is checked: that is `sign_locked`.
    """
    given = allocation.shares(total, [vial.units_left for vial in vials])
    draws = []
    for number, (vial, share) in enumerate(zip(vials, given, strict=True)):
        is_last = number == len(vials) - 1
        rest = max(vial.units_left - share, Decimal(0)) if discard_rest else wasted
        thrown = rest if is_last else Decimal(0)
        why = (reason or _("rest of the vial discarded")) if discard_rest else reason
        draws.append(Draw(vial, share, thrown, why if thrown else "", shared_confirmed))
    return draws


def volumes_of(points: Sequence[Point], draws: Sequence[Draw], vials: Mapping[int, Vial]) -> list[Decimal | None]:
    """The volume of each point in mL, where it is known: see `allocation.volumes`. `vials` are the locked ones, by key."""
    parts = [
        allocation.Part(draw.given, vial.labelled_units, vial.diluent_ml) for draw in draws for vial in [vials[draw.vial.pk]]
    ]
    return allocation.volumes([point.units for point in points], parts)


def injection_row(version: SessionVersion, order: int, point: Point, volume_ml: Decimal | None) -> Injection:
    """The point as a row, not yet saved."""
    row = Injection(**_injection(version, order, point, volume_ml))
    row.site = point.site
    return row


def write_injections(version: SessionVersion, points: Sequence[Point], volumes: Sequence[Decimal | None]) -> None:
    """Write the points of a version that is not signed yet, in one statement: they are most of what signing writes."""
    measured = enumerate(zip(points, volumes, strict=True))
    insert_new(Injection, [_injection(version, order, point, volume) for order, (point, volume) in measured])


def _injection(version: SessionVersion, order: int, point: Point, volume_ml: Decimal | None) -> dict[str, Any]:
    """The point by the columns of its row."""
    site = point.site
    mirrored = 100 - site.x if point.side == PointSide.LEFT else site.x
    return {
        "version_id": version.pk,
        "order": order,
        "site_id": site.pk,
        "side": str(point.side),
        "point": point.label,
        "view": str(point.view or View(site.view).on(point.side)),
        "x": mirrored if point.x is None else point.x,
        "y": site.y if point.y is None else point.y,
        "units": point.units,
        "volume_ml": volume_ml,
        "depth": "",
    }


def vial_use_row(version: SessionVersion, draw: Draw, *, is_shared: bool) -> VialUse:
    """What was drawn as a row, not yet saved. A confirmation is kept only where there was something to confirm."""
    return VialUse(
        version=version,
        vial=draw.vial,
        units_drawn=draw.given + draw.wasted,
        units_given=draw.given,
        units_wasted=draw.wasted,
        waste_reason=draw.waste_reason,
        shared_confirmed=draw.shared_confirmed and is_shared,
    )
