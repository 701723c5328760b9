"""When a step of a plan goes, in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.reminders.models import Anchor as AnchorWords
from clinic.reminders.rules import RULES, Family
from clinic.reminders.services import Hours
from clinic.reminders.steps import Anchor, PlanStep, Unit

#: What a clinic has to know of steps that are not counted from a date.
AT_ONCE: dict[Family, Promise] = {
    Family.CHANGE: gettext_lazy("at once, when the visit is booked, moved or cancelled"),
    Family.CORRECTION: gettext_lazy("at once, when the record of the treatment is corrected"),
}


def step_moment(step: PlanStep) -> str:
    """Return when it goes: "21 days before the suggested date, not earlier than 14 days before the window opens"."""
    if at_once := AT_ONCE.get(RULES[step.step].family):
        return str(at_once)
    if RULES[step.step].family is Family.MISSED:
        return ngettext(
            "%(number)d day after a visit is marked as missed, unless another is booked",
            "%(number)d days after a visit is marked as missed, unless another is booked",
            step.offset,
        ) % {"number": step.offset}
    moment = _distance(step.offset, step.unit, step.anchor)
    if step.floor is None:
        return moment
    return _("%(moment)s, not earlier than %(floor)s") % {
        "moment": moment,
        "floor": _distance(step.floor_days, Unit.DAY, step.floor),
    }


def steps_moment(steps: Iterable[PlanStep]) -> str:
    """Return when all of these go, as one step of a plan has them; "does not go" for none."""
    return "; ".join(step_moment(step) for step in steps) or _("does not go")


def hours_words(hours: Hours) -> str:
    """Return the hours and days at which letters go: "08:00 to 19:00 on Monday, Tuesday"."""
    days = ", ".join(str(WEEKDAYS[day]) for day in hours.weekdays) or _("no day")
    return _("%(opens)s to %(closes)s on %(days)s") % {
        "opens": f"{hours.opens:%H:%M}",
        "closes": f"{hours.closes:%H:%M}",
        "days": _("every day of the week") if len(hours.weekdays) == len(WEEKDAYS) else days,
    }


def _distance(offset: int, unit: Unit, anchor: Anchor) -> str:
    what = AnchorWords(anchor.value).label
    if offset == 0:
        return _("on the day: %(what)s") % {"what": what}
    number = abs(offset)
    if unit is Unit.DAY:
        words = ngettext("%(number)d day", "%(number)d days", number) % {"number": number}
    else:
        words = ngettext("%(number)d hour", "%(number)d hours", number) % {"number": number}
    pattern = _("%(distance)s before %(what)s") if offset < 0 else _("%(distance)s after %(what)s")
    return pattern % {"distance": words, "what": what}
