"""Registering a patient, changing what is known of them, and whether they are under care."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic import audit, links
from clinic.patients.models import Patient, PatientStatus
from clinic.patients.names import flaw_of, search_text, tidy
from clinic.patients.services.consents import give_consent
from clinic.patients.services.refusals import Problem, Refused, problems_of
from clinic.practice.models import Clinic

#: Nobody on record has lived longer than 122 years.
OLDEST_AGE = 125
HEAVIEST_KG = Decimal(500)
#: Statuses that `set_status` gives. The others end follow-ups and visits as well: see `clinic.care`.
PLAIN_STATUSES = (PatientStatus.ACTIVE, PatientStatus.PAUSED)


class PatientDetails(TypedDict, total=False):
    """What is known of a patient, as `create_patient` and `change_patient` take it."""

    record_number: str
    given_name: str
    family_name: str
    born_on: date
    email: str
    phone: str
    language: str
    contact_person: str
    contact_person_phone: str
    weight_kg: Decimal | None
    weighed_on: date | None


#: No detail is longer than this; anything longer is refused unread.
LONGEST_DETAIL = 1000
_DETAILS = tuple(PatientDetails.__annotations__)
_IN_SEARCH_TEXT = {"record_number", "given_name", "family_name"}


def _taken() -> Problem:
    return Problem("record_number", _("Another patient of this clinic has this record number."))


def create_patient(
    *,
    by: audit.Actor,
    clinic: Clinic,
    consents: Collection[str] = (),
    consented_how: str = "",
    now: datetime,
    **details: Unpack[PatientDetails],
) -> Patient:
    """Register a patient at `clinic`, with a consent row for each purpose in `consents`, and return them.

    Nothing is agreed to unless it is named: no row means not given. `consented_how` is needed with any. Raises Refused with every
    problem: what a field cannot hold, dates that cannot be, a record number that another patient of the clinic has.
    """
    patient = Patient(clinic=clinic, language=clinic.language, created_at=now)
    with transaction.atomic():
        given = _take_over(patient, details, now=now)
        _write(patient, force_insert=True)
        audit.record(
            by=by,
            action=audit.Action.CREATED,
            what=patient,
            patient_public_id=patient.public_id,
            clinic_id=clinic.pk,
            fields=given,
            now=now,
        )
        for purpose in consents:
            give_consent(by=by, patient=patient, purpose=purpose, how=consented_how, now=now)
    return patient


def change_patient(*, by: audit.Actor, patient: Patient, now: datetime, **details: Unpack[PatientDetails]) -> Patient:
    """Change the named details of `patient` and return the patient as stored; details not named stay.

    A new e-mail address revokes the links sent to the old one. Changing nothing writes nothing. Raises Refused like
    `create_patient`.
    """
    with transaction.atomic():
        stored = Patient.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=patient.pk)
        before = {name: getattr(stored, name) for name in _DETAILS}
        _take_over(stored, details, now=now)
        changed = {name for name in details if getattr(stored, name) != before[name]}
        if not changed:
            return stored
        if changed & {"email", "language"}:
            stored.next_check_at = now
        stored.facts_revision += 1
        _write(stored, update_fields={*changed, "search_text", "next_check_at", "facts_revision"})
        if "email" in changed:
            links.revoke_for(patient=stored, now=now)
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=stored,
            patient_public_id=stored.public_id,
            clinic_id=stored.clinic_id,
            fields=changed,
            now=now,
        )
    return stored


def set_status(*, by: audit.Actor, patient: Patient, status: str, now: datetime) -> Patient:
    """Put a patient's follow-up to rest (PAUSED) or take it up again (ACTIVE), and return the patient as stored.

    Discharge and death reach into follow-ups, visits and links: `care.discharge` and `care.death` record them, and take a death
    back that was recorded in error. Raises Refused for these, and for a patient who has died.
    """
    if status not in PLAIN_STATUSES:
        raise Refused.for_field("status", _("Choose active or paused here."))
    with transaction.atomic():
        stored = Patient.objects.select_for_update().get(pk=patient.pk)
        if stored.status == PatientStatus.DECEASED:
            raise Refused.for_field("status", _("This patient is recorded as having died."))
        if stored.status != status:
            write_status(by=by, patient=stored, status=status, now=now)
    return stored


def write_status(*, by: audit.Actor, patient: Patient, status: str, now: datetime) -> None:
    """Store `status` with its audit row, and have the engine look again. For the services that decide about it."""
    patient.status = status
    patient.next_check_at = now
    patient.facts_revision += 1
    patient.save(update_fields=["status", "next_check_at", "facts_revision"])
    audit.record(
        by=by,
        action=audit.Action.CHANGED,
        what=patient,
        patient_public_id=patient.public_id,
        clinic_id=patient.clinic_id,
        fields=["status"],
        now=now,
    )


def _take_over(patient: Patient, details: PatientDetails, *, now: datetime) -> list[str]:
    """Put `details` into `patient`, tidied, and return the names of those given; raise Refused with every problem."""
    for name, value in details.items():
        setattr(patient, name, _tidied(value))
    named = {"record_number", "given_name", "family_name", "born_on", *details}
    problems = problems_of(patient, fields=named)
    if not problems:
        problems = _problems_together(patient, now=now)
    if problems:
        raise Refused(problems)
    if _IN_SEARCH_TEXT & details.keys():
        patient.search_text = search_text(patient.given_name, patient.family_name, patient.record_number)
    return sorted(name for name, value in details.items() if value not in ("", None))


def _tidied(value: object) -> object:
    # Flawed or endless text stays as it is: the field's own validation refuses it.
    if not isinstance(value, str) or len(value) > LONGEST_DETAIL or flaw_of(value):
        return value
    return tidy(value)


def _problems_together(patient: Patient, *, now: datetime) -> list[Problem]:
    """What no field can tell by itself: dates against today, a weight without its date, a number that is taken."""
    today = now.astimezone(patient.clinic.zone).date()
    problems = []
    if patient.born_on > today:
        problems.append(Problem("born_on", _("This birth date is in the future.")))
    elif patient.born_on.year < today.year - OLDEST_AGE:
        problems.append(Problem("born_on", _("This birth date is more than %(age)d years ago.") % {"age": OLDEST_AGE}))
    if patient.weight_kg is not None and not 0 < patient.weight_kg <= HEAVIEST_KG:
        problems.append(
            Problem("weight_kg", _("Give the weight in kilograms, above 0 and up to %(most)s.") % {"most": HEAVIEST_KG})
        )
    if (patient.weight_kg is None) != (patient.weighed_on is None):
        problems.append(Problem("weighed_on", _("A weight and the date it was taken belong together.")))
    elif patient.weighed_on is not None and patient.born_on <= today and not patient.born_on <= patient.weighed_on <= today:
        problems.append(Problem("weighed_on", _("The patient was weighed between birth and today.")))
    if patient.language not in dict(settings.LANGUAGES):
        problems.append(Problem("language", _("Letters are not written in this language.")))
    if _number_is_taken(patient):
        problems.append(_taken())
    return problems


def _number_is_taken(patient: Patient) -> bool:
    others = Patient.objects.filter(clinic_id=patient.clinic_id, record_number=patient.record_number)
    return others.exclude(pk=patient.pk).exists()


def _write(patient: Patient, **how: Any) -> None:
    """Save `patient`; when somebody else took the record number a moment ago, raise Refused as if it had been taken before."""
    try:
        with transaction.atomic():
            patient.save(**how)
    except IntegrityError:
        if _number_is_taken(patient):
            raise Refused([_taken()]) from None
        raise
