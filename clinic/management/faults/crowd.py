"""A clinic with as many due patients as a fault or a bench wants, made in a few statements."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from math import ceil

from django.db import transaction

from clinic.patients.models import Condition, Consent, ConsentPurpose, Patient, Side
from clinic.practice.models import Clinic, Practitioner
from clinic.reminders.models import Message
from clinic.reminders.piles import TIMES_THE_LARGEST_DAY
from clinic.reminders.plans import ensure_plan
from clinic.toxins.models import Indication, Product
from clinic.treatments.models import FollowUp, InjectionSession, SessionState

#: Enough for the window to be open, and for its invitation to be the letter of the day.
_OPENED_BEFORE = timedelta(days=3)
_LENGTH = timedelta(days=90)
#: Whose letters only stand for a busy past.
PAST = "past"


def make_clinic(*, now: datetime, name: str = "Harbour clinic", time_zone: str = "UTC") -> Clinic:
    """Return a new clinic that sends at every hour of every day."""
    clinic = Clinic.objects.create(
        name=name,
        sender_name=name,
        phone="+33 1 99 00 12 34",
        emergency_text="In an emergency call 112.",
        address="1 Quay Road, Harbourtown",
        time_zone=time_zone,
        sending_from=time(0, 0),
        sending_until=time(23, 59, 59),
        sending_weekdays=list(range(7)),
        reply_to="desk@clinic.example",
    )
    ensure_plan(clinic, now)
    return clinic


def make_due(clinic: Clinic, count: int, *, now: datetime, domain: str = "example.org", prefix: str = "p") -> list[Patient]:
    """Return so many patients of the clinic whose invitation is due; all are new, and the planner is asked to look at them."""
    indication, _new = Indication.objects.get_or_create(code="HFS", defaults={"name": "Hemifacial spasm", "one_sided": True})
    product, _new = Product.objects.get_or_create(
        code="ONABOT",
        defaults={
            "generic_name": "onabotulinumtoxinA",
            "brand_name": "Botox",
            "serotype": "A",
            "family": "ONA_INCO",
            "unit_code": "[USP'U]",
            "hours_after_reconstitution": 24,
            "contents": "human albumin",
        },
    )
    opens_on = now.date() - _OPENED_BEFORE
    treated_at = now - timedelta(days=95)
    with transaction.atomic():
        practitioner = Practitioner.objects.create(name="Dr Lindqvist")
        practitioner.clinics.add(clinic)
        patients = Patient.objects.bulk_create(
            Patient(
                clinic=clinic,
                record_number=f"{prefix}{number:06}",
                given_name="Anna",
                family_name=f"Mercer{number}",
                search_text=f"anna mercer{number} {prefix}{number:06}",
                born_on=date(1961, 5, 4),
                email=f"{prefix}{number}@{domain}",
                created_at=treated_at,
                next_check_at=now,
            )
            for number in range(count)
        )
        Consent.objects.bulk_create(
            Consent(patient=patient, purpose=purpose, is_given=True, how="at registration", wording_version="1", at=treated_at)
            for patient in patients
            for purpose in (ConsentPurpose.INVITE, ConsentPurpose.VISIT)
        )
        conditions = Condition.objects.bulk_create(
            Condition(patient=patient, indication=indication, side=Side.RIGHT, created_at=treated_at) for patient in patients
        )
        sessions = InjectionSession.objects.bulk_create(
            InjectionSession(
                patient=condition.patient,
                condition=condition,
                product=product,
                clinic=clinic,
                practitioner=practitioner,
                performed_on=treated_at.date(),
                state=SessionState.DRAFT,
                created_at=treated_at,
            )
            for condition in conditions
        )
        FollowUp.objects.bulk_create(
            FollowUp(
                patient=session.patient,
                condition=session.condition,
                session=session,
                opens_on=opens_on,
                opens_rule="3 months",
                closes_on=opens_on + _LENGTH,
                closes_rule="6 months",
                suggested_from=opens_on,
                suggested_until=opens_on + timedelta(days=21),
                created_at=treated_at,
            )
            for session in sessions
        )
    return patients


def make_used_to(clinic: Clinic, most: int, *, now: datetime) -> None:
    """Give the clinic a busy day a month ago, so that so many letters at once are nothing unusual to it."""
    at = now - timedelta(days=30)
    patient = Patient.objects.create(
        clinic=clinic,
        record_number=PAST,
        given_name="Ida",
        family_name="Holt",
        search_text=f"ida holt {PAST}",
        born_on=date(1961, 5, 4),
        created_at=at,
    )
    Message.objects.bulk_create(
        Message(
            clinic=clinic,
            patient=patient,
            step="INVITE",
            letter="invite",
            dedupe_key=f"{PAST}-{clinic.pk}-{number}",
            message_id=f"<{PAST}-{clinic.pk}-{number}@clinic.example>",
            language="en",
            state="SENT",
            due_at=at,
            ready_at=at,
            expires_at=at,
            sent_at=at,
            handoff_at=at,
            created_at=at,
            changed_at=at,
        )
        for number in range(ceil(most / TIMES_THE_LARGEST_DAY))
    )
