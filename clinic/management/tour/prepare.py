"""`python -m clinic.management.tour.prepare`: a clinic with one of everything that the story needs.

It stands in the database of the environment. Prints what the story must know, as JSON. Everybody is invented.
"""

from __future__ import annotations

import datetime
import json
import os
import sys

PASSWORD = "a-long-enough-password"  # noqa: S105 - of a throw-away database
CLINICIAN = "clinician@example.org"
PATIENT = "ines.duarte@example.org"


def prepare(now: datetime.datetime) -> dict[str, str]:
    """Set the clinic up through the product's own services; return names and public ids."""
    from datetime import time, timedelta

    from clinic.accounts import User
    from clinic.audit import Actor
    from clinic.patients.models import ConsentPurpose, Side
    from clinic.patients.services import add_condition, create_patient
    from clinic.practice.models import Clinic, Membership, Practitioner, Role
    from clinic.reminders.plans import ensure_plan
    from clinic.scheduling.models import Availability, VisitKind
    from clinic.toxins.models import Indication, Presentation
    from clinic.toxins.services import load_catalogue, receive_vials

    load_catalogue()
    clinic = Clinic.objects.create(
        name="Harbour clinic", sender_name="Harbour clinic", phone="020 555 0147", address="Quay Street 4",
        emergency_text="In an emergency call 112.", time_zone="Europe/Lisbon", reply_to="desk@example.org",
        sending_from=time(0, 0), sending_until=time(23, 59), sending_weekdays=list(range(7)),
    )  # fmt: skip
    clinician = User.objects.create_user(CLINICIAN, PASSWORD, name="Dr Eva Lindqvist")
    Membership.objects.create(user=clinician, clinic=clinic, role=Role.CLINICIAN)
    practitioner = Practitioner.objects.create(name="Dr Eva Lindqvist", user=clinician)
    practitioner.clinics.add(clinic)
    today = now.astimezone(clinic.zone).date()
    for weekday in range(5):
        Availability.objects.create(
            practitioner=practitioner, clinic=clinic, weekday=weekday, starts=time(9, 0), ends=time(16, 0), valid_from=today
        )  # fmt: skip
    VisitKind.objects.create(clinic=clinic, code="TREATMENT", name="Visit", minutes=30)
    ensure_plan(clinic=clinic, now=now)
    by = Actor.of_user(clinician)
    presentation = Presentation.objects.get(product__code="INCOBOT", vial_units=100)
    receive_vials(
        by=by, clinic=clinic, product=presentation.product, presentation=presentation, lot_number="C7719-A", count=1,
        expires_on=today + timedelta(days=400), received_on=today - timedelta(days=100), now=now,
    )  # fmt: skip
    patient = create_patient(
        by=by, clinic=clinic, record_number="R-21077", given_name="Ines", family_name="Duarte",
        born_on=datetime.date(1987, 2, 17), email=PATIENT, phone="020 555 0160", language="en",
        consents=[ConsentPurpose.VISIT, ConsentPurpose.INVITE], consented_how="on paper, at the desk", now=now,
    )  # fmt: skip
    condition = add_condition(by=by, patient=patient, indication=Indication.objects.get(code="HFS"), side=Side.RIGHT, now=now)
    return {
        "clinician": CLINICIAN, "password": PASSWORD, "patient_email": PATIENT, "patient": str(patient.public_id),
        "condition": str(condition.public_id), "patient_name": str(patient), "today": today.isoformat(),
    }  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botox_tracker.settings")
    import django

    django.setup()
    json.dump(prepare(datetime.datetime.now(datetime.UTC)), sys.stdout)
