"""The follow-ups a clinic works through: in which stage each stands on a day, and all that one line of the list says.

The stage follows from the follow-up, its patient and their appointments; nothing stores it. SQL here and
`stages.stage_of` are the same rule twice, held together by a property test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from clinic.care.stages import LISTED_STAGES, NEAR, Stage, StageFacts, stage_of
from clinic.patients.models import Hold, PatientStatus
from clinic.prepared import PreparedList
from clinic.scheduling.models import COMING_STATES, UNCLEAR_AFTER, Appointment
from clinic.treatments.models import ContactAttempt, FollowUp, FollowUpState

__all__ = [
    "LISTED_STAGES",
    "ORDER",
    "Entry",
    "Stage",
    "counts",
    "entries",
    "first_entries",
    "in_stage",
    "to_be_booked",
    "with_stage",
]

#: Who leaves the window first stands first. Served by the index `follow_up_worklist`.
ORDER = ("closes_on", "id")


def with_stage(follow_ups: QuerySet[FollowUp], as_of: date, *, today: date | None = None) -> QuerySet[FollowUp]:
    """Annotate each with its `stage` on the day `as_of` (a day in the clinic's zone); those treated again or void are left out.

    `today` is given when `as_of` lies ahead: a visit on a day between the two still counts as booked.
    """
    stage = Case(
        When(Q(state=FollowUpState.STOPPED), then=Value(Stage.STOPPED)),
        When(_booked(_since(as_of, today)), then=Value(Stage.BOOKED)),
        When(_held(as_of), then=Value(Stage.ON_HOLD)),
        *(When(condition, then=Value(stage)) for stage, condition in _windows(as_of).items()),
        output_field=CharField(max_length=12),
    )
    return follow_ups.exclude(state__in=(FollowUpState.TREATED, FollowUpState.VOID)).annotate(stage=stage)


def in_stage(
    follow_ups: QuerySet[FollowUp], stage: Stage | None, as_of: date, *, today: date | None = None
) -> QuerySet[FollowUp]:
    """Those in `stage` on the day `as_of`; with None every one that still runs, whatever its stage.

    The conditions stand bare in WHERE, so that the database can begin at the right place of an index.
    """
    if stage is None:
        return follow_ups.filter(state=FollowUpState.ACTIVE)
    return follow_ups.filter(_is(stage, as_of, _since(as_of, today)))


def to_be_booked(follow_ups: QuerySet[FollowUp], as_of: date, *, today: date | None = None) -> QuerySet[FollowUp]:
    """Those that run, have no visit to come on the day `as_of` and are not on hold: whom somebody is to bring to a visit."""
    free = ~_booked(_since(as_of, today)) & ~_held(as_of)
    return follow_ups.filter(free, state=FollowUpState.ACTIVE)


def counts(follow_ups: QuerySet[FollowUp], as_of: date, *, today: date | None = None) -> dict[Stage, int]:
    """How many of `follow_ups` stand in each stage on the day `as_of`, in one query; a stage without any counts 0."""
    staged: QuerySet[Any] = with_stage(follow_ups, as_of, today=today)
    found = staged.order_by().values("stage").annotate(number=Count("*"))
    return dict.fromkeys(Stage, 0) | {Stage(row["stage"]): row["number"] for row in found}


def _is(stage: Stage, as_of: date, since: datetime) -> Q:
    if stage is Stage.STOPPED:
        return Q(state=FollowUpState.STOPPED)
    runs = Q(state=FollowUpState.ACTIVE)
    if stage is Stage.BOOKED:
        return runs & _booked(since)
    if stage is Stage.ON_HOLD:
        return runs & ~_booked(since) & _held(as_of)
    return runs & ~_booked(since) & ~_held(as_of) & _windows(as_of)[stage]


def _booked(since: datetime) -> Q:
    return Q(Exists(Appointment.objects.filter(follow_up=OuterRef("pk"), state__in=COMING_STATES, starts_at__gte=since)))


def _since(as_of: date, today: date | None) -> datetime:
    """From when on visits count: a past one of which nobody said what became of it does not count as booked for long."""
    return datetime.combine(min(as_of, today or as_of), time.min, UTC) - UNCLEAR_AFTER


def _holds(as_of: date) -> QuerySet[Hold]:
    return Hold.objects.filter(patient=OuterRef("patient"), cleared_at__isnull=True, from_on__lte=as_of)


def _held(as_of: date) -> Q:
    snoozed = Q(snoozed_until__isnull=False, snoozed_until__gt=as_of)
    return snoozed | ~Q(patient__status=PatientStatus.ACTIVE) | Q(Exists(_holds(as_of)))


def _windows(as_of: date) -> dict[Stage, Q]:
    """The stages that only the window decides over, each by itself: they do not overlap and leave nothing out.

    A window never closes before it opens, so the bounds on `closes_on` of the last two say nothing new: they tell the database
    where in its index to begin.
    """
    soon = as_of + NEAR
    return {
        Stage.OVERDUE: Q(closes_on__lt=as_of),
        Stage.CLOSING: Q(opens_on__lte=as_of, closes_on__gte=as_of, closes_on__lte=soon),
        Stage.OPEN: Q(opens_on__lte=as_of, closes_on__gt=soon),
        Stage.APPROACHING: Q(opens_on__gt=as_of, opens_on__lte=soon, closes_on__gt=as_of),
        Stage.WAITING: Q(opens_on__gt=soon, closes_on__gt=soon),
    }


@dataclass(frozen=True, slots=True)
class Entry:
    """One follow-up with all that a line of the worklist says. Dates are days in the clinic's zone."""

    id: int
    public_id: UUID
    state: str
    opens_on: date
    closes_on: date
    own_on: date | None
    suggested_from: date | None
    suggested_until: date | None
    worn_off_on: date | None
    snoozed_until: date | None
    snooze_note: str
    stop_reason: str
    patient_id: int
    patient_public_id: UUID
    given_name: str
    family_name: str
    record_number: str
    born_on: date
    status: str
    clinic_id: int
    indication_id: int
    side: str
    product_id: int
    #: Units of the product given at the treatment the follow-up is about.
    units: Decimal | None
    #: Its record's current version; one above 1 has been amended.
    version: int | None
    treated_on: date
    practitioner_id: int
    appointment_public_id: UUID | None
    appointment_at: datetime | None
    appointment_practitioner_id: int | None
    #: Why the patient is on hold; the first of several.
    hold_reason: str | None
    contacts: int
    last_outcome: str | None
    #: Who works on it.
    worked_on_by: str | None

    def stage(self, as_of: date) -> Stage:
        """Its stage on the day it was asked for with `entries`."""
        return stage_of(
            StageFacts(
                is_stopped=self.state == FollowUpState.STOPPED,
                is_booked=self.appointment_at is not None,
                is_held=self.hold_reason is not None or self.status != PatientStatus.ACTIVE,
                snoozed_until=self.snoozed_until,
                opens_on=self.opens_on,
                closes_on=self.closes_on,
            ),
            as_of,
        )

    def age(self, on: date) -> int:
        """The patient's age in whole years."""
        return on.year - self.born_on.year - ((on.month, on.day) < (self.born_on.month, self.born_on.day))


#: Where each fact of an entry is found. What is not named here is a column of the follow-up.
_SOURCES: Mapping[str, str] = {
    "patient_public_id": "patient__public_id",
    "given_name": "patient__given_name",
    "family_name": "patient__family_name",
    "record_number": "patient__record_number",
    "born_on": "patient__born_on",
    "status": "patient__status",
    "clinic_id": "patient__clinic_id",
    "indication_id": "condition__indication_id",
    "side": "condition__side",
    "product_id": "session__product_id",
    "units": "session__current_version__total_units",
    "version": "session__current_version__number",
    "treated_on": "session__performed_on",
    "practitioner_id": "session__practitioner_id",
    "worked_on_by": "assignee__name",
    "appointment_public_id": "coming__public_id",
    "appointment_at": "coming__starts_at",
    "appointment_practitioner_id": "coming__practitioner_id",
}
_NAMES = tuple(Entry.__dataclass_fields__)


def entries(follow_ups: QuerySet[FollowUp], as_of: date, *, today: date | None = None) -> QuerySet[FollowUp, Any]:
    """Read `follow_ups` as entries: one query, whatever their number, and no model instances behind them.

    The result is a query still to be ordered and cut; turn what it yields into entries with `Entry(*row)`.
    """
    contacts = ContactAttempt.objects.filter(follow_up=OuterRef("pk"))
    number = contacts.order_by().values("follow_up").annotate(number=Count("*")).values("number")
    computed = {name: F(source) for name, source in _SOURCES.items()}
    coming = Q(appointments__state__in=COMING_STATES, appointments__starts_at__gte=_since(as_of, today))
    return (
        follow_ups.annotate(coming=FilteredRelation("appointments", condition=coming))
        .annotate(
            hold_reason=Subquery(_holds(as_of).order_by("from_on", "id").values("reason")[:1]),
            contacts=Coalesce(Subquery(number), 0),
            last_outcome=Subquery(contacts.order_by("-at", "-id").values("outcome")[:1]),
            **computed,
        )
        .values_list(*_NAMES, named=True)
    )


@lru_cache(maxsize=64)
def _first_page(stage: Stage | None, clinics: int, most: int) -> PreparedList:
    """The first lines of a stage at so many clinics, in SQL."""
    everybody = FollowUp.objects.filter(patient__clinic__in=range(-clinics, 0))
    rows = entries(in_stage(everybody, stage, _THAT_DAY), _THAT_DAY).order_by(*ORDER)[:most]
    stand_ins = {"as_of": _THAT_DAY, "soon": _THAT_DAY + NEAR, "since": _since(_THAT_DAY, None)}
    return PreparedList(rows, {**stand_ins, **{f"clinic {number}": number for number in range(-clinics, 0)}})


#: Stands in prepared queries where the day goes.
_THAT_DAY = date(4242, 6, 15)


def first_entries(
    clinic_ids: Sequence[int], stage: Stage | None, as_of: date, *, today: date | None = None, most: int
) -> list[Entry]:
    """The first `most` entries in `stage` at these clinics: what `entries` gives for them in the usual order, sooner.

    This is the list as it is opened all day long, and Django takes longer to put the query into SQL than to read the answer.
    """
    values: dict[str, object] = {"as_of": as_of, "soon": as_of + NEAR, "since": _since(as_of, today)}
    values |= {f"clinic {number}": pk for number, pk in zip(range(-len(clinic_ids), 0), clinic_ids, strict=True)}
    return [Entry(*row) for row in _first_page(stage, len(clinic_ids), most).rows(values)]
