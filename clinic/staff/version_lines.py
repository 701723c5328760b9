"""The versions of a treatment as staff read them: who signed each, when and why, and what is different between two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.staff.pictures.body_map import units_text
from clinic.staff.vials import size_text
from clinic.toxins.models import Site, Vial
from clinic.treatments.differences import Change, PointSaid, VialSaid, What, differences
from clinic.treatments.models import Guidance, InjectionSession, LidTechnique, PointSide, SessionVersion, SessionVoid
from clinic.treatments.services import said_by

if TYPE_CHECKING:
    from clinic.accounts import User

_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version in a list of them."""

    number: int
    by: User | None
    at: datetime | None
    reason: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class History:
    """What became of a treatment's record since it was signed."""

    versions: list[VersionLine]
    void: SessionVoid | None
    zone: ZoneInfo

    @property
    def is_amended(self) -> bool:
        return len(self.versions) > 1


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One difference in words: what it is about, what was said before and what is said after."""

    what: str
    before: str
    after: str


def history_of(session: InjectionSession) -> History:
    """The versions of a treatment, the newest first, and whether it is void. Two queries."""
    versions = session.versions.filter(signed_at__isnull=False).select_related("signed_by").order_by("-number")
    return History(
        versions=[
            VersionLine(one.number, one.signed_by, one.signed_at, one.amendment_reason, one.pk == session.current_version_id)
            for one in versions
        ],
        void=SessionVoid.objects.filter(session=session).select_related("by").first(),
        zone=session.clinic.zone,
    )


def change_lines(before: SessionVersion, after: SessionVersion) -> list[ChangeLine]:
    """What `after` says otherwise than `before`, in words. A fixed number of queries; needs product and practitioner of both."""
    changes = differences(said_by(before), said_by(after))
    names = _Names.for_changes(changes, before, after)
    return [names.line(change) for change in changes]


@dataclass(frozen=True, slots=True)
class _Names:
    """What codes and ids are called."""

    sites: Mapping[str, str]
    vials: Mapping[str, str]
    plain: Mapping[str, str]

    @classmethod
    def for_changes(cls, changes: Iterable[Change], *versions: SessionVersion) -> _Names:
        said = [one for change in changes for one in (change.before, change.after)]
        codes = {one.site for one in said if isinstance(one, PointSaid)}
        ids = {one.vial for one in said if isinstance(one, VialSaid)}
        vials = Vial.objects.filter(public_id__in=ids).select_related("lot__product")
        plain = {str(one.practitioner.public_id): one.practitioner.name for one in versions}
        plain |= {one.product.code: str(one.product) for one in versions}
        return cls(
            sites={site.code: str(site) for site in Site.objects.filter(code__in=codes)},
            vials={str(vial.public_id): f"{size_text(vial)}, {_('lot %(lot)s') % {'lot': vial.lot.number}}" for vial in vials},
            plain=plain,
        )

    def line(self, change: Change) -> ChangeLine:
        said = change.after or change.before
        if isinstance(said, PointSaid):
            return ChangeLine(self._point(change.what, said), self._units(change.before), self._units(change.after))
        if isinstance(said, VialSaid):
            name = _("Vial: %(vial)s") % {"vial": self.vials.get(said.vial, "")}
            return ChangeLine(name, self._drawn(change.before), self._drawn(change.after))
        return ChangeLine(_words(change.what), self._value(change.what, change.before), self._value(change.what, change.after))

    def _point(self, what: What, said: PointSaid) -> str:
        name = f"{self.sites.get(said.site, said.site)}, {PointSide(said.side).label}"
        if said.label:
            name = f"{name} ({said.label})"
        words = {
            What.POINT_ADDED: _("Point added: %(point)s"),
            What.POINT_REMOVED: _("Point removed: %(point)s"),
            What.POINT_UNITS: _("Units changed: %(point)s"),
            What.POINT_MOVED: _("Place changed: %(point)s"),
        }
        return words[what] % {"point": name}

    def _units(self, said: object) -> str:
        return f"{units_text(said.units)} U" if isinstance(said, PointSaid) else _NOTHING

    def _drawn(self, said: object) -> str:
        if not isinstance(said, VialSaid):
            return _NOTHING
        given = _("%(units)s U given") % {"units": units_text(said.given)}
        if not said.wasted:
            return given
        return f"{given}, {_('%(units)s U discarded') % {'units': units_text(said.wasted)}}"

    def _value(self, what: What, value: object) -> str:
        if isinstance(value, date):
            return date_format(value, "j M Y")
        text = str(value or "")
        if what == What.GUIDANCE and text:
            return str(Guidance(text).label)
        if what == What.LID_TECHNIQUE and text:
            return str(LidTechnique(text).label)
        return self.plain.get(text, text) or _NOTHING


def _words(what: What) -> str:
    return {
        What.DATE: _("Date of treatment"),
        What.PRACTITIONER: _("Treated by"),
        What.PRODUCT: _("Product"),
        What.GUIDANCE: _("Guidance"),
        What.LID_TECHNIQUE: _("Lid technique"),
        What.NOTES: _("Notes"),
    }[what]
