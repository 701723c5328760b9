"""A follow-up from its opening to its end, and what staff do with it in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.patients.models import Condition
from clinic.patients.services import look_again
from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import may_at
from clinic.prepared import PreparedObjects
from clinic.toxins.models import Product
from clinic.toxins.rules import LabelLimit, floors_among
from clinic.toxins.services import limits_of
from clinic.treatments import window
from clinic.treatments.models import (
    FollowUp,
    FollowUpState,
    InjectionSession,
    StopReason,
    WindowPolicy,
)
from clinic.writing import insert, update

#: A follow-up may be laid aside this long after its window has closed (or after today, if that is later).
LONGEST_SNOOZE = timedelta(days=183)
NOTE_LENGTH = 200


class FollowUpRefused(Exception):
    """It cannot be done with this follow-up: `field` of the form (or "") and a sentence for a person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def window_for(
    *,
    condition: Condition,
    product: Product,
    clinic: Clinic,
    treated_on: date,
    own_on: date | None = None,
    limits: Sequence[LabelLimit] | None = None,
) -> window.Window:
    """The window after a treatment of `condition`: the clinic's policy and every interval floor of the product's label there.

    Without a policy of the clinic for the indication, or for any, it is three to six calendar months. Where the label of the
    clinic's jurisdiction has no interval on file, the rule says so. `limits` spares reading what the label says, where it has
    been read. Raises ValueError when `own_on` is not after the treatment.
    """
    policy = _policy_query().first({"indication": condition.indication_id, "clinic": clinic.pk})
    opens_after, closes_after = window.DEFAULT_OPENS_AFTER, window.DEFAULT_CLOSES_AFTER
    if policy is not None:
        opens_after = window.Span(policy.opens_after, policy.opens_unit)
        closes_after = window.Span(policy.closes_after, policy.closes_unit)
    label = f"label of {product}, {clinic.jurisdiction}"
    if limits is None:
        limits = limits_of(
            product=product, indication=condition.indication, jurisdiction=clinic.jurisdiction, clinic_id=clinic.pk, on=treated_on
        )
    floors = floors_among(limits, age_years=relativedelta(treated_on, condition.patient.born_on).years)
    computed = window.compute(
        treated_on=treated_on,
        opens_after=opens_after,
        closes_after=closes_after,
        floors=[replace(floor, wording=f"{label}: {floor.wording}") for floor in floors],
        own_on=own_on,
    )
    if not floors:
        computed = replace(computed, opens_rule=f"{computed.opens_rule} ({label}: no interval on file)")
    return computed


@cache
def _policy_query() -> PreparedObjects[WindowPolicy]:
    """A clinic's policy for an indication, or else for any."""
    policies = WindowPolicy.objects.filter(Q(indication=-1) | Q(indication=None), clinic=-2)
    return PreparedObjects(policies.order_by(F("indication").asc(nulls_last=True))[:1], {"indication": -1, "clinic": -2})


def open_follow_up(
    *, session: InjectionSession, own_on: date | None = None, limits: Sequence[LabelLimit] | None = None, now: datetime
) -> FollowUp:
    """Open the follow-up of a signed treatment, with its window (see `window_for`). The condition must have no active one."""
    computed = window_for(
        condition=session.condition,
        product=session.product,
        clinic=session.clinic,
        treated_on=session.performed_on,
        own_on=own_on,
        limits=limits,
    )
    follow_up = FollowUp(
        patient_id=session.patient_id,
        condition=session.condition,
        session=session,
        opens_on=computed.opens_on,
        opens_rule=computed.opens_rule,
        closes_on=computed.closes_on,
        closes_rule=computed.closes_rule,
        own_on=own_on,
        suggested_from=computed.suggested_from,
        suggested_until=computed.suggested_until,
        suggested_basis=computed.suggested_basis,
        created_at=now,
    )
    insert([follow_up])
    return follow_up


def close_active(*, condition: Condition, locked: FollowUp | None = None, now: datetime) -> FollowUp | None:
    """End the condition's active follow-up because the patient was treated again; return it, or None if there is none.

    `locked` is that follow-up, where the caller's transaction has read and locked it.
    """
    follow_up = locked or _active_query().first({"condition": condition.pk})
    if follow_up is not None:
        follow_up.state, follow_up.ended_at = FollowUpState.TREATED, now
        update(follow_up, ["state", "ended_at"])
    return follow_up


@cache
def _active_query() -> PreparedObjects[FollowUp]:
    active = FollowUp.objects.select_for_update().filter(condition=-1, state=FollowUpState.ACTIVE)
    return PreparedObjects(active.order_by("pk")[:1], {"condition": -1})


@transaction.atomic
def snooze(*, by: audit.Actor, follow_up: FollowUp, until: date, note: str, now: datetime) -> None:
    """Lay the follow-up aside until a day: nothing is sent and nobody phones before it.

    Raises FollowUpRefused unless `until` is after today (clinic's zone) and at most half a year past the window's end or
    today, whichever is later, and `note` says why.
    """
    follow_up = _locked(follow_up, now)
    today = now.astimezone(follow_up.patient.clinic.zone).date()
    latest = max(follow_up.closes_on, today) + LONGEST_SNOOZE
    if until <= today:
        raise FollowUpRefused("until", _("Choose a day after today."))
    if until > latest:
        raise FollowUpRefused(
            "until",
            _("At most until %(latest)s: half a year after the window. Stop the follow-up if it is not needed.")
            % {"latest": date_format(latest, "j M Y")},
        )
    note = _short(note)
    if not note:
        raise FollowUpRefused("note", _("Say why, for the colleague who looks next."))
    follow_up.snoozed_until, follow_up.snooze_note = until, note
    _save(follow_up, ["snoozed_until", "snooze_note"], by, audit.Action.SNOOZED, now)


@transaction.atomic
def wake(*, by: audit.Actor, follow_up: FollowUp, now: datetime) -> None:
    """End a snooze at once. Waking one that is awake changes nothing."""
    follow_up = _locked(follow_up, now)
    if follow_up.snoozed_until is not None:
        follow_up.snoozed_until, follow_up.snooze_note = None, ""
        _save(follow_up, ["snoozed_until", "snooze_note"], by, audit.Action.CHANGED, now)


@transaction.atomic
def stop(*, by: audit.Actor, follow_up: FollowUp, reason: str, note: str, now: datetime) -> None:
    """End the follow-up for a reason: nothing more is sent for it. The next treatment opens a new one.

    Raises FollowUpRefused for an unknown reason, and for "other" without a note.
    """
    follow_up = _locked(follow_up, now)
    note = _short(note)
    if reason not in StopReason.values:
        raise FollowUpRefused("reason", _("Choose a reason."))
    if reason == StopReason.OTHER and not note:
        raise FollowUpRefused("note", _("Say what the reason is."))
    follow_up.state, follow_up.stop_reason, follow_up.stop_note = FollowUpState.STOPPED, reason, note
    follow_up.ended_at = now
    _save(follow_up, ["state", "stop_reason", "stop_note", "ended_at"], by, audit.Action.STOPPED, now)


@transaction.atomic
def assign_follow_up(*, by: audit.Actor, follow_up: FollowUp, assignee: User | None, now: datetime) -> None:
    """Give the follow-up to one person of the clinic to work on, or back to everybody.

    Raises FollowUpRefused once it has ended, and for a person who does not work on follow-ups at the patient's clinic.
    """
    # Who works on it decides over no letter: the engine need not look again.
    current = FollowUp.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=follow_up.pk)
    _refuse_ended(current)
    if assignee is not None and not may_at(assignee, Permission.WORK_FOLLOW_UPS, current.patient.clinic_id):
        raise FollowUpRefused("assignee", _("Choose somebody who works on follow-ups at this patient's clinic."))
    if current.assignee_id != (assignee.pk if assignee else None):
        current.assignee = assignee
        _save(current, ["assignee"], by, audit.Action.CHANGED, now)


def _locked(follow_up: FollowUp, now: datetime) -> FollowUp:
    """The follow-up as it stands, with the patient's row locked and to be looked at again; refused once it has ended."""
    look_again([follow_up.patient_id], now=now)
    current = FollowUp.objects.select_related("patient__clinic").get(pk=follow_up.pk)
    _refuse_ended(current)
    return current


def _refuse_ended(follow_up: FollowUp) -> None:
    if follow_up.state != FollowUpState.ACTIVE:
        raise FollowUpRefused("", _("This follow-up has ended meanwhile: %(state)s.") % {"state": follow_up.get_state_display()})


def _save(follow_up: FollowUp, fields: Sequence[str], by: audit.Actor, action: str, now: datetime) -> None:
    follow_up.save(update_fields=list(fields))
    audit.record(
        by=by,
        action=action,
        what=follow_up,
        patient_public_id=follow_up.patient.public_id,
        clinic_id=follow_up.patient.clinic_id,
        fields=fields,
        now=now,
    )


def _short(note: str) -> str:
    return " ".join(note.split())[:NOTE_LENGTH]
