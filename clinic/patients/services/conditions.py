"""What a patient is treated for, on which side, and how it is coded."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.coding import is_a_code, is_incomplete, side_of_code, suggested_code, tidy_code
from clinic.patients.models import Condition, OnsetPrecision, Patient, Side
from clinic.patients.services.refusals import Problem, Refused, problems_of
from clinic.patients.services.scope import look_again
from clinic.toxins.models import Indication


def suggested_code_for(indication: Indication, side: str) -> str:
    """Return the ICD-10-CM code of this indication on this side; empty where none is known."""
    return suggested_code(indication.code, side)


def add_condition(
    *,
    by: audit.Actor,
    patient: Patient,
    indication: Indication,
    side: str,
    onset_on: date | None = None,
    onset_precision: str = "",
    cause: str = "",
    grade: str = "",
    icd10_code: str = "",
    associated: str = "",
    now: datetime,
) -> Condition:
    """Record what the patient is treated for, and return it.

    `onset_on` comes with its precision: the first of a month or year where only that is known. Raises Refused for a code that
    says another side (docs/clinical-sources.md, diagnoses), an onset before birth or in the future, and a condition that the
    patient already has.
    """
    condition = Condition(
        patient=patient,
        indication=indication,
        side=side,
        onset_on=onset_on,
        onset_precision=onset_precision,
        cause=cause.strip(),
        grade=grade.strip(),
        icd10_code=tidy_code(icd10_code) if len(icd10_code) < 20 else icd10_code,
        associated=associated.strip(),
        created_at=now,
    )
    fields = ["side", "onset_on", "onset_precision", "cause", "grade", "icd10_code", "associated"]
    problems = problems_of(condition, fields=fields)
    problems += problem_of_side(indication, side)
    problems += problem_of_code(condition.icd10_code, side)
    problems += _problem_of_onset(condition, now=now)
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        look_again([patient.pk], now=now)
        try:
            with transaction.atomic():
                condition.save()
        except IntegrityError:
            if not patient.conditions.filter(indication=indication, side=side).exists():
                raise
            raise Refused.for_field("side", _("This patient already has this condition on this side.")) from None
        audit.record(
            by=by,
            action=audit.Action.CREATED,
            what=condition,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=[name for name in ("indication", *fields) if getattr(condition, name)],
            now=now,
        )
    return condition


def problem_of_side(indication: Indication, side: str) -> list[Problem]:
    """Return what is wrong with the side of a condition of this indication, if anything."""
    if indication.one_sided and side == Side.NONE:
        return [Problem("side", _("Say on which side of the patient it is."))]
    return []


def problem_of_code(code: str, side: str) -> list[Problem]:
    """Return what is wrong with an ICD-10-CM code for a condition on this side, if anything."""
    if not code:
        return []
    if is_incomplete(code):
        message = _("This code lacks the side: G51.31 right, G51.32 left, G51.33 both, G51.39 not known.")
        return [Problem("icd10_code", message)]
    if not is_a_code(code):
        return [Problem("icd10_code", _("This does not look like an ICD-10-CM code, such as G51.31."))]
    stated = side_of_code(code)
    if stated and stated != side:
        message = _("%(code)s says “%(stated)s”, the condition says “%(side)s”.")
        sides = dict(Side.choices)
        return [Problem("icd10_code", message % {"code": code, "stated": sides[stated], "side": sides.get(side, side)})]
    return []


def _problem_of_onset(condition: Condition, *, now: datetime) -> list[Problem]:
    onset, patient = condition.onset_on, condition.patient
    if (onset is None) != (condition.onset_precision == ""):
        return [Problem("onset_on", _("Say whether the day, the month or the year is known."))]
    if onset is None:
        return []
    if onset > now.astimezone(patient.clinic.zone).date():
        return [Problem("onset_on", _("This is in the future."))]
    before_birth = (
        onset.year < patient.born_on.year if condition.onset_precision != OnsetPrecision.DAY else onset < patient.born_on
    )
    return [Problem("onset_on", _("This is before the patient was born."))] if before_birth else []
