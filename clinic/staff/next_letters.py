"""The letters that stand beside a follow-up: those that went, and the next one or why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clinic.care.worklist import Entry
from clinic.reminders.models import Message
from clinic.reminders.services import Explanation, explain
from clinic.staff.kept import Kept


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters about one follow-up."""

    #: When each that went was sent, oldest first.
    sent: tuple[datetime, ...]
    #: What comes next or why nothing does; None where the engine does not look: once the follow-up has ended.
    coming: Explanation | None


#: By follow-up, the state of all records and the minute.
_KEPT: Kept[tuple[UUID, Hashable, datetime], Letters] = Kept(most=2000)


def letters_beside(entries: Sequence[Entry], *, at: datetime, newest_change: Hashable) -> dict[UUID, Letters]:
    """The letters of each entry's follow-up, by its public id, as the engine sees them in the minute of `at`.

    The engine acts once a minute, and what it says of a follow-up is kept for that long if nothing changes. For whatever is
    not kept: eight queries, for any number of entries.
    """
    minute = at.replace(second=0, microsecond=0)
    asked = {(entry.public_id, newest_change, minute): entry for entry in entries}

    def ask(missing: list[tuple[UUID, Hashable, datetime]]) -> Mapping[tuple[UUID, Hashable, datetime], Letters]:
        sent = letters_sent(asked[key].id for key in missing)
        explained = explain(patient_ids={asked[key].patient_id for key in missing}, at=at)
        return {
            key: Letters(tuple(sent.get(asked[key].id, ())), explained.get(asked[key].patient_id, {}).get(asked[key].id))
            for key in missing
        }

    return {key[0]: letters for key, letters in _KEPT.get_many(asked, ask).items()}


def letters_sent(follow_ups: Iterable[int]) -> Mapping[int, list[datetime]]:
    """When letters about these follow-ups (by primary key) went, oldest first. One query."""
    sent: dict[int, list[datetime]] = defaultdict(list)
    rows = Message.objects.filter(follow_up__in=list(follow_ups), sent_at__isnull=False).order_by("sent_at")
    for follow_up_id, sent_at in rows.values_list("follow_up_id", "sent_at"):
        if follow_up_id is not None and sent_at is not None:
            sent[follow_up_id].append(sent_at)
    return sent
