"""What was given, for the printed record: the maps, the units by muscle, the points and the vials."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.staff.pictures.body_map import BodyMap, PlacedPoint, units_text
from clinic.staff.printed_record.outlines import outlines_of
from clinic.staff.printed_record.sheet import Figure, Figures, Mark, Sign, Table
from clinic.staff.treatment_maps import given_maps
from clinic.staff.vials import size_text, units_per_tenth
from clinic.toxins.models import Vial
from clinic.treatments import dosing
from clinic.treatments.models import Injection, PointSide, SessionVersion, VialUse

#: So many muscles fit beside a single map; more get a table of their own.
MUSCLES_BESIDE_A_MAP = 14


def given_in(version: SessionVersion) -> list[Figures | Table]:
    """What one version says was given, in the order of the page. Two queries; needs the version's product and who signed it."""
    given = _Given(version)
    return [given.figures(), *given.muscles(), given.points(), given.vials()]


class _Given:
    """The points and vials of one version."""

    def __init__(self, version: SessionVersion) -> None:
        self._version = version
        self._injections = list(version.injections.select_related("site").order_by("order"))
        self._maps = given_maps(self._injections)

    def figures(self) -> Figures:
        points = [point for one in self._maps for point in one.given]
        signs = {_sign(point) for point in points}
        words = {
            Sign.GIVEN: _("dose given, in units"),
            Sign.FREE: _("free point, not in the catalogue"),
            Sign.AVOIDED: _("dose at a point best avoided"),
            Sign.FREE_AVOIDED: _("free point, best avoided"),
        }
        beside = self._by_muscle() if self._totals_stand_beside else None
        return Figures("", [_figure(one) for one in self._maps], [(sign, words[sign]) for sign in Sign if sign in signs], beside)

    @property
    def _totals_stand_beside(self) -> bool:
        return len(self._maps) % 2 == 1 and len(self._given_to()) <= MUSCLES_BESIDE_A_MAP

    def muscles(self) -> list[Table]:
        return [] if self._totals_stand_beside else [self._by_muscle()]

    def _given_to(self) -> Mapping[str, Mapping[str, Decimal]]:
        """Units by muscle and side; a free point stands for itself."""
        given: dict[str, dict[str, Decimal]] = {}
        for one in self._injections:
            sides = given.setdefault(one.name if one.is_free else one.site.muscle, {})
            sides[one.side] = sides.get(one.side, Decimal(0)) + one.units
        return given

    def _by_muscle(self) -> Table:
        given = self._given_to()
        totals = dosing.totals((one.side, one.units) for one in self._injections)
        shown = [side for side in PointSide if side in totals.by_side]
        column = 0.56 / (len(shown) + 1)
        rows = [
            (muscle, *(_units(sides.get(side)) for side in shown), units_text(sum(sides.values(), Decimal(0))))
            for muscle, sides in given.items()
        ]
        return Table(
            _("Units by muscle and side"),
            (_("Muscle"), *(str(side.label) for side in shown), _("Total")),
            rows,
            (0.44, *(column for _side in shown), column),
            frozenset(range(1, len(shown) + 2)),
            (_("All"), *(units_text(totals.by_side[side]) for side in shown), units_text(totals.units)),
        )

    def points(self) -> Table:
        volumes = [one.volume_ml for one in self._injections]
        volume = "" if None in volumes else units_text(sum((one for one in volumes if one is not None), Decimal(0)))
        count = len(self._injections)
        return Table(
            _("Points"),
            (_("No."), _("Muscle and point"), _("Side"), _("Units"), _("mL"), _("Depth")),
            [
                (str(at), _point(one), one.get_side_display(), units_text(one.units), _units(one.volume_ml), one.depth or "–")
                for at, one in enumerate(self._injections, start=1)
            ],
            (0.06, 0.5, 0.12, 0.1, 0.1, 0.12),
            frozenset({3, 4}),
            (
                "",
                ngettext("%(count)d point", "%(count)d points", count) % {"count": count},
                "",
                units_text(self._version.total_units),
                volume,
                "",
            ),
        )

    def vials(self) -> Table:
        uses = self._version.vial_uses.select_related("vial__lot__product", "vial__presentation").order_by("pk")
        return Table(
            _("Vials, in units of %(product)s") % {"product": self._version.product},
            (_("Vial"), _("Lot"), _("Expires"), _("Dilution"), _("Drawn"), _("Given"), _("Wasted")),
            [
                (
                    size_text(use.vial),
                    self._lot(use),
                    date_format(use.vial.lot.expires_on, "j M Y"),
                    _dilution(use.vial),
                    units_text(use.units_drawn),
                    units_text(use.units_given),
                    f"{units_text(use.units_wasted)} ({use.waste_reason})" if use.waste_reason else units_text(use.units_wasted),
                )
                for use in uses
            ],
            (0.14, 0.17, 0.12, 0.2, 0.07, 0.08, 0.22),
            frozenset({4, 5}),
        )

    def _lot(self, use: VialUse) -> str:
        if not use.shared_confirmed:
            return use.vial.lot.number
        words = _("used for another patient before: confirmed by %(name)s") % {"name": self._version.signed_by}
        return f"{use.vial.lot.number}\n{words}"


def _figure(one: BodyMap) -> Figure:
    right, left = _("Patient’s right"), _("Patient’s left")
    sides = ("", "") if one.view.only_side else (left, right) if one.view.from_behind else (right, left)
    return Figure(
        title=str(one.title),
        sides=sides,
        outlines=outlines_of(one.view),
        marks=[
            Mark(
                x=point.x,
                y=point.y,
                sign=_sign(point),
                dose=point.dose,
                dose_x=point.dose_x,
                dose_y=point.dose_y,
                ends_there=point.dose_anchor == "end",
                lead=point.lead,
            )
            for point in one.given
        ],
    )


def _sign(point: PlacedPoint) -> Sign:
    if point.is_free:
        return Sign.FREE_AVOIDED if point.avoided else Sign.FREE
    return Sign.AVOIDED if point.avoided else Sign.GIVEN


def _point(one: Injection) -> str:
    if one.is_free:
        return _("%(point)s (free point)") % {"point": one.name}
    return _("%(site)s, point %(name)s") % {"site": one.name, "name": one.point} if one.point else one.name


def _dilution(vial: Vial) -> str:
    concentration = units_per_tenth(vial)
    if vial.diluent_ml is None or concentration is None:
        return _("not recorded")
    return _("%(volume)s mL: %(units)s U per 0.1 mL") % {
        "volume": units_text(vial.diluent_ml),
        "units": units_text(concentration),
    }


def _units(number: Decimal | None) -> str:
    return "–" if number is None else units_text(number)
