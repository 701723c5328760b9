"""The plans of the clinics: what the policy is given, and what a new clinic starts with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import transaction

from clinic.practice.models import Clinic
from clinic.reminders.models import Plan
from clinic.reminders.models import PlanStep as PlanStepRow
from clinic.reminders.rules import default_steps
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import Anchor, Audience, PlanStep, Step, Unit


def ensure_plan(clinic: Clinic, now: datetime) -> Plan:
    """Return the clinic's plan for any indication, made from the default steps if it has none."""
    with transaction.atomic():
        newest = Plan.objects.filter(clinic=clinic, indication=None).order_by("-version").first()
        if newest is not None:
            return newest
        plan = Plan.objects.create(clinic=clinic, active_from=now.astimezone(clinic.zone).date())
        PlanStepRow.objects.bulk_create(
            PlanStepRow(
                plan=plan,
                step=str(step.step),
                ordinal=step.ordinal,
                anchor=step.anchor.value,
                offset=step.offset,
                offset_unit=step.unit.value,
                floor_anchor=step.floor.value if step.floor else "",
                floor_offset_days=step.floor_days,
                audience=step.audience.value,
            )
            for step in default_steps()
        )
    return plan


def load_book(now: datetime) -> PlanBook:
    """Return the plan in force at each clinic, in one query: the newest version whose day has come.

    A clinic without any row gets the default steps, so that no letter is lost because a set-up forgot them. A step that a plan
    does not name, not even as switched off, goes as in the clinic's plan for any indication, else as by default: a step that
    comes with a new version of the program reaches the clinics that made their plan before.
    """
    rows = Plan.objects.order_by("version", "pk", "steps__pk").values_list(
        "clinic_id", "indication_id", "pk", "active_from", "clinic__time_zone", "steps__is_active", "steps__step",
        "steps__anchor", "steps__offset", "steps__ordinal", "steps__offset_unit", "steps__floor_anchor",
        "steps__floor_offset_days", "steps__audience",
    )  # fmt: skip
    in_force: dict[tuple[int, int | None], int] = {}
    steps: dict[int, list[PlanStep]] = {}
    named: dict[int, set[str]] = {}
    for clinic_id, indication_id, pk, active_from, time_zone, is_active, *step in cast(Iterable[tuple[Any, ...]], rows):
        if active_from <= now.astimezone(ZoneInfo(time_zone)).date():
            in_force[clinic_id, indication_id] = pk
            steps.setdefault(pk, []).extend([_as_step(*step)] if is_active else [])
            named.setdefault(pk, set()).add(step[0])
    plans: dict[tuple[int, int | None], tuple[PlanStep, ...]] = {}
    for (clinic_id, indication_id), pk in sorted(in_force.items(), key=lambda plan: plan[0][1] is not None):
        others = plans.get((clinic_id, None), default_steps())
        added = [step for step in others if step.step not in named[pk]]
        plans[clinic_id, indication_id] = (*steps[pk], *added)
    return PlanBook(plans, default_steps())


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
