"""From a treatment to its maps: points of the catalogue, free points as they are typed, and what was signed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from clinic.staff.forms.points import Row
from clinic.staff.pictures.body_map import BodyMap, MapPoint, Side, lay_out_views
from clinic.toxins.body import View
from clinic.toxins.models import FREE_POINT, Site
from clinic.treatments.models import Injection, TemplatePoint

_UNITS = re.compile(r"[0-9]{1,5}(?:[.,][0-9]{1,2})?")


def given_maps(injections: Iterable[Injection | TemplatePoint]) -> tuple[BodyMap, ...]:
    """The maps of a signed treatment or of a template: its points where they lie. Needs each point's site."""
    return lay_out_views(
        MapPoint(
            code=one.site.code,
            label=one.name,
            side=Side(one.side),
            x=float(one.x),
            y=float(one.y),
            avoided=one.site.is_avoided,
            warning=one.site.warning,
            units=one.units,
            view=View(one.view),
            is_free=one.is_free,
        )
        for one in injections
        if one.view
    )


def catalogue_point(site: Site, side: str, units: Decimal | None, previous: Decimal | None) -> MapPoint:
    """A point of the catalogue on one side, with what is given there and what was given last."""
    place = Side(side)
    return MapPoint(
        code=site.code,
        label=str(site),
        side=place,
        x=place.place(site.x),
        y=float(site.y),
        avoided=site.is_avoided,
        warning=site.warning,
        units=units,
        previous=previous,
        view=View(site.view).on(side),
    )


def free_point(row: Row, site: Site) -> MapPoint | None:
    """The free point of a row; None while its place is not known. `site` is the catalogue's row for free points."""
    if (place := row.place) is None:
        return None
    view, x, y = place
    return MapPoint(
        code=FREE_POINT,
        label=row.name.strip() or str(site),
        side=Side(row.side) if row.side in Side.__members__ else Side(view.side_at(x)),
        x=float(x),
        y=float(y),
        units=units_or_none(row.units),
        view=view,
        is_free=True,
    )


def units_or_none(typed: str) -> Decimal | None:
    """Units as typed, if they can be drawn and added up as they stand."""
    text = typed.strip()
    return Decimal(text.replace(",", ".")) if _UNITS.fullmatch(text) else None
