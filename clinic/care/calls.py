"""A visit agreed on the telephone: the call and the booking are one act, so that neither is forgotten."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clinic import audit
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.models import Appointment, VisitKind
from clinic.scheduling.services import book
from clinic.treatments.models import ContactChannel, ContactOutcome, FollowUp
from clinic.treatments.services import log_contact


def book_on_the_phone(
    *,
    by: audit.Actor,
    follow_up: FollowUp,
    practitioner: Practitioner,
    clinic: Clinic,
    kind: VisitKind,
    starts_at: datetime,
    overbooked_reason: str = "",
    window_reason: str = "",
    with_letter: bool = True,
    now: datetime,
) -> Appointment:
    """Book a visit for `follow_up` with the patient on the telephone, and write the call down. Both or neither.

    Raises what `scheduling.services.book` raises: a call that led to no visit is logged by whoever made it, with its outcome.
    """
    with transaction.atomic():
        appointment = book(
            by=by,
            patient=follow_up.patient,
            practitioner=practitioner,
            clinic=clinic,
            kind=kind,
            starts_at=starts_at,
            follow_up=follow_up,
            overbooked_reason=overbooked_reason,
            window_reason=window_reason,
            with_letter=with_letter,
            now=now,
        )
        log_contact(by=by, follow_up=follow_up, channel=ContactChannel.PHONE, outcome=ContactOutcome.REACHED, note="", now=now)
    return appointment
