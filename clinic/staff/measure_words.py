"""Proportions in words, and whether a treatment asks why it did not come when planned."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.care.proportions import Proportion
from clinic.care.returning import days_off, is_as_planned, planned
from clinic.care.returns import ended_by
from clinic.treatments.models import InjectionSession, IntervalCause


@dataclass(frozen=True, slots=True)
class InPercent:
    """A proportion as a table shows it."""

    of: str
    #: The share with its interval; or that there are too few.
    words: str


def in_percent(one: Proportion) -> InPercent:
    """The share in whole percent with its 95 % interval, or "too few to say"."""
    of = _("%(number)d of %(all)d") % {"number": one.number, "all": one.of}
    if one.is_too_few:
        return InPercent(of, _("too few to say"))
    low, high = one.interval
    figures = {"share": round(one.share * 100), "low": round(low * 100), "high": round(high * 100)}
    return InPercent(of, _("%(share)d %% (%(low)d to %(high)d %%)") % figures)


@dataclass(frozen=True, slots=True)
class OffPlan:
    """A treatment that came at another time than planned: how far off, and why, if somebody said."""

    words: str
    cause: str
    choices: tuple[tuple[str, str], ...]


def off_plan(session: InjectionSession) -> OffPlan | None:
    """What the treatment's page tells and asks about its interval; None where it came as planned or was the first."""
    follow_up = ended_by(session)
    if follow_up is None:
        return None
    plan = planned(
        opens_on=follow_up.opens_on,
        closes_on=follow_up.closes_on,
        own_on=follow_up.own_on,
        suggested_from=follow_up.suggested_from,
        suggested_until=follow_up.suggested_until,
    )
    if is_as_planned(plan, session.performed_on):
        return None
    off = days_off(plan, session.performed_on)
    if off > 0:
        words = ngettext("%(days)d day later than planned", "%(days)d days later than planned", off) % {"days": off}
    else:
        words = ngettext("%(days)d day earlier than planned", "%(days)d days earlier than planned", -off) % {"days": -off}
    reason = getattr(follow_up, "interval_reason", None)
    return OffPlan(
        words,
        str(reason.get_cause_display()) if reason else "",
        tuple((str(code), str(word)) for code, word in IntervalCause.choices),
    )
