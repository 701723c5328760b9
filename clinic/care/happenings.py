"""What each room knows to have happened to a patient, as rows of one shape that a union can join.

What the codes of a row mean stands with each source.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    DecimalField,
    F,
    Field,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, TruncDate

from clinic.care.unions import no_text, nothing
from clinic.patients.models import Consent, Hold
from clinic.safety.models import Review, SideEffectVersion
from clinic.scheduling.models import AppointmentChange
from clinic.treatments.models import (
    ContactAttempt,
    FollowUp,
    FollowUpState,
    SessionVersion,
    SessionVoid,
)


class Kind(StrEnum):
    """What an entry is about; a timeline may be narrowed to some."""

    TREATMENT = "TREATMENT"
    SIDE_EFFECT = "SIDE_EFFECT"
    LETTER = "LETTER"
    CONTACT = "CONTACT"
    APPOINTMENT = "APPOINTMENT"
    HOLD = "HOLD"
    CONSENT = "CONSENT"
    DOCUMENT = "DOCUMENT"


_UNITS: Field[Any, Any] = DecimalField(max_digits=9, decimal_places=2)


def shaped(
    rows: QuerySet[Any],
    *,
    kind: Kind,
    event: Combinable | str,
    at: Combinable | None,
    on: Combinable,
    public_id: str = "",
    state: Combinable | None = None,
    what: Combinable | None = None,
    about: Combinable | None = None,
    detail: Combinable | None = None,
    number: str = "",
    time: str = "",
    who: str = "",
    by_patient: str = "",
) -> QuerySet[Any, Any]:
    """Bring `rows` into the columns of an entry. Every column has the same type in every source, as a union needs it."""
    columns: dict[str, Any] = {
        "row_kind": Value(kind.value, CharField()),
        "row_event": Value(event, CharField()) if isinstance(event, str) else event,
        "row_on": on,
        "row_at": nothing(DateTimeField()) if at is None else at,
        "row_id": F(public_id) if public_id else nothing(UUIDField()),
        "row_state": state or no_text(),
        "row_what": what or no_text(),
        "row_about": about or no_text(),
        "row_detail": detail or no_text(),
        "row_number": Cast(number, _UNITS) if number else nothing(_UNITS),
        "row_time": F(time) if time else nothing(DateTimeField()),
        "row_who": Coalesce(F(who), Value("")) if who else no_text(),
        "row_by_patient": F(by_patient) if by_patient else Value(False, BooleanField()),
    }
    made: QuerySet[Any, Any] = rows.order_by().annotate(**columns).values_list(*columns)
    return made


def treatments(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """What each treatment says now, and what became of its record.

    SIGNED, or SIGNED_AND_AMENDED: brand, indication, side, units, practitioner of the current version. AMENDED: brand, reason,
    the units since then, who signed. VOIDED: brand, reason, who declared it.
    """
    versions = SessionVersion.objects.filter(session__patient_id=patient_id, signed_at__isnull=False)
    yield shaped(
        versions.filter(pk=F("session__current_version")),
        kind=Kind.TREATMENT,
        event=Case(When(Q(number=1), then=Value("SIGNED")), default=Value("SIGNED_AND_AMENDED"), output_field=CharField()),
        on=F("session__performed_on"),
        at=F("signed_at"),
        public_id="session__public_id",
        state=F("session__state"),
        what=F("session__product__brand_name"),
        about=F("session__condition__indication__name"),
        detail=F("session__condition__side"),
        number="total_units",
        who="session__practitioner__name",
    )
    yield shaped(
        versions.filter(number__gt=1),
        kind=Kind.TREATMENT,
        event="AMENDED",
        on=TruncDate("signed_at", tzinfo=zone),
        at=F("signed_at"),
        public_id="session__public_id",
        state=F("session__state"),
        what=F("product__brand_name"),
        detail=F("amendment_reason"),
        number="total_units",
        who="signed_by__name",
    )
    yield shaped(
        SessionVoid.objects.filter(session__patient_id=patient_id),
        kind=Kind.TREATMENT,
        event="VOIDED",
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        public_id="session__public_id",
        state=F("session__state"),
        what=F("session__product__brand_name"),
        detail=F("reason"),
        number="session__current_version__total_units",
        who="by__name",
    )


def reports(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """REPORTED: term, urgency, outcome, severity, by whom, as it is known now."""
    yield shaped(
        SideEffectVersion.objects.filter(side_effect__patient_id=patient_id, pk=F("side_effect__current_version")),
        kind=Kind.SIDE_EFFECT,
        event="REPORTED",
        on=Coalesce(F("onset_on"), TruncDate("side_effect__reported_at", tzinfo=zone)),
        at=F("side_effect__reported_at"),
        public_id="side_effect__public_id",
        state=F("side_effect__state"),
        what=F("term__plain_name"),
        about=F("term__urgency"),
        detail=F("outcome"),
        number="severity",
        who="side_effect__reported_by__name",
        by_patient="side_effect__reported_by_patient",
    )


def side_effects(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """What `reports` gives; AMENDED: term, reason; REVIEWED: term, causality and the state it led to."""
    yield from reports(patient_id, zone)
    yield shaped(
        SideEffectVersion.objects.filter(side_effect__patient_id=patient_id, number__gt=1),
        kind=Kind.SIDE_EFFECT,
        event="AMENDED",
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        public_id="side_effect__public_id",
        what=F("term__plain_name"),
        detail=F("reason"),
        who="by_user__name",
    )
    yield shaped(
        Review.objects.filter(side_effect__patient_id=patient_id),
        kind=Kind.SIDE_EFFECT,
        event="REVIEWED",
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        public_id="side_effect__public_id",
        state=F("resulting_state"),
        what=F("side_effect__current_version__term__plain_name"),
        detail=F("causality"),
        who="by__name",
    )


def contacts(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """TRIED: channel, outcome, note. STOPPED: the follow-up's reason and note."""
    yield shaped(
        ContactAttempt.objects.filter(follow_up__patient_id=patient_id),
        kind=Kind.CONTACT,
        event="TRIED",
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        public_id="follow_up__public_id",
        state=F("outcome"),
        what=F("channel"),
        detail=F("note"),
        who="by__name",
    )
    yield shaped(
        FollowUp.objects.filter(patient_id=patient_id, state=FollowUpState.STOPPED),
        kind=Kind.CONTACT,
        event="STOPPED",
        on=TruncDate("ended_at", tzinfo=zone),
        at=F("ended_at"),
        public_id="public_id",
        state=F("stop_reason"),
        what=F("condition__indication__name"),
        detail=F("stop_note"),
    )


def appointments(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """The kind of change, the time it is about, with whom, why."""
    yield shaped(
        AppointmentChange.objects.filter(appointment__patient_id=patient_id),
        kind=Kind.APPOINTMENT,
        event=F("kind"),
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        public_id="appointment__public_id",
        state=F("appointment__state"),
        what=F("appointment__practitioner__name"),
        detail=F("reason"),
        time="starts_at",
        who="by_user__name",
        by_patient="by_patient",
    )


def holds(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """HELD: reason, note, owner. CLEARED: reason, by whom."""
    holds = Hold.objects.filter(patient_id=patient_id)
    yield shaped(
        holds,
        kind=Kind.HOLD,
        event="HELD",
        on=F("from_on"),
        at=None,
        what=F("reason"),
        detail=F("note"),
        who="owner__name",
    )
    yield shaped(
        holds.filter(cleared_at__isnull=False),
        kind=Kind.HOLD,
        event="CLEARED",
        on=TruncDate("cleared_at", tzinfo=zone),
        at=F("cleared_at"),
        what=F("reason"),
        who="cleared_by__name",
    )


def consents(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """GIVEN or WITHDRAWN: purpose, how, by whom."""
    yield shaped(
        Consent.objects.filter(patient_id=patient_id),
        kind=Kind.CONSENT,
        event=Case(When(Q(is_given=True), then=Value("GIVEN")), default=Value("WITHDRAWN"), output_field=CharField()),
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        what=F("purpose"),
        detail=F("how"),
        who="by_user__name",
        by_patient="by_patient",
    )
