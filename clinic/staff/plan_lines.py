"""The rows of the pages of plans: versions, steps, and what a change would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts import User
from clinic.patients.models import Patient
from clinic.patients.services import visible_to
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.reminders.models import Plan
from clinic.reminders.plan_differences import Change
from clinic.reminders.rules import RULES
from clinic.reminders.services import Comparison
from clinic.reminders.steps import NamedStep
from clinic.reminders.wording import moment_words, step_words
from clinic.staff.plan_words import steps_moment
from clinic.toxins.models import Indication

CHANGES = {
    Change.ADDED: gettext_lazy("added"),
    Change.DROPPED: gettext_lazy("dropped"),
    Change.MOVED: gettext_lazy("moved"),
}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A clinic's plan for an indication (None: any): the version in force, and one that waits for its day."""

    indication: Indication | None
    in_force: Plan | None
    pending: Plan | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a version, in words."""

    title: str
    when: str
    #: The plan does not name it.
    is_usual: bool


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One letter or task that a change would add, drop or move. Without the patient where the reader may not see them."""

    change: str
    patient: Patient | None
    what: str
    before: str
    after: str


def plan_lines(clinics: Sequence[Clinic], *, now: datetime) -> dict[int, list[PlanLine]]:
    """Return, by clinic, its plan for any indication and then those for one. One query."""
    today = {clinic.pk: now.astimezone(clinic.zone).date() for clinic in clinics}
    found: dict[int, dict[int | None, PlanLine]] = {clinic.pk: {None: PlanLine(None, None, None)} for clinic in clinics}
    rows = Plan.objects.filter(clinic__in=clinics).select_related("indication")
    for plan in rows.order_by("indication__name", "version"):
        before = found[plan.clinic_id].get(plan.indication_id)
        if plan.active_from <= today[plan.clinic_id]:
            line = PlanLine(plan.indication, plan, None)
        else:
            line = PlanLine(plan.indication, before.in_force if before else None, plan)
        found[plan.clinic_id][plan.indication_id] = line
    return {pk: list(lines.values()) for pk, lines in found.items()}


def step_lines(steps: Sequence[NamedStep], *, any_indication: bool) -> list[StepLine]:
    """Return every step of the table as a version has it."""
    usual = _("as by default") if any_indication else _("as in the plan for any indication")
    lines = []
    for code in RULES:
        here = [one for one in steps if one.step.step == code]
        when = steps_moment(one.step for one in here if one.is_active) if here else usual
        lines.append(StepLine(step_words(code), when, is_usual=not here))
    return lines


def difference_view(comparison: Comparison, *, clinic: Clinic, user: User, now: datetime) -> dict[str, Any]:
    """Return what the page shows of a comparison. One query for the names."""
    known = visible_to(user, Permission.VIEW_PATIENTS).in_bulk([one.patient_id for one in comparison.examples])

    def words(moment: datetime | None) -> str:
        return moment_words(moment, clinic.zone, at=now) if moment else ""

    lines = [
        DifferenceLine(
            str(CHANGES[one.change]), known.get(one.patient_id), step_words(one.step), words(one.before), words(one.after)
        )
        for one in comparison.examples
    ]
    return {"counts": comparison, "lines": lines, "total": comparison.added + comparison.dropped + comparison.moved}
