"""How many follow-ups stand in each stage, without counting again while nothing has changed.

Counting costs as much as there are follow-ups, and a list is opened far more often than anything changes.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date

from django.db.models import QuerySet

from clinic.care import worklist
from clinic.care.worklist import Stage
from clinic.staff.kept import Kept
from clinic.treatments.models import FollowUp

_KEPT: Kept[Hashable, dict[Stage, int]] = Kept()


def stage_counts(
    follow_ups: QuerySet[FollowUp], as_of: date, *, today: date, known_as: tuple[Hashable, ...] | None, newest_change: Hashable
) -> dict[Stage, int]:
    """The counts of `care.worklist.counts`, from memory if they were taken since the newest change.

    `known_as` tells these follow-ups from any others (whose clinics, which filters); None counts afresh.
    """
    if known_as is None:
        return worklist.counts(follow_ups, as_of, today=today)
    return _KEPT.get((newest_change, as_of, today, known_as), lambda: worklist.counts(follow_ups, as_of, today=today))
