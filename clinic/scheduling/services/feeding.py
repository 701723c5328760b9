"""Private calendar feeds: made, taken back, opened, and written as RFC 5545 says."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from clinic import audit
from clinic.links import hash_token
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.calendar_feeds import CalendarFeed
from clinic.scheduling.calendar_file import PRODUCT
from clinic.scheduling.models import Appointment, AppointmentChange, AppointmentState

#: What a feed holds: visits from so long ago on. Older ones stay in the program that has them, or in ours.
KEPT = timedelta(days=90)
#: How often a program should look.
EVERY = timedelta(minutes=15)

#: What `create_feed` makes. Anything else is refused without asking the database.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def create_feed(*, by: audit.Actor, practitioner: Practitioner, clinic: Clinic, now: datetime) -> str:
    """Return the token of a new feed of this practitioner's visits at `clinic`; it is kept nowhere, only its hash is.

    An earlier one opens nothing from now on. Raises ValueError where no person makes it, or for a stranger to the clinic.
    """
    if by.user is None:
        raise ValueError("A feed is made by a person.")
    if not practitioner.clinics.filter(pk=clinic.pk).exists():
        raise ValueError("The practitioner does not treat at this clinic.")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        # Two who make one at once wait for each other: one of the two addresses stays.
        Practitioner.objects.select_for_update(no_key=True).get(pk=practitioner.pk)
        _live(practitioner, clinic).update(revoked_at=now)
        feed = CalendarFeed.objects.create(
            practitioner=practitioner, clinic=clinic, token_hash=hash_token(token), created_by=by.user, created_at=now
        )
        audit.record(by=by, action=audit.Action.CREATED, what=feed, clinic_id=clinic.pk, now=now)
    return token


def revoke_feed(*, by: audit.Actor, practitioner: Practitioner, clinic: Clinic, now: datetime) -> bool:
    """Make the address open nothing from now on; say whether there was one."""
    with transaction.atomic():
        feed = _live(practitioner, clinic).select_for_update().first()
        if feed is None:
            return False
        feed.revoked_at = now
        feed.save(update_fields=["revoked_at"])
        audit.record(by=by, action=audit.Action.CHANGED, what=feed, clinic_id=clinic.pk, fields=["revoked_at"], now=now)
    return True


def open_feed(token: str) -> CalendarFeed | None:
    """The feed behind `token` with its practitioner and clinic; None for anything that opens nothing, whatever it consists of.

    A feed of somebody who no longer treats at the clinic opens nothing either.
    """
    if not _TOKEN.fullmatch(token):
        return None
    live = CalendarFeed.objects.select_related("practitioner", "clinic").filter(
        token_hash=hash_token(token), revoked_at__isnull=True, practitioner__is_active=True
    )
    return next((feed for feed in live if feed.practitioner.clinics.filter(pk=feed.clinic_id).exists()), None)


def feed_file(feed: CalendarFeed, *, host: str, site_url: str, now: datetime) -> tuple[bytes, int]:
    """Return the feed's calendar, and how many visits it holds. The same visits give the same bytes, whenever it is asked for.

    The UID of a visit never changes, and SEQUENCE rises with each change. Cancelled visits, and those moved to somebody else, are
    there as CANCELLED. Patients are named only where the clinic has turned that on; what is treated is never said. `feed` has its
    clinic loaded. One query.
    """
    clinic = feed.clinic
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Visits, %(clinic)s") % {"clinic": clinic.sender_name})
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", EVERY)
    moved_away = AppointmentChange.objects.filter(appointment=OuterRef("pk"), from_practitioner=feed.practitioner_id)
    visits = (
        Appointment.objects.filter(
            Q(practitioner=feed.practitioner_id) | Exists(moved_away), clinic=clinic, ends_at__gte=now - KEPT
        )
        .select_related("patient", "kind")
        .annotate(changed_at=Max("changes__at"))
        .order_by("starts_at", "pk")
    )
    count = 0
    for visit in visits:
        calendar.add_component(_event(visit, feed, host, site_url, visit.changed_at or visit.created_at))  # type: ignore[attr-defined]
        count += 1
    return bytes(calendar.to_ical()), count


def _event(visit: Appointment, feed: CalendarFeed, host: str, site_url: str, changed_at: datetime) -> Event:
    is_off = visit.state == AppointmentState.CANCELLED or visit.practitioner_id != feed.practitioner_id
    event = Event()
    event.add("uid", f"{visit.public_id}@{host}")
    # When it last changed, not when it was asked for: who has it already is told that nothing is new.
    event.add("dtstamp", changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.visit_ends_at.astimezone(UTC))
    event.add("sequence", visit.sequence)
    event.add("summary", str(visit.patient) if feed.clinic.feeds_name_patients else _("Visit"))
    event.add("location", feed.clinic.sender_name)
    event.add("url", f"{site_url}/appointments/{visit.public_id}/")
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    event.add("class", "PRIVATE")
    return event


def _live(practitioner: Practitioner, clinic: Clinic) -> QuerySet[CalendarFeed]:
    return CalendarFeed.objects.filter(practitioner=practitioner, clinic=clinic, revoked_at__isnull=True)
