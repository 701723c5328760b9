"""The facts beside the points of two treatments: what each record says, and how each treatment went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.care.courses import Unwanted
from clinic.safety.models import Outcome, Severity
from clinic.staff.comparing import Treatment, TwoTreatments
from clinic.staff.comparing_choice import condition_words
from clinic.staff.vials import plain, units_per_tenth
from clinic.treatments.models import VialUse


@dataclass(frozen=True, slots=True)
class Bit:
    """A piece of a fact; `url` leads to what it is about, where the reader may go there."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact beside the points, of both treatments."""

    name: str
    earlier: tuple[Bit, ...]
    later: tuple[Bit, ...]
    is_different: bool


def facts_of(two: TwoTreatments, *, may_see_log: bool) -> list[FactLine]:
    """What is on record of both. With `may_see_log` side effects are told with how bad they were, and lead to their page."""
    return [
        _fact(two, _("Date of treatment"), lambda one: [_day(one.version.performed_on)], may_differ=True),
        _fact(two, _("Treated for"), lambda one: [condition_words(one.session.condition)]),
        _fact(two, _("Treated by"), lambda one: [one.version.practitioner.name]),
        _fact(two, _("Product"), lambda one: [f"{one.version.product} ({one.version.product.generic_name})"]),
        _fact(two, _("Dilution"), lambda one: _dilution(one.uses)),
        _fact(two, _("Guidance"), lambda one: [str(one.version.get_guidance_display() or _("not on record"))]),
        _fact(two, _("Lid technique"), lambda one: [str(one.version.get_lid_technique_display() or _("not on record"))]),
        _fact(two, _("Notes"), lambda one: [one.version.notes or _("none")], may_differ=True),
        _fact(two, _("Effect"), _effect, may_differ=True),
        FactLine(
            name=_("Side effects"),
            earlier=_side_effects(two.earlier, may_see_log),
            later=_side_effects(two.later, may_see_log),
            is_different=False,
        ),
        _fact(two, _("Record"), _record, may_differ=True),
    ]


def _fact(two: TwoTreatments, name: str, of: Callable[[Treatment], Sequence[str]], *, may_differ: bool = False) -> FactLine:
    """A line of plain words. `may_differ` where another word is no change that anybody made."""
    earlier, later = (tuple(Bit(text) for text in of(one)) for one in two.both)
    return FactLine(name, earlier, later, is_different=not may_differ and earlier != later)


def _side_effects(one: Treatment, may_see_log: bool) -> tuple[Bit, ...]:
    told = tuple(_side_effect(side_effect, one, may_see_log) for side_effect in one.course.side_effects)
    return told or (Bit(_("none reported")),)


def _side_effect(side_effect: Unwanted, one: Treatment, may_see_log: bool) -> Bit:
    words = [side_effect.term]
    if side_effect.onset_on:
        words.append(_after(one.version.performed_on, side_effect.onset_on))
    if not may_see_log:
        return Bit(", ".join(words))
    # How bad it was is told to whoever may read the log, as in the patient's history.
    words += [str(Severity(side_effect.severity).label), str(Outcome(side_effect.outcome).label)]
    return Bit(", ".join(words), reverse("staff:side-effect-show", args=[side_effect.public_id]))


def _dilution(uses: Iterable[VialUse]) -> list[str]:
    words = []
    for use in uses:
        concentration = units_per_tenth(use.vial)
        if concentration is None or use.vial.diluent_ml is None:
            words.append(_("not on record"))
        else:
            facts = {
                "units": plain(concentration),
                "vial": plain(use.vial.labelled_units),
                "diluent": plain(use.vial.diluent_ml),
            }
            words.append(_("%(units)s U per 0.1 mL: %(vial)s U in %(diluent)s mL") % facts)
    return list(dict.fromkeys(words)) or [_("not on record")]


def _effect(one: Treatment) -> list[str]:
    course, words = one.course, []
    if course.last_seen_working_on:
        words.append(_("working on %(day)s") % {"day": _on(one, course.last_seen_working_on)})
    if course.worn_off_on:
        words.append(_("worn off by %(day)s") % {"day": _on(one, course.worn_off_on)})
    elif course.first_seen_worn_off_on:
        words.append(_("found worn off on %(day)s") % {"day": _on(one, course.first_seen_worn_off_on)})
    return words or [_("nothing on record")]


def _record(one: Treatment) -> list[str]:
    number = one.version.number
    return [_("as signed") if number == 1 else _("amended, version %(number)d") % {"number": number}]


def _on(one: Treatment, day: date) -> str:
    return f"{_day(day)}, {_after(one.version.performed_on, day)}"


def _after(treated_on: date, day: date) -> str:
    days = (day - treated_on).days
    return ngettext("%(days)d day after", "%(days)d days after", days) % {"days": days}


def _day(day: date) -> str:
    return date_format(day, "j M Y")
