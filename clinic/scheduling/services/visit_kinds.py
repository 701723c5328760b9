"""The kinds of visit of a clinic: how long each takes, and what is kept free after it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.services import Problem
from clinic.practice.models import Clinic
from clinic.scheduling.models import VisitKind
from clinic.scheduling.services.offering import TREATMENT
from clinic.scheduling.services.upkeep import HoursRefused

#: The shortest and the longest visit, in minutes (the table refuses others), and the most that is kept free after one.
SHORTEST, LONGEST_VISIT, MOST_KEPT = 5, 480, 240


def add_visit_kind(*, by: audit.Actor, clinic: Clinic, name: str, minutes: int, buffer_minutes: int, now: datetime) -> VisitKind:
    """Add a kind of visit and return it. The first of a clinic is the one for which follow-ups are booked.

    Raises HoursRefused for a name that is taken and for lengths out of bounds.
    """
    with transaction.atomic():
        Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
        kinds = VisitKind.objects.filter(clinic=clinic)
        _refuse(clinic, None, name, minutes, buffer_minutes)
        code = f"KIND_{kinds.count() + 1}" if kinds.filter(code=TREATMENT).exists() else TREATMENT
        kind = VisitKind.objects.create(
            clinic=clinic, code=code, name=name.strip(), minutes=minutes, buffer_minutes=buffer_minutes
        )
        audit.record(
            by=by,
            action=audit.Action.CREATED,
            what=kind,
            clinic_id=clinic.pk,
            fields=["name", "minutes", "buffer_minutes"],
            now=now,
        )
    return kind


def change_visit_kind(
    *, by: audit.Actor, kind: VisitKind, name: str, minutes: int, buffer_minutes: int, now: datetime
) -> VisitKind:
    """Let visits of this kind be booked with another length from now on; those that are booked keep the time they have.

    Raises HoursRefused as `add_visit_kind` does.
    """
    with transaction.atomic():
        kind = VisitKind.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=kind.pk)
        _refuse(kind.clinic, kind, name, minutes, buffer_minutes)
        given = {"name": name.strip(), "minutes": minutes, "buffer_minutes": buffer_minutes}
        changed = [field for field, value in given.items() if getattr(kind, field) != value]
        for field in changed:
            setattr(kind, field, given[field])
        if changed:
            kind.save(update_fields=changed)
            audit.record(by=by, action=audit.Action.CHANGED, what=kind, clinic_id=kind.clinic_id, fields=changed, now=now)
    return kind


def _refuse(clinic: Clinic, kind: VisitKind | None, name: str, minutes: int, buffer_minutes: int) -> None:
    problems = []
    others = VisitKind.objects.filter(clinic=clinic, name__iexact=name.strip())
    if (others.exclude(pk=kind.pk) if kind is not None else others).exists():
        problems.append(Problem("name", _("There is a kind of visit with this name.")))
    if not SHORTEST <= minutes <= LONGEST_VISIT:
        problems.append(Problem("minutes", _("A visit takes 5 to 480 minutes.")))
    if not 0 <= buffer_minutes <= MOST_KEPT:
        problems.append(Problem("buffer_minutes", _("From 0 to 240 minutes.")))
    if problems:
        raise HoursRefused(problems)
