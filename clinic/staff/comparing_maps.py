"""The maps of two treatments: beside one another, view by view, or laid over one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from clinic.staff.comparing import TwoTreatments
from clinic.staff.pictures.body_map import BodyMap, MapPoint, Side, lay_out
from clinic.staff.pictures.overlay_map import BothDoses, OverlayMap, lay_over
from clinic.toxins.body import View
from clinic.treatments.differences import Place, PointSaid


@dataclass(frozen=True, slots=True)
class ViewPair:
    """One view of the body, as each treatment has it."""

    view: View
    earlier: BodyMap
    later: BodyMap

    @property
    def title(self) -> Promise:
        return self.earlier.title


def maps_beside(two: TwoTreatments) -> list[ViewPair]:
    """The maps of both, for each view in which either has a point."""
    drawn = [_by_view(two, one.said.points) for one in two.both]
    return [
        ViewPair(view, *(lay_out(by_view.get(view, []), view=view) for by_view in drawn))
        for view in View
        if any(view in by_view for by_view in drawn)
    ]


def maps_over(two: TwoTreatments) -> tuple[OverlayMap, ...]:
    """The maps of both, laid over one another."""
    return lay_over(_both_doses(two, place) for place in two.comparison.places)


def _by_view(two: TwoTreatments, points: Iterable[PointSaid]) -> dict[View, list[MapPoint]]:
    by_view: dict[View, list[MapPoint]] = {}
    for said in points:
        site = two.sites[said.site]
        by_view.setdefault(View(said.view), []).append(
            MapPoint(
                code=said.site,
                label=two.name_of(said),
                side=Side(said.side),
                x=float(said.x),
                y=float(said.y),
                avoided=site.is_avoided,
                warning=site.warning,
                units=said.units,
                view=View(said.view),
                is_free=said.is_free,
            )
        )
    return by_view


def _both_doses(two: TwoTreatments, place: Place) -> BothDoses:
    said = place.said
    return BothDoses(
        label=two.name_of(said),
        side=Side(said.side),
        x=float(said.x),
        y=float(said.y),
        view=View(said.view),
        earlier=tuple(point.units for point in place.before),
        later=tuple(point.units for point in place.after),
        products=(two.earlier.product, two.later.product),
        is_same_product=two.is_same_product,
        was_at=(float(place.before[0].x), float(place.before[0].y)) if place.has_moved else None,
        avoided=two.sites[said.site].is_avoided,
        is_free=said.is_free,
    )
