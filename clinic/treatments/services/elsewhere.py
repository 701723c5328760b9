"""What a patient was given somewhere else: it counts in the ledger and for the intervals until somebody voids it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Patient
from clinic.patients.services import Problem, Refused, look_again
from clinic.patients.services.refusals import problems_of
from clinic.toxins.models import Product
from clinic.treatments import dosing
from clinic.treatments.models import GivenElsewhere


def note_given_elsewhere(
    *, by: audit.Actor, patient: Patient, product: Product, units: Decimal, given_on: date, place: str, now: datetime
) -> GivenElsewhere:
    """Write down units of `product` that the patient had on a day at another place; return the entry.

    Raises Refused for units that no vial holds or that are finer than a hundredth, a day before birth or after today (clinic's
    zone), and a place that is missing or cannot be read; ValueError when no person writes.
    """
    if by.user is None:
        raise ValueError("A member of staff writes down what was given elsewhere.")
    entry = GivenElsewhere(
        patient=patient, product=product, units=units, given_on=given_on, place=place.strip(), noted_by=by.user, noted_at=now
    )
    problems = [*_units_problems(units), *problems_of(entry, fields=["place"])]
    today = now.astimezone(patient.clinic.zone).date()
    if given_on > today:
        problems.append(Problem("given_on", _("This day is still to come.")))
    elif given_on < patient.born_on:
        problems.append(Problem("given_on", _("This is before the patient was born.")))
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        # The ledger is read under the patient's lock: nobody signs past an entry that is just being made.
        look_again([patient.pk], now=now)
        entry.save()
        _told(by, audit.Action.CREATED, entry, ["product", "units", "given_on", "place"], now)
    return entry


def void_given_elsewhere(*, by: audit.Actor, entry: GivenElsewhere, reason: str, now: datetime) -> GivenElsewhere:
    """Say that an entry does not count, and why; return it as stored. One that is void already stays as it was.

    Raises Refused without a reason, ValueError when no person acts.
    """
    if by.user is None:
        raise ValueError("A member of staff voids an entry.")
    with transaction.atomic():
        look_again([entry.patient_id], now=now)
        stored = GivenElsewhere.objects.select_related("patient").get(pk=entry.pk)
        if stored.voided_at is not None:
            return stored
        stored.void_reason = " ".join(reason.split())
        problems = problems_of(stored, fields=["void_reason"])
        if not stored.void_reason:
            problems.append(Problem("reason", _("Say why it does not count.")))
        if problems:
            raise Refused(problems)
        stored.voided_by, stored.voided_at = by.user, now
        stored.save(update_fields=["voided_by", "voided_at", "void_reason"])
        _told(by, audit.Action.CHANGED, stored, ["voided_by", "voided_at", "void_reason"], now)
    return stored


def _units_problems(units: Decimal) -> list[Problem]:
    if not units.is_finite() or units <= 0:
        return [Problem("units", _("Units must be more than zero."))]
    if units > dosing.MOST_UNITS_AT_A_POINT:
        return [Problem("units", _("At most %(most)s U.") % {"most": dosing.MOST_UNITS_AT_A_POINT})]
    if units != units.quantize(dosing.SMALLEST_STEP):
        return [Problem("units", _("Units have at most two decimals."))]
    return []


def _told(by: audit.Actor, action: str, entry: GivenElsewhere, fields: list[str], now: datetime) -> None:
    audit.record(
        by=by,
        action=action,
        what=entry,
        patient_public_id=entry.patient.public_id,
        clinic_id=entry.patient.clinic_id,
        fields=fields,
        now=now,
    )
