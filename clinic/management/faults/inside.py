"""What the fault suite does in the database of the product under fire: run there as `manage.py faults --inside`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from clinic.accounts import User
from clinic.audit import Actor
from clinic.management.faults.crowd import PAST, make_clinic, make_due, make_used_to
from clinic.management.faults.planner import owed_today
from clinic.patients.models import Consent, Hold, Patient
from clinic.practice.models import Clinic, Membership
from clinic.reminders import planning
from clinic.reminders.deployment import Deployment
from clinic.reminders.models import DomainHold, EngineState, Heartbeat, Message
from clinic.reminders.safeguard_state import SafeguardState
from clinic.reminders.services import resume_engine

#: Nobody has a message in hand for longer.
_LONGEST_IN_HAND = timedelta(minutes=10)
_LONG_ENOUGH = timedelta(minutes=2)


def prepare(count: str, *, now: datetime) -> dict[str, Any]:
    """Fill an empty database with so many due patients and a few who are owed nothing; return who is owed what."""
    clinic = make_clinic(now=now)
    make_due(clinic, int(count), now=now)
    make_used_to(clinic, int(count), now=now)
    opted_out, on_hold, without = make_due(clinic, 3, now=now, prefix="nobody")
    Consent.objects.create(patient=opted_out, purpose="INVITE", is_given=False, how="by phone", wording_version="1", at=now)
    Patient.objects.filter(pk=without.pk).update(email="")
    owner = Membership.objects.create(user=_person(), clinic=clinic, role="ADMIN").user
    Hold.objects.create(patient=on_hold, reason="AWAY", from_on=now.date(), review_on=now.date(), owner=owner)
    return {"owed": owed_today(now)}


def arrive(count: str, *, now: datetime) -> dict[str, Any]:
    """Let so many more patients of the clinic be due; return who of them is owed what."""
    known = Patient.objects.count()
    make_due(Clinic.objects.get(), int(count), now=now, prefix=f"late{known}-")
    return {"owed": {email: step for email, step in owed_today(now).items() if email.startswith(f"late{known}-")}}


def look(*, now: datetime) -> dict[str, Any]:
    """Return what stands in the database: messages by state, those nobody may have lost sight of, and who has which."""
    seen = Message.objects.exclude(patient__record_number=PAST)
    rows = list(seen.values("state", "patient__email", "message_id", "step", "attempts", "lease_until", "changed_at", "reason"))
    leases = [(row["state"], row["lease_until"]) for row in rows if row["lease_until"]]
    beat = Heartbeat.objects.filter(pk=1).first()
    guards = SafeguardState.objects.filter(pk=1).first()
    return {
        "states": Counter(row["state"] for row in rows),
        "in_hand": Counter(state for state, until in leases if until > now),
        "messages": [
            {
                "email": row["patient__email"],
                **{name: row[name] for name in ("state", "message_id", "step", "attempts", "reason")},
            }
            for row in rows
        ],
        "last_change": max((row["changed_at"].timestamp() for row in rows), default=0),
        "too_long_in_hand": sum(until < now - _LONGEST_IN_HAND for _state, until in leases),
        "due": Patient.objects.filter(next_check_at__lte=now).count(),
        "ran": bool(beat and beat.last_success_at),
        "mail_failing": bool(beat and beat.mail_failing_since),
        "guards": sorted(guards.guards) if guards else [],
    }


def age(before: str = "", *, now: datetime) -> dict[str, Any]:
    """Let the leases of messages in hand run out now, instead of waiting five minutes for it.

    Only those taken in hand before a moment, where a worker lives.
    """
    in_hand = Message.objects.filter(lease_until__isnull=False)
    if before:
        in_hand = in_hand.filter(changed_at__lte=datetime.fromisoformat(before))
    return {"aged": in_hand.update(lease_until=now)}


def hurry(*, now: datetime) -> dict[str, Any]:
    """Let letters that wait for the mail server to take them be due now, instead of in minutes."""
    DomainHold.objects.update(until=now)
    return {"hurried": Message.objects.filter(state="READY", ready_at__gt=now).update(ready_at=now)}


def plan(*, now: datetime) -> dict[str, Any]:
    """Plan as one run of the engine does."""
    EngineState.objects.get_or_create(pk=1)
    done = planning.run(clock=timezone.now, until=now + _LONG_ENOUGH)
    return {"patients": done.patients, "letters": done.letters}


def poison(one_in: str, *, now: datetime) -> dict[str, Any]:
    """Write down every letter that is owed, and let one in so many have no template; return whose."""
    plan(now=now)
    waiting = Message.objects.filter(state="READY").order_by("pk")
    poisoned = list(waiting.values_list("pk", "patient__email")[:: int(one_in)])
    Message.objects.filter(pk__in=[pk for pk, _email in poisoned]).update(letter="no_such_letter")
    return {"poisoned": [email for _pk, email in poisoned]}


def set_clock(minutes: str, *, now: datetime) -> dict[str, Any]:
    """Let the clock have been set by so many minutes since the last run, as far as the mark can tell."""
    mark = Deployment.here().mark
    known = mark.read()
    if known.wall is None or known.last_tick_at is None:
        raise ValueError("The engine has not run yet.")
    steady = known.steady + timedelta(minutes=int(minutes)).total_seconds()
    mark.ticked(known.last_tick_at, boot=known.boot, steady=steady, wall=known.wall)
    return {}


def resume(*, now: datetime) -> dict[str, Any]:
    """Somebody has looked, and lets letters go."""
    resume_engine(by=Actor.of_user(User.objects.get()), now=now)
    return {}


def _person() -> User:
    return User.objects.create_user("owner@clinic.example", name="Owner")
