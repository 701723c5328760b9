"""Changing what a clinic's letters go by: a new version of a plan, other hours. Earlier versions stay to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.care.recheck import look_again_at
from clinic.patients.services import Problem, Refused
from clinic.practice.models import Clinic
from clinic.reminders.models import MOST_OFFSET, Plan
from clinic.reminders.plans import begins_at, named_steps, newest_plan, write_steps
from clinic.reminders.rules import RULES, Family
from clinic.reminders.steps import Anchor, Audience, NamedStep, Unit
from clinic.toxins.models import Indication

#: A plan may wait so long for its day.
LONGEST_WAIT = timedelta(days=366)
#: So many days after a missed visit a letter about it would be stale.
_MISSED_FOR = 14
_OF_WINDOW = (Anchor.SUGGESTED, Anchor.OPENS, Anchor.CLOSES)


class PlanRefused(Refused):
    """The plan or the hours cannot stand like this. A problem's field is `<step>-<ordinal>-<part>` or an argument's name."""


class PlanOutdated(Exception):
    """Somebody else changed it since it was read. Nothing was written."""

    def __init__(self, version: int = 0) -> None:
        self.version = version
        super().__init__(_("Somebody else has changed this meanwhile."))


@dataclass(frozen=True, slots=True)
class Hours:
    """When a clinic's letters may go, by its wall. 0 is Monday."""

    opens: time
    closes: time
    weekdays: tuple[int, ...]

    @classmethod
    def of(cls, clinic: Clinic) -> Hours:
        """The hours that a clinic has now."""
        return cls(clinic.sending_from, clinic.sending_until, tuple(sorted(clinic.sending_weekdays)))


def check_plan(
    *, clinic: Clinic, indication: Indication | None, steps: Sequence[NamedStep], active_from: date, based_on: int, now: datetime
) -> None:
    """Raise PlanRefused if this cannot be a plan, PlanOutdated if there is a newer version than `based_on` (0: none yet)."""
    problems = [problem for named in steps if named.is_active for problem in _problems(named)]
    problems += _falling_together(steps)
    today = now.astimezone(clinic.zone).date()
    if active_from < today:
        problems.append(Problem("active_from", _("Choose today or a later day: what has gone is not changed by a plan.")))
    elif active_from > today + LONGEST_WAIT:
        problems.append(Problem("active_from", _("Choose a day within a year from now.")))
    if problems:
        raise PlanRefused(problems)
    newest = newest_plan(clinic, indication)
    version = newest.version if newest else 0
    if version != based_on:
        raise PlanOutdated(version)
    is_the_same = newest is not None and set(named_steps(newest)) == set(steps)
    if newest is not None and is_the_same and max(newest.active_from, today) == max(active_from, today):
        raise PlanRefused([Problem("", _("This is the plan as it stands: nothing would be changed."))])


def change_plan(
    *,
    by: audit.Actor,
    clinic: Clinic,
    indication: Indication | None,
    steps: Sequence[NamedStep],
    active_from: date,
    based_on: int,
    now: datetime,
) -> Plan:
    """Write the next version of a clinic's plan for an indication (None: any), in force from that day on.

    `based_on` is the version that its author had before them (0: there was none). Has the engine look at everybody concerned
    on that day. Raises PlanRefused and PlanOutdated as `check_plan` does.
    """
    with transaction.atomic():
        # One after the other. Not FOR UPDATE: that would keep the planner from writing letters of this clinic.
        Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
        check_plan(clinic=clinic, indication=indication, steps=steps, active_from=active_from, based_on=based_on, now=now)
        newest = newest_plan(clinic, indication)
        changed = set(steps) ^ set(named_steps(newest) if newest else ())
        plan = Plan.objects.create(clinic=clinic, indication=indication, version=based_on + 1, active_from=active_from)
        write_steps(plan, steps)
        look_again_at(clinic_id=clinic.pk, indication=indication, at=max(now, begins_at(active_from, clinic.zone)))
        audit.record(
            by=by,
            action=audit.Action.CREATED,
            what=plan,
            clinic_id=clinic.pk,
            fields={str(named.step.step) for named in changed},
            version=plan.version,
            now=now,
        )
    return plan


def check_hours(*, hours: Hours) -> None:
    """Raise PlanRefused if letters could never go, or the hours are not in order."""
    problems = []
    if hours.opens >= hours.closes:
        problems.append(Problem("closes", _("Letters must go until later than they go from.")))
    if not hours.weekdays:
        problems.append(Problem("weekdays", _("Choose at least one day. To stop letters altogether, pause them.")))
    if problems:
        raise PlanRefused(problems)


def change_hours(*, by: audit.Actor, clinic: Clinic, hours: Hours, was: Hours, now: datetime) -> None:
    """Let the clinic's letters go at these hours from now on, and have the engine look at everybody concerned.

    `was` are the hours that the author had before them. Raises PlanRefused as `check_hours` does, PlanOutdated if they are not
    the clinic's any more.
    """
    check_hours(hours=hours)
    with transaction.atomic():
        stored = Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
        if Hours.of(stored) != was:
            raise PlanOutdated()
        fields = {"sending_from": hours.opens, "sending_until": hours.closes, "sending_weekdays": list(hours.weekdays)}
        changed = [name for name, value in fields.items() if getattr(stored, name) != value]
        if not changed:
            return
        Clinic.objects.filter(pk=clinic.pk).update(**fields)
        look_again_at(clinic_id=clinic.pk, at=now)
        audit.record(by=by, action=audit.Action.CHANGED, what=clinic, clinic_id=clinic.pk, fields=changed, now=now)


def _problems(named: NamedStep) -> Iterator[Problem]:
    """What the table would not take, and what the policy could not count, in words."""
    step, family = named.step, RULES[named.step.step].family
    field = f"{step.step}-{step.ordinal}"
    if abs(step.offset) > MOST_OFFSET:
        yield Problem(f"{field}-number", _("At most %(most)d.") % {"most": MOST_OFFSET})
    if abs(step.floor_days) > MOST_OFFSET:
        yield Problem(f"{field}-floor_number", _("At most %(most)d.") % {"most": MOST_OFFSET})
    if family is Family.VISIT and step.offset >= 0:
        yield Problem(f"{field}-number", _("A reminder goes before the visit: at least 1."))
    if family is Family.VISIT and step.anchor is not Anchor.APPOINTMENT:
        yield Problem(f"{field}-anchor", _("A reminder is counted back from the visit."))
    if family is Family.RETURN and (step.anchor not in _OF_WINDOW or step.floor not in (None, *_OF_WINDOW)):
        yield Problem(f"{field}-anchor", _("This is counted from the window or the suggested date."))
    if family in (Family.CHANGE, Family.CORRECTION) and (step.anchor is not Anchor.CHANGE or step.offset):
        yield Problem(f"{field}-number", _("This letter goes when the change is made, not at a time."))
    if family is Family.MISSED and (step.anchor is not Anchor.CHANGE or not 0 <= step.offset < _MISSED_FOR):
        yield Problem(f"{field}-number", _("From 0 to %(most)d days after the missed visit.") % {"most": _MISSED_FOR - 1})
    if step.unit is Unit.HOUR and step.anchor is not Anchor.APPOINTMENT:
        yield Problem(f"{field}-unit", _("Only what goes before a visit is counted in hours."))
    if (step.audience is Audience.STAFF) != (not RULES[step.step].letter):
        yield Problem(f"{field}-number", _("This step speaks to somebody else."))


def _falling_together(steps: Sequence[NamedStep]) -> list[Problem]:
    """Two reminders of a visit at the same distance: one of them would never go."""
    seen: set[int] = set()
    problems = []
    for named in steps:
        step = named.step
        if named.is_active and RULES[step.step].family is Family.VISIT:
            distance = step.offset * (24 if step.unit is Unit.DAY else 1)
            if distance in seen:
                problems.append(Problem(f"{step.step}-{step.ordinal}-number", _("Another reminder goes at the same time.")))
            seen.add(distance)
    return problems
