"""Two treatments of one patient as staff read them side by side: what was given at every place, both times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.care.courses import Course, courses_of
from clinic.staff.comparing_choice import Pair
from clinic.staff.pictures.body_map import units_text
from clinic.toxins.models import Site
from clinic.treatments.differences import Comparison, Fate, Place, Points, PointSaid, Said, compared, units_at
from clinic.treatments.models import InjectionSession, PointSide, SessionVersion, VialUse
from clinic.treatments.services import current_of, said_by


@dataclass(frozen=True, slots=True)
class Treatment:
    """One of the two: its record as it stands, what that says, and how it went."""

    session: InjectionSession
    version: SessionVersion
    said: Said
    uses: tuple[VialUse, ...]
    course: Course

    @property
    def product(self) -> str:
        return str(self.version.product)


@dataclass(frozen=True, slots=True)
class PointLine:
    """A place, or a total, with what was given both times, in words. `change` is empty where two products were given."""

    name: str
    side: str
    earlier: str
    later: str
    change: str
    fate: Fate | None = None
    is_free: bool = False
    has_moved: bool = False


class TwoTreatments:
    """Everything that the page shows of two treatments. As many queries for many points as for one."""

    def __init__(self, pair: Pair) -> None:
        self.earlier, self.later = _read(pair)
        self.comparison: Comparison = compared(self.earlier.said, self.later.said)
        codes = {point.site for one in self.both for point in one.said.points}
        self.sites = {site.code: site for site in Site.objects.filter(code__in=codes)}

    @property
    def both(self) -> tuple[Treatment, Treatment]:
        return self.earlier, self.later

    @property
    def is_same_product(self) -> bool:
        return self.comparison.is_same_product

    @property
    def is_same_condition(self) -> bool:
        return self.earlier.session.condition_id == self.later.session.condition_id

    @property
    def days(self) -> int:
        """Days from the earlier to the later."""
        return (self.later.version.performed_on - self.earlier.version.performed_on).days

    @property
    def has_free(self) -> bool:
        return any(place.said.is_free for place in self.comparison.places)

    @property
    def has_moved(self) -> bool:
        return any(place.has_moved for place in self.comparison.places)

    @property
    def summary(self) -> list[str]:
        """What became of the places, in words: only what there is."""
        count, said = self.comparison.count, []
        for fate, words in _SUMMARY.items():
            if number := count(fate):
                said.append(words(number))
        return said

    @property
    def total_change(self) -> str:
        """How much more or less was given; empty for two products."""
        return self._change(self.earlier.said.points, self.later.said.points)

    def points(self) -> list[PointLine]:
        """Every place of both treatments."""
        return [self._line(place) for place in self.comparison.places]

    def totals(self) -> list[PointLine]:
        """What was given altogether and on each side."""
        lines = [self._total(_("Altogether"), self.earlier.said.points, self.later.said.points)]
        for side in PointSide:
            was, is_now = (tuple(point for point in one.said.points if point.side == side) for one in self.both)
            if was or is_now:
                lines.append(self._total(capfirst(str(side.label)), was, is_now))
        return lines if len(lines) > 2 else lines[:1]

    def _line(self, place: Place) -> PointLine:
        said = place.said
        return PointLine(
            name=self.name_of(said),
            side=str(PointSide(said.side).label),
            earlier=self._units(place.before, self.earlier),
            later=self._units(place.after, self.later),
            change=_change_words(place),
            fate=place.fate,
            is_free=said.is_free,
            has_moved=place.has_moved,
        )

    def _total(self, name: str, was: Points, is_now: Points) -> PointLine:
        return PointLine(
            name=name,
            side="",
            earlier=self._in_product(units_text(units_at(was)), self.earlier),
            later=self._in_product(units_text(units_at(is_now)), self.later),
            change=self._change(was, is_now),
        )

    def _units(self, points: Points, treatment: Treatment) -> str:
        if not points:
            return _("not given")
        return self._in_product(" + ".join(units_text(point.units) for point in points), treatment)

    def _in_product(self, units: str, treatment: Treatment) -> str:
        """Units as they stand in the table: with the product at each dose, where there are two."""
        if self.is_same_product:
            return _("%(units)s U") % {"units": units}
        return _("%(units)s U %(product)s") % {"units": units, "product": treatment.product}

    def _change(self, was: Iterable[PointSaid], is_now: Iterable[PointSaid]) -> str:
        return signed_units(units_at(is_now) - units_at(was)) if self.is_same_product else ""

    def name_of(self, said: PointSaid) -> str:
        return said.label if said.is_free else str(self.sites[said.site])


def signed_units(difference: Decimal) -> str:
    """A difference with its sign: +2.5 U, −1.25 U, ±0 U."""
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    # The unit never stands in a line of its own, away from its number.
    return (_("%(units)s U") % {"units": f"{sign}{units_text(abs(difference))}"}).replace(" ", "\N{NO-BREAK SPACE}")


def _read(pair: Pair) -> Iterator[Treatment]:
    """Both with everything that is on record. A fixed number of queries."""
    versions = [current_of(session) for session in pair]
    uses: dict[int, list[VialUse]] = {version.pk: [] for version in versions}
    for use in VialUse.objects.filter(version__in=versions).select_related("vial").order_by("pk"):
        uses[use.version_id].append(use)
    courses = courses_of(pair)
    for session, version in zip(pair, versions, strict=True):
        yield Treatment(session, version, said_by(version), tuple(uses[version.pk]), courses[session.pk])


def _change_words(place: Place) -> str:
    if place.difference is None:
        return ""
    change = signed_units(place.difference)
    if place.fate == Fate.SAME:
        return _("the same")
    if place.fate == Fate.ADDED:
        return _("new, %(change)s") % {"change": change}
    if place.fate == Fate.LEFT_OUT:
        return _("left out, %(change)s") % {"change": change}
    return change if place.difference else _("%(change)s, divided otherwise") % {"change": change}


_SUMMARY: dict[Fate, Callable[[int], str]] = {
    Fate.CHANGED: lambda n: ngettext("%(n)d place with other units", "%(n)d places with other units", n) % {"n": n},
    Fate.ADDED: lambda n: ngettext("%(n)d place only later", "%(n)d places only later", n) % {"n": n},
    Fate.LEFT_OUT: lambda n: ngettext("%(n)d place only earlier", "%(n)d places only earlier", n) % {"n": n},
    Fate.SAME: lambda n: ngettext("%(n)d place the same", "%(n)d places the same", n) % {"n": n},
    Fate.NOT_COMPARED: lambda n: ngettext("%(n)d place both times", "%(n)d places both times", n) % {"n": n},
}
