"""Takes away the single steps by which old letters went. What was sent to whom and when stays: it is part of the record."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clinic import audit
from clinic.reminders.models import DeliveryAttempt, DomainHold
from clinic.reminders.services.deciding import DecisionRefused
from clinic.reminders.states import IN_HAND, PROBLEMS, State

#: Nobody asks after a dialogue with the mail server for longer; the guards look back so far.
LEAST_DAYS = 90
_AT_ONCE = 5000
_UNSETTLED = sorted({State.READY, *IN_HAND, *PROBLEMS})


def prune(*, by: audit.Actor, days: int, now: datetime) -> int:
    """Delete the steps of settled letters that are older than so many days; return how many.

    Raises DecisionRefused for fewer than 90 days. In batches, each a transaction of its own with its audit row: safe to cut off.
    """
    if days < LEAST_DAYS:
        raise DecisionRefused(_("Steps are kept for at least %(days)d days.") % {"days": LEAST_DAYS})
    before = now - timedelta(days=days)
    old = DeliveryAttempt.objects.filter(at__lt=before).exclude(message__state__in=_UNSETTLED).order_by("pk")
    total = 0
    while keys := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        with audit.maintenance("prune the steps of old letters"):
            deleted, _by_model = DeliveryAttempt.objects.filter(pk__in=keys).delete()
            audit.record(by=by, action=audit.Action.DELETED, what="DeliveryAttempt", count=deleted, now=now)
        total += deleted
    DomainHold.objects.filter(until__lt=before).delete()
    return total
