"""The plans of the clinics: what the policy is given, and what a new clinic starts with."""

from __future__ import annotations

from datetime import datetime

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
    """Return the plan in force at each clinic, in two queries: the newest version whose day has come.

    A clinic without any row gets the default steps, so that no letter is lost because a set-up forgot them.
    """
    in_force: dict[tuple[int, int | None], int] = {}
    plans = Plan.objects.order_by("version").select_related("clinic").only("indication_id", "active_from", "clinic__time_zone")
    for plan in plans:
        if plan.active_from <= now.astimezone(plan.clinic.zone).date():
            in_force[plan.clinic_id, plan.indication_id] = plan.pk
    steps: dict[int, list[PlanStep]] = {pk: [] for pk in in_force.values()}
    for row in PlanStepRow.objects.filter(plan_id__in=list(steps), is_active=True).order_by("plan_id", "id"):
        steps[row.plan_id].append(_as_step(row))
    return PlanBook({key: tuple(steps[pk]) for key, pk in in_force.items()}, default_steps())


def _as_step(row: PlanStepRow) -> PlanStep:
    return PlanStep(
        step=Step(row.step),
        anchor=Anchor(row.anchor),
        offset=row.offset,
        ordinal=row.ordinal,
        unit=Unit(row.offset_unit),
        floor=Anchor(row.floor_anchor) if row.floor_anchor else None,
        floor_days=row.floor_offset_days,
        audience=Audience(row.audience),
    )
