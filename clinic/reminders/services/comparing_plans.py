"""What a change of a plan, or of the hours, would do: asked before it is saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from clinic.care.recheck import concerned
from clinic.practice.models import Clinic
from clinic.reminders import facts
from clinic.reminders.hours import SendingHours
from clinic.reminders.plan_differences import Change, Difference, differences
from clinic.reminders.plans import Proposed, load_book
from clinic.toxins.models import Indication

BATCH = 500
#: So many patients are asked about while somebody waits for the page.
MOST_PATIENTS = 3000
EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many letters and tasks a change adds, drops and moves, among how many patients."""

    added: int
    dropped: int
    moved: int
    #: The first of them by time.
    examples: tuple[Difference, ...]
    patients: int
    #: More patients are concerned than were asked about.
    are_more: bool

    @property
    def changes_nothing(self) -> bool:
        return not (self.added or self.dropped or self.moved)


def compare_plans(
    *,
    clinic: Clinic,
    indication: Indication | None = None,
    instead: Proposed | None = None,
    hours: SendingHours | None = None,
    at: datetime,
    starts_at: datetime,
) -> Comparison:
    """Return what the plan `instead`, or other `hours`, would change for this clinic from `starts_at` (not before `at`) on.

    Asks about every patient with an active follow-up or a coming visit, with the engine's own policy; about `MOST_PATIENTS` at
    most, those first at whom it looks first. Seven queries a batch of 500, whatever is different. Writes nothing.
    """
    before = load_book(starts_at)
    after = load_book(starts_at, instead=instead) if instead else before
    first = concerned(clinic_id=clinic.pk, indication=indication).order_by(F("next_check_at").asc(nulls_last=True), "pk")
    ids = list(first.values_list("pk", flat=True)[: MOST_PATIENTS + 1])
    found: list[Difference] = []
    for start in range(0, min(len(ids), MOST_PATIENTS), BATCH):
        batch = ids[start : min(start + BATCH, MOST_PATIENTS)]
        for situation in facts.load(batch, at=at).values():
            found += differences(situation, before=before, after=after, hours=hours, at=at, starts_at=starts_at)
    counts = Counter(one.change for one in found)
    return Comparison(
        added=counts[Change.ADDED],
        dropped=counts[Change.DROPPED],
        moved=counts[Change.MOVED],
        examples=tuple(sorted(found, key=lambda one: (one.first_at, one.patient_id))[:EXAMPLES]),
        patients=min(len(ids), MOST_PATIENTS),
        are_more=len(ids) > MOST_PATIENTS,
    )
