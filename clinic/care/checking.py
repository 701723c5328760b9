"""The checks of a treatment with all that any room knows: asked by the page before signing, and by signing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from clinic import audit
from clinic.care.check_facts import Background
from clinic.patients.models import Condition, Patient
from clinic.practice.services import is_clinician
from clinic.toxins.models import Product, Vial
from clinic.treatments.services import Checked, Point, check_treatment


def check_visit(
    *,
    by: audit.Actor,
    patient: Patient,
    condition: Condition,
    product: Product,
    points: Sequence[Point],
    performed_on: date,
    vials: Sequence[Vial] = (),
    lid_technique: str = "",
    answers: Mapping[str, str],
    reasons: Mapping[str, str],
    background: Background,
    now: datetime,
) -> Checked:
    """Say what stands against this treatment and what is still unanswered. Nothing is written; as many queries for many points.

    `answers` are today's, by item (YES or NO); `reasons` are by the finding's key; `background` is the patient's. A day on which
    the patient cannot have been treated is not checked: signing refuses it.
    """
    if not patient.born_on <= performed_on <= now.astimezone(patient.clinic.zone).date():
        return Checked()
    known, user = background.as_of(performed_on), by.user
    return check_treatment(
        patient=patient,
        condition=condition,
        product=product,
        points=points,
        performed_on=performed_on,
        vials=vials,
        lid_technique=lid_technique,
        answers=answers,
        reasons=reasons,
        by_clinician=lambda: user is not None and is_clinician(user, patient.clinic_id),
        earlier=known.earlier,
        holds=known.holds,
        reactions=known.reactions,
    )
