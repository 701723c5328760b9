"""Consent to treatment: which leaflet a patient signed, and what stood on a given day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Consent, ConsentPurpose, Patient
from clinic.patients.services.refusals import Problem, Refused, problems_of
from clinic.patients.services.scope import look_again
from clinic.patients.signed_leaflets import SignedLeaflet

#: How such a consent was told.
ON_PAPER = "on paper"


@dataclass(frozen=True, slots=True)
class TreatmentConsent:
    """The last word on treatment up to some day. `version` and `taken_by` are empty where no leaflet was written down."""

    is_given: bool
    on: date
    how: str
    #: The day on which it came into the record, which may be later than the one on the paper.
    noted_on: date
    version: str = ""
    taken_by: str = ""


def treatment_consent_on(*, patient: Patient, on: date) -> TreatmentConsent | None:
    """What the patient had said about treatment by the end of the day `on` in their clinic's zone; None if nothing is on record.

    A signed leaflet counts from the day it was signed, whenever it was written down; any other word from the day it was told. One
    query; needs the patient's clinic.
    """
    words = [word for word in _words(patient) if word.on <= on]
    # Sorting keeps words of one day in the order in which they were written down.
    return sorted(words, key=lambda word: word.on)[-1] if words else None


def record_signed_leaflet(
    *, by: audit.Actor, patient: Patient, version: str, signed_on: date, taken_by: str, now: datetime
) -> Consent | None:
    """Record that the patient signed this version of the leaflet and so agrees to treatment; `taken_by` explained it to them.

    A newer leaflet is recorded beside the older ones. None, and nothing written, if this very paper is on record and nothing was
    said after it. Raises Refused for a version or a name that is no single line of text, and for a day that is still to come, is
    before the patient's birth, or is before the day on which they last withdrew: such a paper stands for nothing any more.
    """
    leaflet = SignedLeaflet(version=version.strip(), signed_on=signed_on, taken_by=taken_by.strip())
    problems = problems_of(leaflet, fields=["version", "taken_by", "signed_on"])
    if signed_on > now.astimezone(patient.clinic.zone).date():
        problems.append(Problem("signed_on", _("This day is still to come.")))
    elif signed_on < patient.born_on:
        problems.append(Problem("signed_on", _("This is before the patient was born.")))
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        # Two people who record at the same time are let in one after the other.
        look_again([patient.pk], now=now)
        words = _words(patient)
        withdrawn = max((word.on for word in words if not word.is_given), default=None)
        if withdrawn is not None and signed_on < withdrawn:
            message = _("The patient withdrew on %(day)s: a leaflet signed before that does not stand any more.")
            raise Refused.for_field("signed_on", message % {"day": date_format(withdrawn, "j M Y")})
        newest = words[-1] if words else None
        if newest and newest.is_given and (newest.version, newest.on) == (leaflet.version, signed_on):
            return None
        row = Consent.objects.create(
            patient=patient,
            purpose=ConsentPurpose.TREATMENT,
            is_given=True,
            by_user=by.user,
            how=ON_PAPER,
            wording_version=leaflet.version,
            at=now,
        )
        leaflet.consent = row
        leaflet.save()
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=row,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=[ConsentPurpose.TREATMENT],
            now=now,
        )
    return row


def _words(patient: Patient) -> list[TreatmentConsent]:
    """Everything the patient said about treatment, in the order in which it was written down."""
    rows = Consent.objects.filter(patient=patient, purpose=ConsentPurpose.TREATMENT).select_related("leaflet")
    return [_word(row, patient) for row in rows.order_by("at", "pk")]


def _word(row: Consent, patient: Patient) -> TreatmentConsent:
    noted_on = row.at.astimezone(patient.clinic.zone).date()
    leaflet: SignedLeaflet | None = getattr(row, "leaflet", None)
    if leaflet is None:
        return TreatmentConsent(row.is_given, noted_on, row.how, noted_on)
    return TreatmentConsent(row.is_given, leaflet.signed_on, row.how, noted_on, leaflet.version, leaflet.taken_by)
