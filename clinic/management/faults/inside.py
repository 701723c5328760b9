"""What the fault suite does in the database of the product under fire: run there as `manage.py faults --inside …`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from clinic.management.faults.crowd import PAST, make_clinic, make_due, make_used_to
from clinic.management.faults.planner import owed_today
from clinic.patients.models import Consent, Hold, Patient
from clinic.practice.models import Membership
from clinic.reminders.models import Heartbeat, Message

#: Nobody has a message in hand for longer.
_LONGEST_IN_HAND = timedelta(minutes=10)


def prepare(count: int, *, now: datetime) -> dict[str, Any]:
    """Fill an empty database with so many due patients and a few who are owed nothing; return who is owed what."""
    clinic = make_clinic(now=now)
    make_due(clinic, count, now=now)
    make_used_to(clinic, count, now=now)
    opted_out, on_hold, without = make_due(clinic, 3, now=now, prefix="nobody")
    Consent.objects.create(patient=opted_out, purpose="INVITE", is_given=False, how="by phone", wording_version="1", at=now)
    Patient.objects.filter(pk=without.pk).update(email="")
    owner = Membership.objects.create(user=_person(), clinic=clinic, role="ADMIN").user
    Hold.objects.create(patient=on_hold, reason="AWAY", from_on=now.date(), review_on=now.date(), owner=owner)
    return {"owed": owed_today(now)}


def look(*, now: datetime) -> dict[str, Any]:
    """Return what stands in the database: messages by state, those nobody may have lost sight of, and who has which."""
    seen = Message.objects.exclude(patient__record_number=PAST)
    rows = list(seen.values_list("state", "patient__email", "message_id", "step", "lease_until"))
    beat = Heartbeat.objects.filter(pk=1).first()
    return {
        "states": Counter(state for state, *_rest in rows),
        "messages": [
            {"state": state, "email": email, "message_id": message_id, "step": step}
            for state, email, message_id, step, _lease in rows
        ],
        "too_long_in_hand": sum(lease is not None and lease < now - _LONGEST_IN_HAND for *_others, lease in rows),
        "due": Patient.objects.filter(next_check_at__lte=now).count(),
        "ran": bool(beat and beat.last_success_at),
        "mail_failing": bool(beat and beat.mail_failing_since),
    }


def age(*, now: datetime) -> dict[str, Any]:
    """Let the leases of messages in hand run out now, instead of waiting five minutes for it. Only while no worker lives."""
    return {"aged": Message.objects.filter(lease_until__isnull=False).update(lease_until=now)}


def hurry(*, now: datetime) -> dict[str, Any]:
    """Let letters that wait for the mail server be due now, instead of in a minute."""
    return {"hurried": Message.objects.filter(state="READY", reason="MAIL_SERVER_AWAY", ready_at__gt=now).update(ready_at=now)}


def _person() -> Any:
    from clinic.accounts import User

    return User.objects.create_user("owner@clinic.example", name="Owner")
