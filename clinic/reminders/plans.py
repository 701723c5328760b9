"""The plans of the clinics: what the policy is given, and what a new clinic starts with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic.practice.models import Clinic
from clinic.reminders.models import Plan
from clinic.reminders.models import PlanStep as PlanStepRow
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import Anchor, Audience, NamedStep, PlanStep, Step, Unit
from clinic.toxins.models import Indication

#: The key under which `load_book` holds a plan that is no row.
_PROPOSED = 0


@dataclass(frozen=True, slots=True)
class Proposed:
    """A plan as somebody would have it, before it is written down: for an indication of a clinic, or for any (None)."""

    clinic_id: int
    indication_id: int | None
    steps: tuple[NamedStep, ...]


def ensure_plan(clinic: Clinic, now: datetime) -> Plan:
    """Return the clinic's plan for any indication, made from the default steps if it has none."""
    with transaction.atomic():
        newest = newest_plan(clinic, None)
        if newest is not None:
            return newest
        plan = Plan.objects.create(clinic=clinic, active_from=now.astimezone(clinic.zone).date())
        write_steps(plan, [NamedStep(step) for step in default_steps()])
    return plan


def newest_plan(clinic: Clinic, indication: Indication | None) -> Plan | None:
    """Return the newest version, whether its day has come or not; None if this clinic has no plan for the indication."""
    return Plan.objects.filter(clinic=clinic, indication=indication).order_by("-version").first()


def write_steps(plan: Plan, steps: Iterable[NamedStep]) -> None:
    """Write the steps of a plan that has none yet."""
    PlanStepRow.objects.bulk_create(
        PlanStepRow(
            plan=plan,
            step=str(named.step.step),
            ordinal=named.step.ordinal,
            anchor=named.step.anchor.value,
            offset=named.step.offset,
            offset_unit=named.step.unit.value,
            floor_anchor=named.step.floor.value if named.step.floor else "",
            floor_offset_days=named.step.floor_days,
            audience=named.step.audience.value,
            is_active=named.is_active,
        )
        for named in steps
    )


def named_steps(plan: Plan) -> tuple[NamedStep, ...]:
    """Return what a version of a plan names, in the order in which it was written down."""
    rows = PlanStepRow.objects.filter(plan=plan).order_by("pk").values_list(
        "is_active", "step", "anchor", "offset", "ordinal", "offset_unit", "floor_anchor", "floor_offset_days", "audience"
    )  # fmt: skip
    return tuple(NamedStep(_as_step(*step), is_active) for is_active, *step in cast(Iterable[tuple[Any, ...]], rows))


def begins_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a plan that is active from this day comes into force."""
    return datetime.combine(day, time.min, tzinfo=zone)


def load_book(now: datetime, *, instead: Proposed | None = None) -> PlanBook:
    """Return the plan in force at each clinic, in one query: the newest version whose day has come.

    A clinic without any row gets the default steps, so that no letter is lost because a set-up forgot them. A step that a plan
    does not name, not even as switched off, goes as in the clinic's plan for any indication, else as by default: a step that
    comes with a new version of the program reaches the clinics that made their plan before. With `instead`, as if that plan
    were in force in place of the clinic's own for its indication.
    """
    rows = Plan.objects.order_by("version", "pk", "steps__pk").values_list(
        "clinic_id", "indication_id", "pk", "active_from", "clinic__time_zone", "steps__is_active", "steps__step",
        "steps__anchor", "steps__offset", "steps__ordinal", "steps__offset_unit", "steps__floor_anchor",
        "steps__floor_offset_days", "steps__audience",
    )  # fmt: skip
    in_force: dict[tuple[int, int | None], int] = {}
    steps: dict[int, list[PlanStep]] = {}
    named: dict[int, set[str]] = {}
    changes_at: dict[int, datetime] = {}
    for clinic_id, indication_id, pk, active_from, time_zone, is_active, *step in cast(Iterable[tuple[Any, ...]], rows):
        if active_from <= now.astimezone(ZoneInfo(time_zone)).date():
            in_force[clinic_id, indication_id] = pk
            steps.setdefault(pk, []).extend([_as_step(*step)] if is_active else [])
            named.setdefault(pk, set()).add(step[0])
        else:
            begins = begins_at(active_from, ZoneInfo(time_zone))
            changes_at[clinic_id] = min(begins, changes_at.get(clinic_id, begins))
    if instead is not None:
        in_force[instead.clinic_id, instead.indication_id] = _PROPOSED
        steps[_PROPOSED] = [one.step for one in instead.steps if one.is_active]
        named[_PROPOSED] = {one.step.step for one in instead.steps}
    plans: dict[tuple[int, int | None], tuple[PlanStep, ...]] = {}
    for (clinic_id, indication_id), pk in sorted(in_force.items(), key=lambda plan: plan[0][1] is not None):
        others = plans.get((clinic_id, None), default_steps())
        added = [step for step in others if step.step not in named[pk]]
        plans[clinic_id, indication_id] = (*steps[pk], *added)
    return PlanBook(plans, default_steps(), changes_at)


def _as_step(
    step: str, anchor: str, offset: int, ordinal: int, unit: str, floor: str, floor_days: int, audience: str
) -> PlanStep:
    return PlanStep(
        step=Step(step),
        anchor=Anchor(anchor),
        offset=offset,
        ordinal=ordinal,
        unit=Unit(unit),
        floor=Anchor(floor) if floor else None,
        floor_days=floor_days,
        audience=Audience(audience),
    )
