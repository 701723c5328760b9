"""After a treatment was amended or became void: whose follow-up runs, and with which window."""

from __future__ import annotations

from datetime import date, datetime

from clinic import audit
from clinic.patients.models import Condition, PatientStatus
from clinic.treatments import dosing
from clinic.treatments.models import FollowUp, FollowUpState, InjectionSession, SessionState
from clinic.treatments.services.follow_ups import open_follow_up, window_for
from clinic.treatments.services.sessions import signed_sessions

_WINDOW = ("opens_on", "opens_rule", "closes_on", "closes_rule", "suggested_from", "suggested_until", "suggested_basis")


def settle(*, by: audit.Actor, condition: Condition, now: datetime) -> None:
    """Where a follow-up of the condition runs, have it be the one of the newest signed treatment.

    One that runs for another treatment ends: as treated again, or as void where its treatment is. The newest one's that a later
    treatment had ended runs in its place; where it never had one, it is opened. What staff stopped stays stopped: where none
    runs, none begins to. For a patient who has died or been discharged nothing is opened either.
    To be called in a transaction that holds the patient's row.
    """
    newest = signed_sessions(condition=condition).select_related("condition__patient", "clinic").first()
    running = FollowUp.objects.select_related("session").filter(condition=condition, state=FollowUpState.ACTIVE).first()
    if running is None or (newest is not None and running.session_id == newest.pk):
        return
    is_void = running.session.state == SessionState.VOID
    running.state, running.ended_at = FollowUpState.VOID if is_void else FollowUpState.TREATED, now
    running.save(update_fields=["state", "ended_at"])
    _trace(by, audit.Action.CHANGED, running, ["state", "ended_at"], now)
    if newest is None or condition.patient.status not in (PatientStatus.ACTIVE, PatientStatus.PAUSED):
        return
    own = FollowUp.objects.filter(session=newest).first()
    if own is None:
        _trace(by, audit.Action.CREATED, open_follow_up(session=newest, now=now), [], now)
    elif own.state == FollowUpState.TREATED:
        own.state, own.ended_at = FollowUpState.ACTIVE, None
        own.save(update_fields=["state", "ended_at"])
        _trace(by, audit.Action.CHANGED, own, ["state", "ended_at"], now)
        if newest.current_version is not None and newest.current_version.number > 1:
            # Date or product may have changed while it did not run.
            is_possible = not any(dosing.check_own_date(own_on=own.own_on, performed_on=newest.performed_on))
            set_window(by=by, follow_up=own, session=newest, own_on=own.own_on if is_possible else None, now=now)


def set_window(*, by: audit.Actor, follow_up: FollowUp, session: InjectionSession, own_on: date | None, now: datetime) -> None:
    """Compute the window anew from the treatment as it stands and the policy of today; the clinician's own date wins."""
    computed = window_for(
        condition=session.condition,
        product=session.product,
        clinic=session.clinic,
        treated_on=session.performed_on,
        own_on=own_on,
    )
    wanted = {name: getattr(computed, name) for name in _WINDOW} | {"own_on": own_on}
    changed = [name for name, value in wanted.items() if getattr(follow_up, name) != value]
    if changed:
        for name in changed:
            setattr(follow_up, name, wanted[name])
        follow_up.save(update_fields=changed)
        _trace(by, audit.Action.CHANGED, follow_up, changed, now)


def void_follow_up(*, by: audit.Actor, session: InjectionSession, now: datetime) -> None:
    """Have the follow-up that a treatment opened be void like the treatment. Why it had been stopped before stays on it."""
    follow_up = FollowUp.objects.filter(session=session).exclude(state=FollowUpState.VOID).first()
    if follow_up is not None:
        follow_up.state, follow_up.ended_at = FollowUpState.VOID, follow_up.ended_at or now
        follow_up.save(update_fields=["state", "ended_at"])
        _trace(by, audit.Action.CHANGED, follow_up, ["state", "ended_at"], now)


def _trace(by: audit.Actor, action: str, follow_up: FollowUp, fields: list[str], now: datetime) -> None:
    patient = follow_up.condition.patient
    audit.record(
        by=by,
        action=action,
        what=follow_up,
        patient_public_id=patient.public_id,
        clinic_id=patient.clinic_id,
        fields=fields,
        now=now,
    )
