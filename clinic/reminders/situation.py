"""What the reminder policy looks at: one patient's facts, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic.reminders.hours import SendingHours
from clinic.reminders.steps import PlanStep, Step

#: At most one letter a patient in this time, except the steps that ignore it.
GAP = timedelta(hours=72)


class Address(StrEnum):
    """Whether letters can reach the patient by e-mail."""

    USABLE = "USABLE"
    MISSING = "MISSING"
    SUPPRESSED = "SUPPRESSED"


@dataclass(frozen=True, slots=True)
class Contact:
    """Staff tried to reach the patient about a follow-up, by whatever way."""

    at: datetime
    #: The patient was spoken to, or a message or letter of ours is with them.
    reached: bool
    #: They answered: spoke with us, in whatever sense.
    answered: bool
    declined: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the patient's: what it was and what became of it."""

    key: str
    step: Step
    state: str
    reason: str = ""
    follow_up_id: int | None = None
    #: When it went or was given to the mail server; None if it never was.
    gone_at: datetime | None = None
    #: The other follow-ups that it told of as it went.
    also_about: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUpFacts:
    """An open follow-up. Dates are in the clinic's zone."""

    pk: int
    indication_id: int
    opens_on: date
    closes_on: date
    suggested_on: date
    #: When the record came to be: one made after its window had closed is history and earns nothing.
    created_on: date
    snoozed_until: date | None = None
    #: An appointment for it is booked, or the patient is in the house.
    is_booked: bool = False
    #: Its visit is past and nobody has said what became of it.
    is_visit_unclear: bool = False
    #: When the one turns into the other.
    booked_until: datetime | None = None
    #: How many of its visits were cancelled or missed: each makes the invitations owed anew.
    fallen_through: int = 0
    fell_through_at: datetime | None = None
    #: The visit that fell through last, if it did because the patient did not come.
    missed: VisitFacts | None = None
    contacts: tuple[Contact, ...] = ()
    #: When the treatment it counts from was last amended or declared void; None: never.
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """An appointment that is still to come, was cancelled before its time, or missed."""

    pk: int
    follow_up_id: int | None
    indication_id: int | None
    starts_at: datetime
    #: BOOKED, ARRIVED, CANCELLED or MISSED.
    state: str
    #: The last change that a letter could tell of: its kind, number, time and maker.
    change: str
    sequence: int
    changed_at: datetime
    by_patient: bool = False
    with_letter: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about one patient that decides over their letters."""

    patient_id: int
    clinic_id: int
    hours: SendingHours
    language: str = "en"
    #: The patient's `next_check_at` and `facts_revision` as read before everything else here: whoever changes one of these
    #: facts moves the one to now and raises the other.
    mark: datetime | None = None
    revision: int = 0
    status: str = "ACTIVE"
    address: Address = Address.USABLE
    #: Purposes that the patient agrees to now.
    consents: frozenset[str] = frozenset()
    on_hold: bool = False
    asked_to_be_called: bool = False
    follow_ups: tuple[FollowUpFacts, ...] = ()
    #: Those whose treatment was declared void not long ago.
    void_follow_ups: tuple[FollowUpFacts, ...] = ()
    visits: tuple[VisitFacts, ...] = ()
    #: By dedupe key: those about what is above, those still open, and those that went within `GAP`.
    letters: Mapping[str, Letter] = field(default_factory=dict)
    #: Cause keys of the tasks that were raised, done or not.
    tasks: frozenset[str] = frozenset()
    open_tasks: frozenset[str] = frozenset()
    engine_paused: bool = False
    clinic_paused: bool = False
    domain_held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanBook:
    """The plan of each clinic: by indication where it has one of its own, else for any (None)."""

    plans: Mapping[tuple[int, int | None], tuple[PlanStep, ...]]
    fallback: tuple[PlanStep, ...]
    #: By clinic: when the next version of one of its plans comes into force. Nobody's next look may lie behind it.
    changes_at: Mapping[int, datetime] = field(default_factory=dict)

    def steps(self, clinic_id: int, indication_id: int | None) -> tuple[PlanStep, ...]:
        """Return the steps that hold for this clinic and indication."""
        own = self.plans.get((clinic_id, indication_id))
        if own is None and indication_id is not None:
            own = self.plans.get((clinic_id, None))
        return self.fallback if own is None else own
