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
from clinic.reminders.situation import PlanBook
from clinic.reminders.steps import DEFAULT_STEPS, Anchor, Audience, PlanStep, Step, Unit


def default_steps() -> tuple[PlanStep, ...]:
    """Return the steps that every clinic starts with (source: docs/clinical-sources.md, reminders)."""
    return DEFAULT_STEPS


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
                step=step.step.value,
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

    A clinic without any row gets the default steps, so that no letter is lost because a set-up forgot them.
    """
    rows = Plan.objects.order_by("version", "pk", "steps__pk").values_list(
        "clinic_id", "indication_id", "pk", "active_from", "clinic__time_zone", "steps__is_active", "steps__step",
        "steps__anchor", "steps__offset", "steps__ordinal", "steps__offset_unit", "steps__floor_anchor",
        "steps__floor_offset_days", "steps__audience",
    )  # fmt: skip
    in_force: dict[tuple[int, int | None], int] = {}
    steps: dict[int, list[PlanStep]] = {}
    for clinic_id, indication_id, pk, active_from, time_zone, is_active, *step in cast(Iterable[tuple[Any, ...]], rows):
        if active_from <= now.astimezone(ZoneInfo(time_zone)).date():
            in_force[clinic_id, indication_id] = pk
            steps.setdefault(pk, []).extend([_as_step(*step)] if is_active else [])
    return PlanBook({key: tuple(steps[pk]) for key, pk in in_force.items()}, default_steps())


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
