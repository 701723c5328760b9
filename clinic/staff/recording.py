"""What lies on the desk while a treatment is recorded: the patient's condition, the vials, the points, the last treatment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from clinic.patients.models import Condition, Patient
from clinic.practice.models import Practitioner
from clinic.staff.forms.points import MOST_ROWS, Row, sides_of
from clinic.staff.pictures.body_map import BodyMap, MapPoint, Side, lay_out_views, units_text
from clinic.staff.points_offered import doses_for, sites_for, usual_ends, usual_text
from clinic.staff.templates_offered import TemplateShelf
from clinic.staff.treatment_maps import catalogue_point, free_point, units_or_none
from clinic.staff.vials import plain
from clinic.toxins.body import View
from clinic.toxins.models import FREE_POINT, Laterality, Product, Site, SiteDose, Vial
from clinic.toxins.rules import LabelLimit
from clinic.toxins.services import usable_vials
from clinic.treatments import dosing
from clinic.treatments.models import Injection, InjectionSession
from clinic.treatments.services import signed_sessions, used_for_others, window_for
from clinic.treatments.window import Window


@dataclass(frozen=True)
class PastTreatment:
    """A signed treatment with its points, to be read or repeated."""

    session: InjectionSession
    injections: Sequence[Injection]
    number: int

    @property
    def product(self) -> Product:
        return self.session.product

    @property
    def is_too_long(self) -> bool:
        """Whether there are more points than the table of points holds."""
        return len(self.injections) > MOST_ROWS

    def rows(self) -> list[Row]:
        return [row_of(one) for one in self.injections]


@dataclass
class Desk:
    """Everything the page needs, loaded in a fixed number of queries whatever is in stock or was given before."""

    patient: Patient
    condition: Condition
    today: date
    on: date
    practitioners: list[Practitioner]
    vials: list[Vial]
    sites: dict[str, Site]
    past: list[InjectionSession]
    last: PastTreatment | None
    repeated: PastTreatment | None
    #: The last treatment with the product in hand, where that is another than the last of all.
    last_of_product: PastTreatment | None
    product: Product | None
    shelf: TemplateShelf
    doses: dict[str, SiteDose] = field(default_factory=dict)
    #: Keys of the vials that were used for another patient before.
    shared: set[int] = field(default_factory=set)
    #: Whether the catalogue has points for the condition's indication; if not, all are offered.
    has_own_points: bool = True

    @property
    def number(self) -> int:
        """How many treatments of the condition there will be with this one."""
        return len(self.past) + 1

    @property
    def beside(self) -> PastTreatment | None:
        """The treatment to be read beside this one: the one asked for, else the last."""
        return self.repeated or self.last

    @property
    def ranges(self) -> list[tuple[Site, SiteDose]]:
        """What the catalogue says of the points with the product in hand."""
        return [(site, self.doses[code]) for code, site in self.sites.items() if code in self.doses]

    @property
    def usual(self) -> dict[str, str]:
        """The usual units at each point with the product in hand, in words."""
        return {site.code: usual_text(dose) for site, dose in self.ranges if dose.start_from is not None}

    @property
    def usual_ends(self) -> dict[str, str]:
        """The ends of the usual range at each point with the product in hand."""
        return {site.code: usual_ends(dose) for site, dose in self.ranges}

    @property
    def quick_example(self) -> str:
        """What a quick entry looks like for this condition."""
        site = self.sites.get("ZYG_MAJ") or next(iter(self.sites.values()), None)
        if site is None or site.is_free:
            return ""
        side = "" if site.laterality == Laterality.MIDLINE else "R "
        dose = self.doses.get(site.code)
        units = units_text(dose.start_from) if dose and dose.start_from else "2.5"
        return f"{site.code.lower().replace('_', ' ')} {side}{units}"

    @property
    def repeats(self) -> PastTreatment | None:
        """The treatment whose rows are filled in: while a vial of its own product can be chosen, and all its points fit."""
        if self.repeated is None or self.repeated.is_too_long:
            return None
        return self.repeated if any(vial.lot.product_id == self.repeated.product.pk for vial in self.vials) else None

    def first_rows(self) -> list[Row]:
        """The rows the page opens with: those of the treatment repeated, or of the template chosen."""
        return self.repeats.rows() if self.repeats else self.shelf.rows()

    def previous(self) -> Mapping[tuple[str, str], Decimal]:
        """Units of the last treatment with the same product, by site and side. Never another product's."""
        same = next(
            (one for one in (self.last, self.last_of_product) if one and self.product and one.product.pk == self.product.pk), None
        )
        units: dict[tuple[str, str], Decimal] = {}
        for one in same.injections if same else ():
            if one.is_free:
                continue
            units[one.site.code, one.side] = units.get((one.site.code, one.side), Decimal(0)) + one.units
        return units

    def row_facts(self) -> dict[str, object]:
        """What each row of the table of points needs to know."""
        return {
            "sites": self.sites,
            "condition": self.condition,
            "usual": self.usual,
            "ends": self.usual_ends,
            "previous": self.previous(),
        }

    def maps(self, rows: Iterable[Row]) -> tuple[BodyMap, ...]:
        """The catalogue's points on the sides that the condition allows, with the doses of these rows, and their free points.

        Every view that has a point; where the catalogue has no points for the indication, the face, and what is given.
        """
        rows = list(rows)
        previous = self.previous()
        given: dict[tuple[str, str], list[Decimal]] = {}
        for code, side, units in self.shown(rows):
            if code != FREE_POINT:
                given.setdefault((code, side), []).append(units)
        allowed = [
            (site.code, side)
            for site in self.sites.values()
            if not site.is_free and (self.has_own_points or site.view == View.FACE_FRONT)
            for side in sides_of(site, self.condition.side)
        ]
        points = [
            catalogue_point(self.sites[code], side, units, previous.get((code, side)))
            for code, side in dict.fromkeys([*allowed, *given])
            for units in given.get((code, side), [None])
        ]
        return lay_out_views([*points, *self._free_points(rows)], selectable=True)

    def _free_points(self, rows: Iterable[Row]) -> list[MapPoint]:
        if (site := self.sites.get(FREE_POINT)) is None:
            return []
        points = [free_point(row, site) for row in rows if row.site == FREE_POINT]
        return [point for point in points if point is not None]

    def totals(self, rows: Iterable[Row]) -> dosing.Totals:
        return dosing.totals((side, units) for _site, side, units in self.shown(rows))

    def shown(self, rows: Iterable[Row]) -> list[tuple[str, str, Decimal]]:
        """(site, side, units) of the rows that can be drawn and added up as they stand."""
        shown = []
        for row in rows:
            site = self.sites.get(row.site)
            units = units_or_none(row.units)
            if site is None or units is None:
                continue
            sides = sides_of(site, self.condition.side)
            usual = next((side for side in sides if side in (dosing.MIDLINE, self.condition.side)), "")
            if site.is_free:
                usual = row.place[0].side_at(row.place[1]) if row.place else ""
            side = row.side if row.side in Side.__members__ else usual
            if side:
                shown.append((row.site, side, units))
        return shown

    def next_window(
        self, *, treated_on: date | None, own_on: date | None, limits: Sequence[LabelLimit] | None = None
    ) -> Window | None:
        """The window that signing would open; None while product or date are not known or cannot be."""
        if self.product is None or treated_on is None or not self.patient.born_on <= treated_on <= self.today:
            return None
        if any(dosing.check_own_date(own_on=own_on, performed_on=treated_on)):
            own_on = None
        return window_for(
            condition=self.condition,
            product=self.product,
            clinic=self.patient.clinic,
            treated_on=treated_on,
            own_on=own_on,
            limits=limits,
        )


def lay_desk(
    *,
    patient: Patient,
    condition: Condition,
    shelf: TemplateShelf,
    now: datetime,
    on: date | None,
    vial_id: str = "",
    more_vial_ids: Sequence[str] = (),
    repeat_id: str = "",
    before: InjectionSession | None = None,
) -> Desk | None:
    """Load the desk for a treatment on `on` (today if not given). None when `repeat_id` names no treatment of the condition.

    `vial_id` is the vial chosen so far, `more_vial_ids` those after it: they are offered even where they may not be used, so that
    signing can say why not. With `before` only what was given before that treatment lies there.
    """
    clinic = patient.clinic
    today = now.astimezone(clinic.zone).date()
    on = max(min(on, today), patient.born_on) if on else today
    past = list(signed_sessions(condition=condition).select_related(None).select_related("product", "clinic", "current_version"))
    if before is not None:
        past = [one for one in past if (one.performed_on, one.pk) < (before.performed_on, before.pk)]
    wanted = next((one for one in past if str(one.public_id) == repeat_id), None)
    if repeat_id and wanted is None:
        return None
    vials = list(usable_vials(clinic=clinic, on=on, now=now))
    chosen = _chosen(patient, vials, vial_id)
    for one in [chosen, *(_chosen(patient, vials, more) for more in more_vial_ids if more)]:
        if one is not None and one not in vials:
            vials.append(one)
    sites, has_own_points = sites_for(condition)
    shelf.in_stock = {vial.lot.product_id for vial in vials}
    shelf.sites = sites
    filled = wanted.product_id if wanted else shelf.product.pk if shelf.product else None
    if filled in shelf.in_stock:
        # Units are only ever repeated with the product they were given in.
        vials = [vial for vial in vials if vial.lot.product_id == filled]
    products = {vial.lot.product_id: vial.lot.product for vial in vials}
    product = chosen.lot.product if chosen else next(iter(products.values())) if len(products) == 1 else None
    of_product = next((one for one in past if product and one.product_id == product.pk), None)
    told = _with_injections(past, [one for one in (past[0] if past else None, wanted, of_product) if one])
    return Desk(
        patient=patient,
        condition=condition,
        today=today,
        on=on,
        practitioners=list(Practitioner.objects.filter(clinics=clinic, is_active=True).order_by("name", "pk")),
        vials=vials,
        sites=sites,
        has_own_points=has_own_points,
        past=past,
        last=told.get(past[0].pk) if past else None,
        repeated=told.get(wanted.pk) if wanted else None,
        last_of_product=told.get(of_product.pk) if of_product else None,
        product=product,
        shelf=shelf,
        doses={} if product is None else doses_for(product, condition),
        shared=used_for_others(patient=patient, vials=vials),
    )


def _chosen(patient: Patient, vials: Sequence[Vial], vial_id: str) -> Vial | None:
    try:
        public_id = uuid.UUID(vial_id)
    except ValueError:
        return vials[0] if len(vials) == 1 and not vial_id else None
    usable = next((vial for vial in vials if vial.public_id == public_id), None)
    stocked = Vial.objects.select_related("lot__product", "presentation").filter(clinic=patient.clinic)
    return usable or stocked.filter(public_id=public_id).first()


def row_of(one: Injection) -> Row:
    """A signed point as it would be typed. Needs its site."""
    if not one.is_free:
        return Row(one.site.code, one.side, plain(one.units))
    return Row(one.site.code, one.side, plain(one.units), one.point, one.view, plain(one.x), plain(one.y))


def _with_injections(past: Sequence[InjectionSession], wanted: Sequence[InjectionSession]) -> dict[int, PastTreatment]:
    """The wanted treatments with their points, by key, in one query."""
    sessions = {one.pk: one for one in wanted}
    points: dict[int, list[Injection]] = {pk: [] for pk in sessions}
    versions = [one.current_version_id for one in sessions.values()]
    for one in Injection.objects.filter(version__in=versions).select_related("site", "version").order_by("version", "order"):
        points[one.version.session_id].append(one)
    count = len(past)
    numbers = {one.pk: count - place for place, one in enumerate(past)}
    return {pk: PastTreatment(session, points[pk], numbers[pk]) for pk, session in sessions.items()}
