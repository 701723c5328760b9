"""The facts behind the measure of whether follow-up works: who was contacted, booked and came back, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from clinic.care.returning import Contacted, Interval, planned
from clinic.practice.models import Clinic
from clinic.scheduling.models import Appointment
from clinic.treatments.models import ContactAttempt, FollowUp, FollowUpState, InjectionSession, SessionState


def contacted_since(clinics: Sequence[Clinic], since: datetime) -> list[Contacted]:
    """Every follow-up of these clinics' patients that was first contacted at or after `since`. One query."""
    zones = {clinic.pk: clinic.zone for clinic in clinics}
    earlier = ContactAttempt.objects.filter(follow_up=OuterRef("follow_up")).filter(
        Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    )
    booked = Appointment.objects.filter(follow_up=OuterRef("follow_up"), created_at__gte=OuterRef("at"))
    first = (
        ContactAttempt.objects.filter(~Exists(earlier), at__gte=since, follow_up__patient__clinic__in=list(zones))
        .exclude(follow_up__state=FollowUpState.VOID)
        .annotate(booked_after=Exists(booked), returned_on=_returned("follow_up__condition", "follow_up__session__performed_on"))
        .values_list(
            "follow_up__patient__clinic", "at", "follow_up__opens_on", "follow_up__closes_on", "booked_after", "returned_on"
        )
    )
    return [
        Contacted(first_at.astimezone(zones[clinic]).date(), opens_on, closes_on, bool(booked_after), returned_on)
        for clinic, first_at, opens_on, closes_on, booked_after, returned_on in first
    ]


def intervals_ended_since(clinics: Sequence[Clinic], since: date) -> list[Interval]:
    """Every follow-up of these clinics' patients that a treatment on or after `since` has ended. One query."""
    ended = (
        FollowUp.objects.filter(
            patient__clinic__in=[clinic.pk for clinic in clinics], state=FollowUpState.TREATED, ended_at__date__gte=since
        )
        .annotate(returned_on=_returned("condition", "session__performed_on"))
        .filter(returned_on__gte=since)
        .values_list(
            "opens_on", "closes_on", "own_on", "suggested_from", "suggested_until", "returned_on", "interval_reason__cause"
        )
    )
    return [
        Interval(
            planned(
                opens_on=opens_on,
                closes_on=closes_on,
                own_on=own_on,
                suggested_from=suggested_from,
                suggested_until=suggested_until,
            ),
            returned_on,
            cause or "",
        )
        for opens_on, closes_on, own_on, suggested_from, suggested_until, returned_on, cause in ended
    ]


def ended_by(session: InjectionSession) -> FollowUp | None:
    """The follow-up that this treatment ended, with its patient and what was said of its interval; None if it is the first."""
    before = Q(session__performed_on__lt=session.performed_on)
    return (
        FollowUp.objects.filter(before, condition=session.condition_id, state=FollowUpState.TREATED)
        .select_related("patient", "interval_reason")
        .order_by("-session__performed_on", "-id")
        .first()
    )


def _returned(condition: str, treated_on: str) -> Subquery:
    """When the patient was next treated for the condition."""
    next_one: QuerySet[InjectionSession] = InjectionSession.objects.filter(
        condition=OuterRef(condition), state=SessionState.SIGNED, performed_on__gt=OuterRef(treated_on)
    )
    return Subquery(next_one.order_by("performed_on").values("performed_on")[:1])
