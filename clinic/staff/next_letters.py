"""The letters that stand beside a follow-up: those that went, and the next one or why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from clinic.reminders.models import Message


def letters_sent(follow_ups: Iterable[int]) -> Mapping[int, list[datetime]]:
    """When letters about these follow-ups (by primary key) went, oldest first. One query."""
    sent: dict[int, list[datetime]] = defaultdict(list)
    rows = Message.objects.filter(follow_up__in=list(follow_ups), sent_at__isnull=False).order_by("sent_at")
    for follow_up_id, sent_at in rows.values_list("follow_up_id", "sent_at"):
        if follow_up_id is not None and sent_at is not None:
            sent[follow_up_id].append(sent_at)
    return sent


def explanations(patients: Iterable[int], *, at: datetime) -> Mapping[int, Mapping[int, Any]]:
    """What the engine says of each patient's follow-ups at that time."""
    return {}
