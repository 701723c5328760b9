"""What can be wrong with a treatment as it is written down, pure: facts in, findings out.

These checks are about the record being possible and consistent, not about the dose being wise: the units exist in the vial,
the side fits the condition, the vial was usable on the day, the dates can be true. All findings come back together, so that
a person corrects a form once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from clinic.toxins.body import View

#: No vial of any product holds more (rimabotulinumtoxinB, 10 000 U), so a point beyond it is a slip of the pen.
MOST_UNITS_AT_A_POINT = Decimal(10_000)
SMALLEST_STEP = Decimal("0.01")
#: Characters of a free point's name.
LONGEST_NAME = 40

RIGHT, LEFT, MIDLINE, BOTH = "RIGHT", "LEFT", "MIDLINE", "BOTH"
_OTHER_SIDE = {RIGHT: LEFT, LEFT: RIGHT}


class Code(StrEnum):
    """What was found. `clinic.treatments.wording` has a sentence for each."""

    NO_POINTS = "NO_POINTS"
    UNITS_NOT_POSITIVE = "UNITS_NOT_POSITIVE"
    UNITS_TOO_FINE = "UNITS_TOO_FINE"
    UNITS_TOO_MANY = "UNITS_TOO_MANY"
    UNITS_NOT_IN_VIAL = "UNITS_NOT_IN_VIAL"
    TOTAL_NOT_IN_VIAL = "TOTAL_NOT_IN_VIAL"
    SITE_NOT_HERE = "SITE_NOT_HERE"
    SITE_NOT_SELECTABLE = "SITE_NOT_SELECTABLE"
    SIDE_MUST_BE_MIDLINE = "SIDE_MUST_BE_MIDLINE"
    SIDE_NEEDED = "SIDE_NEEDED"
    SIDE_NOT_OF_CONDITION = "SIDE_NOT_OF_CONDITION"
    NOTHING_ON_SIDE_OF_CONDITION = "NOTHING_ON_SIDE_OF_CONDITION"
    OFF_THE_PICTURE = "OFF_THE_PICTURE"
    FREE_POINT_NAMELESS = "FREE_POINT_NAMELESS"
    FREE_POINT_NAME_TOO_LONG = "FREE_POINT_NAME_TOO_LONG"
    FREE_POINT_NAME_UNPRINTABLE = "FREE_POINT_NAME_UNPRINTABLE"
    FREE_POINT_NOT_PLACED = "FREE_POINT_NOT_PLACED"
    SIDE_NOT_IN_VIEW = "SIDE_NOT_IN_VIEW"
    POINT_TWICE = "POINT_TWICE"
    DATE_IN_FUTURE = "DATE_IN_FUTURE"
    DATE_BEFORE_BIRTH = "DATE_BEFORE_BIRTH"
    OWN_DATE_NOT_AFTER = "OWN_DATE_NOT_AFTER"
    OWN_DATE_TOO_FAR = "OWN_DATE_TOO_FAR"
    PRACTITIONER_NOT_HERE = "PRACTITIONER_NOT_HERE"
    CONDITION_NOT_OF_PATIENT = "CONDITION_NOT_OF_PATIENT"
    APPOINTMENT_NOT_OF_PATIENT = "APPOINTMENT_NOT_OF_PATIENT"
    APPOINTMENT_ON_ANOTHER_DAY = "APPOINTMENT_ON_ANOTHER_DAY"
    VIAL_NEEDED = "VIAL_NEEDED"
    VIAL_TWICE = "VIAL_TWICE"
    VIAL_NOT_HERE = "VIAL_NOT_HERE"
    VIAL_OF_OTHER_PRODUCT = "VIAL_OF_OTHER_PRODUCT"
    VIAL_CLOSED = "VIAL_CLOSED"
    VIAL_MADE_UP_LATER = "VIAL_MADE_UP_LATER"
    VIAL_RECEIVED_LATER = "VIAL_RECEIVED_LATER"
    VIAL_TOO_OLD = "VIAL_TOO_OLD"
    LOT_NOT_IN_USE = "LOT_NOT_IN_USE"
    LOT_EXPIRED = "LOT_EXPIRED"
    DRAWN_NOT_WHAT_WAS_GIVEN = "DRAWN_NOT_WHAT_WAS_GIVEN"
    WASTE_NOT_IN_ORDER = "WASTE_NOT_IN_ORDER"
    WASTE_TWICE = "WASTE_TWICE"
    WASTE_WITHOUT_UNITS = "WASTE_WITHOUT_UNITS"
    SHARE_NOT_IN_VIAL = "SHARE_NOT_IN_VIAL"
    VIAL_NOT_NEEDED = "VIAL_NOT_NEEDED"
    VIAL_OF_OTHER_PATIENT = "VIAL_OF_OTHER_PATIENT"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where (a form's field, or `points-3-units` for the fourth point), what, and its facts."""

    field: str
    code: Code
    facts: Mapping[str, object] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class GivenPoint:
    """One point as given. `side` is RIGHT, LEFT or MIDLINE of the patient; `label` tells apart two points of one site.

    `is_of_clinic` says that its site is the catalogue's or an own point of the clinic that treats.
    A free point is not in the catalogue: its label is its name, and it has its own view (a `toxins.body.View`), x and y.
    """

    site: str
    site_label: str
    side: str
    units: Decimal
    is_of_clinic: bool = True
    is_midline_site: bool = False
    is_selectable: bool = True
    may_be_contralateral: bool = False
    x: Decimal | None = None
    y: Decimal | None = None
    label: str = ""
    is_free: bool = False
    view: str = ""


@dataclass(frozen=True)
class VialFacts:
    """A vial at the moment of recording, before this treatment. Units are its product's."""

    is_of_clinic: bool
    is_of_product: bool
    lot_number: str
    lot_is_in_use: bool
    expires_on: date
    is_closed: bool
    units_left: Decimal
    received_on: date = date.min
    made_up_at: datetime | None = None
    use_by_at: datetime | None = None


@dataclass(frozen=True)
class Totals:
    """What a treatment adds up to, in the units of its one product."""

    units: Decimal
    by_side: Mapping[str, Decimal]
    points: int


def totals(points: Iterable[tuple[str, Decimal]]) -> Totals:
    """Add up (side, units). Sides nobody was given anything on are left out."""
    by_side: dict[str, Decimal] = {}
    count = 0
    for side, units in points:
        by_side[side] = by_side.get(side, Decimal(0)) + units
        count += 1
    return Totals(sum(by_side.values(), Decimal(0)), by_side, count)


def volume_ml(units: Decimal, *, labelled_units: Decimal, diluent_ml: Decimal | None) -> Decimal | None:
    """Volume that holds `units` of a vial made up with `diluent_ml`, to the microlitre; None while it is not made up."""
    if diluent_ml is None or diluent_ml <= 0:
        return None
    return (units * diluent_ml / labelled_units).quantize(Decimal("0.001"))


def check_points(points: Sequence[GivenPoint], *, condition_side: str) -> Iterator[Finding]:
    """Every point by itself, that none stands twice, and that the condition's side got something.

    On a one-sided condition the other side is open only to sites that may be given for symmetry, and to midline sites.
    """
    if not points:
        yield Finding("points", Code.NO_POINTS)
        return
    for index, point in enumerate(points):
        yield from _check_units(point.units, f"points-{index}-units")
        yield from _check_place(point, condition_side, index)
    yield from _check_twice(points)
    if condition_side in _OTHER_SIDE and not any(point.side == condition_side for point in points):
        yield Finding("points", Code.NOTHING_ON_SIDE_OF_CONDITION, {"side": condition_side})


def check_dates(
    *,
    performed_on: date,
    today: date,
    born_on: date,
) -> Iterator[Finding]:
    """The treatment lies between the patient's birth and today; all three are dates in the clinic's zone."""
    if performed_on > today:
        yield Finding("performed_on", Code.DATE_IN_FUTURE, {"today": today})
    if performed_on < born_on:
        yield Finding("performed_on", Code.DATE_BEFORE_BIRTH, {"born_on": born_on})


def check_own_date(*, own_on: date | None, performed_on: date) -> Iterator[Finding]:
    """The clinician's own next date comes after the treatment and within two years of it."""
    if own_on is None:
        return
    if own_on <= performed_on:
        yield Finding("own_next_on", Code.OWN_DATE_NOT_AFTER, {"performed_on": performed_on})
    elif (own_on - performed_on).days > 2 * 366:
        yield Finding("own_next_on", Code.OWN_DATE_TOO_FAR, {"performed_on": performed_on})


def check_vial(
    vial: VialFacts,
    *,
    performed_on: date,
    now: datetime,
    zone: tzinfo,
    given: Decimal,
    wasted: Decimal = Decimal(0),
) -> Iterator[Finding]:
    """The vial was there, usable on the day, and holds what was taken from it.

    `expires_on` is the last usable day. A made-up vial counts from the day it was made up until its hours are over; where
    the treatment's hour is not known (entered on a later day) the whole day counts.
    """
    if not vial.is_of_clinic:
        yield Finding("vial", Code.VIAL_NOT_HERE)
        return
    if not vial.is_of_product:
        yield Finding("vial", Code.VIAL_OF_OTHER_PRODUCT)
    lot = {"lot": vial.lot_number}
    if not vial.lot_is_in_use:
        yield Finding("vial", Code.LOT_NOT_IN_USE, lot)
    if vial.received_on > performed_on:
        yield Finding("vial", Code.VIAL_RECEIVED_LATER, {"received_on": vial.received_on})
    if vial.expires_on < performed_on:
        yield Finding("vial", Code.LOT_EXPIRED, {**lot, "expires_on": vial.expires_on})
    if vial.is_closed:
        yield Finding("vial", Code.VIAL_CLOSED, lot)
        return
    yield from _check_hours(vial, performed_on, now, zone)
    if given + wasted > vial.units_left:
        yield Finding("vial", Code.TOTAL_NOT_IN_VIAL, {"needed": given + wasted, "left": vial.units_left})


def check_waste(*, wasted: Decimal, reason: str, discard_rest: bool) -> Iterator[Finding]:
    """What was thrown away in a treatment: so many units with a reason, or the rest of the vial; never both."""
    if not wasted:
        if reason and not discard_rest:
            yield Finding("wasted_units", Code.WASTE_WITHOUT_UNITS)
        return
    yield from _check_units(wasted, "wasted_units")
    if discard_rest:
        yield Finding("wasted_units", Code.WASTE_TWICE)
    elif not reason:
        yield Finding("waste_reason", Code.WASTE_NOT_IN_ORDER)


def _check_units(units: Decimal, where: str) -> Iterator[Finding]:
    if not units.is_finite() or units <= 0:
        yield Finding(where, Code.UNITS_NOT_POSITIVE)
    elif units > MOST_UNITS_AT_A_POINT:
        yield Finding(where, Code.UNITS_TOO_MANY, {"most": MOST_UNITS_AT_A_POINT})
    elif units != units.quantize(SMALLEST_STEP):
        yield Finding(where, Code.UNITS_TOO_FINE)


def _check_place(point: GivenPoint, condition_side: str, index: int) -> Iterator[Finding]:
    if not point.is_of_clinic:
        # Its name is the other clinic's affair.
        yield Finding(f"points-{index}-site", Code.SITE_NOT_HERE)
        return
    site = {"site": point.site_label}
    if not point.is_selectable:
        yield Finding(f"points-{index}-site", Code.SITE_NOT_SELECTABLE, site)
    if point.is_free:
        yield from _check_free(point, index)
    elif point.is_midline_site != (point.side == MIDLINE):
        code = Code.SIDE_MUST_BE_MIDLINE if point.is_midline_site else Code.SIDE_NEEDED
        yield Finding(f"points-{index}-side", code, site)
    elif point.side == _OTHER_SIDE.get(condition_side) and not point.may_be_contralateral:
        yield Finding(f"points-{index}-side", Code.SIDE_NOT_OF_CONDITION, {**site, "side": condition_side})
    if any(at is not None and not 0 <= at <= 100 for at in (point.x, point.y)):
        yield Finding(f"points-{index}-{'x' if point.is_free else 'site'}", Code.OFF_THE_PICTURE, site)


def _check_free(point: GivenPoint, index: int) -> Iterator[Finding]:
    """It has a name that can be read, a place, and a side that its view shows."""
    name = f"points-{index}-name"
    if not point.label.strip():
        yield Finding(name, Code.FREE_POINT_NAMELESS)
    elif len(point.label) > LONGEST_NAME:
        yield Finding(name, Code.FREE_POINT_NAME_TOO_LONG, {"most": LONGEST_NAME})
    elif not point.label.isprintable():
        yield Finding(name, Code.FREE_POINT_NAME_UNPRINTABLE)
    if point.view not in View.__members__ or point.x is None or point.y is None:
        yield Finding(f"points-{index}-x", Code.FREE_POINT_NOT_PLACED)
    elif View(point.view).only_side not in ("", point.side):
        yield Finding(f"points-{index}-side", Code.SIDE_NOT_IN_VIEW, {"side": View(point.view).only_side})


def _check_twice(points: Sequence[GivenPoint]) -> Iterator[Finding]:
    def place(point: GivenPoint) -> tuple[object, ...]:
        return point.site, point.side, point.label, point.view, point.x, point.y

    counted = Counter(place(point) for point in points)
    seen: set[tuple[object, ...]] = set()
    for index, point in enumerate(points):
        if point.is_of_clinic and counted[place(point)] > 1 and place(point) in seen:
            yield Finding(f"points-{index}-site", Code.POINT_TWICE, {"site": point.site_label, "side": point.side})
        seen.add(place(point))


def _check_hours(vial: VialFacts, performed_on: date, now: datetime, zone: tzinfo) -> Iterator[Finding]:
    if vial.made_up_at is not None and vial.made_up_at.astimezone(zone).date() > performed_on:
        yield Finding("vial", Code.VIAL_MADE_UP_LATER, {"made_up_at": vial.made_up_at.astimezone(zone)})
    if vial.use_by_at is None:
        return
    is_today = performed_on == now.astimezone(zone).date()
    if vial.use_by_at.astimezone(zone).date() < performed_on or (is_today and vial.use_by_at < now):
        yield Finding("vial", Code.VIAL_TOO_OLD, {"use_by_at": vial.use_by_at.astimezone(zone)})
