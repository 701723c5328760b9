"""A signed treatment that never was, or was somebody else's: it stays readable and counts for nothing any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.care.amending import checked_reason, taken_by
from clinic.scheduling.models import Appointment, AppointmentState, ChangeKind
from clinic.scheduling.services import BookingRefused, take_back_treated
from clinic.toxins.services import Taken, VialRefused, correct_taken
from clinic.treatments.models import InjectionSession, SessionState, SessionVoid, UnitsFate, VoidedUse
from clinic.treatments.services import (
    Problem,
    TreatmentRefused,
    current_of,
    drop_amendment,
    lock_for_amending,
    lock_for_signing,
    settle,
    void_follow_up,
)


@transaction.atomic
def void_treatment(*, by: audit.Actor, session: InjectionSession, units: str, reason: str, now: datetime) -> InjectionSession:
    """Declare a signed treatment void, with the `reason`, and return it as it stands. A second time changes nothing.

    It leaves totals, ledgers, charts and repeats; its versions stay to be read. The follow-up it opened is void with it, and
    the one it had ended runs again unless a newer treatment stands. A visit that its signing marked as treated goes back to
    what it was. `units` (`UnitsFate`) says what became of the units: given to another patient, whose treatment is still to be
    recorded, they go back into the vial on paper, which opens again if need be; never taken out, they go back as an amendment's
    do; thrown away, they are booked as waste.
    Raises TreatmentRefused with every problem; nothing is written then. Raises ValueError when no person acts.
    """
    if by.user is None:
        raise ValueError("A treatment is declared void by a person.")
    stored = lock_for_amending(session=session, now=now)
    if stored.state == SessionState.VOID:
        return stored
    version = current_of(stored)
    reason, problems = checked_reason(reason, _("Say why the treatment is void."))
    if units not in UnitsFate.values:
        problems.append(Problem("units", _("Say what became of the units.")))
    if problems:
        raise TreatmentRefused(problems)
    stored.state = SessionState.VOID
    stored.save(update_fields=["state"])
    void = SessionVoid.objects.create(session=stored, reason=reason, units=units, by=by.user, at=now)
    _give_back(by, stored, void, now)
    settle(by=by, condition=stored.condition, now=now)
    void_follow_up(by=by, session=stored, now=now)
    drop_amendment(by=by, session=stored, now=now)
    _take_back_visit(by, stored, now)
    audit.record(
        by=by,
        action=audit.Action.VOIDED,
        what=stored,
        patient_public_id=stored.patient.public_id,
        clinic_id=stored.clinic_id,
        fields=["state"],
        version=version.number,
        now=now,
    )
    return stored


def visit_of(session: InjectionSession) -> Appointment | None:
    """The visit that signing this treatment marked as treated, if it still is: both were written at the same moment."""
    first = session.versions.order_by("number").first()
    if first is None or first.signed_at is None:
        return None
    return (
        Appointment.objects.select_related("clinic", "patient")
        .filter(
            patient=session.patient_id,
            state=AppointmentState.TREATED,
            changes__kind=ChangeKind.TREATED,
            changes__at=first.signed_at,
        )
        .first()
    )


def _give_back(by: audit.Actor, session: InjectionSession, void: SessionVoid, now: datetime) -> None:
    uses = list(current_of(session).vial_uses.select_related("vial"))
    vials = lock_for_signing(patient=session.patient, vials=[use.vial for use in uses], now=now)
    thrown_away = void.units == UnitsFate.THROWN_AWAY
    for use in uses:
        was = taken_by(use)
        try:
            became = correct_taken(
                by=by,
                vial=vials[use.vial_id],
                was=was,
                becomes=Taken(wasted=was.units, waste_reason=_("drawn up for a treatment that is void"))
                if thrown_away
                else Taken(),
                on=session.performed_on,
                must_reopen=void.units == UnitsFate.GIVEN_TO_ANOTHER,
                now=now,
            )
        except VialRefused as refused:
            raise TreatmentRefused([Problem("units", refused.message)]) from refused
        VoidedUse.objects.create(
            void=void,
            vial=use.vial,
            units_returned=was.units - became.units,
            units_wasted=became.wasted,
            waste_reason=became.waste_reason,
        )


def _take_back_visit(by: audit.Actor, session: InjectionSession, now: datetime) -> None:
    visit = visit_of(session)
    if visit is None:
        return
    try:
        take_back_treated(by=by, appointment=visit, reason=_("the treatment is void"), now=now)
    except BookingRefused as refused:
        text = _("The visit of that day would be open again, but another is booked in its place. Cancel that one first.")
        raise TreatmentRefused([Problem("", text)]) from refused
