"""Reporting a side effect, and amending what was reported."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import audit
from clinic.patients import services as patients
from clinic.patients.models import Patient
from clinic.patients.services import Problem, Refused
from clinic.patients.services.refusals import problems_of
from clinic.safety.consistency import Fault, Statement, faults
from clinic.safety.models import SeriousCriterion, SideEffect, SideEffectState, SideEffectVersion, Term
from clinic.safety.services.records import LONGEST_NARRATIVE, leave_trace, locked, tidied
from clinic.treatments.models import InjectionSession, SessionState

_FACTS = ("term", "onset_on", "resolved_on", "severity", "outcome", "serious_criteria", "narrative")


_SENTENCES = {
    Fault.BEGAN_BEFORE_TREATMENT: gettext_lazy(
        "It began before the treatment of %(treated_on)s. Choose the treatment before it."
    ),
    Fault.BEGAN_IN_FUTURE: gettext_lazy("This is in the future."),
    Fault.ENDED_BEFORE_TREATMENT: gettext_lazy("It ended before the treatment of %(treated_on)s."),
    Fault.ENDED_BEFORE_IT_BEGAN: gettext_lazy("It ended before it began."),
    Fault.ENDED_IN_FUTURE: gettext_lazy("This is in the future."),
    Fault.ENDED_YET_GOING_ON: gettext_lazy("An end date is given: has the patient recovered, perhaps with lasting effects?"),
    Fault.FATAL_NOT_GRADED: gettext_lazy("The outcome is fatal: the severity is “death”."),
    Fault.GRADED_NOT_FATAL: gettext_lazy("The severity is “death”: the outcome is fatal."),
    Fault.FATAL_NOT_SERIOUS: gettext_lazy("The outcome is fatal: tick “death” here too."),
    Fault.DEATH_NOT_FATAL: gettext_lazy("“Death” is ticked here: severity and outcome must say so too."),
}


def report(
    *,
    by: audit.Actor,
    patient: Patient,
    session: InjectionSession | None,
    term: Term,
    onset_on: date | None,
    resolved_on: date | None,
    severity: int,
    outcome: str,
    serious_criteria: Collection[str] = (),
    narrative: str = "",
    public_id: uuid.UUID | None = None,
    now: datetime,
) -> SideEffect:
    """Store a new side effect with its first version, and return it.

    `session` is the treatment it is thought to follow, None if none is known. With a `public_id` that this patient's record
    already holds, nothing is written and that side effect is returned: a form sent twice reports once. Raises Refused with every
    problem.
    """
    side_effect = SideEffect(
        patient=patient,
        session=session,
        reported_by_patient=by.kind == audit.ActorKind.PATIENT,
        reported_by=by.user,
        reported_at=now,
    )
    version = SideEffectVersion(
        number=1,
        term=term,
        onset_on=onset_on,
        resolved_on=resolved_on,
        severity=severity,
        outcome=outcome,
        serious_criteria=_in_order(serious_criteria),
        narrative=tidied(narrative),
        by_user=by.user,
        at=now,
    )
    problems = _problems(side_effect, version, serious_criteria, now=now)
    if session is not None and (session.patient_id != patient.pk or session.state != SessionState.SIGNED):
        problems.append(Problem("session", _("Choose one of this patient's signed treatments.")))
    if not term.is_active:
        problems.append(Problem("term", _("This term is no longer in use. Choose another.")))
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        patients.look_again([patient.pk], now=now)
        if public_id is not None:
            known = SideEffect.objects.filter(public_id=public_id, patient=patient).first()
            if known is not None:
                return known
            if SideEffect.objects.filter(public_id=public_id).exists():
                # Another patient's: only a form that was tampered with names it, and it learns nothing from this.
                raise Refused.for_field("", _("This form is out of date. Open it again from the patient's page."))
            side_effect.public_id = public_id
        side_effect.save()
        _append(side_effect, version)
        audit.record(
            by=by,
            action=audit.Action.CREATED,
            what=side_effect,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=_stated(version),
            version=1,
            now=now,
        )
    return side_effect


def amend(
    *,
    by: audit.Actor,
    side_effect: SideEffect,
    based_on: int,
    term: Term,
    onset_on: date | None,
    resolved_on: date | None,
    severity: int,
    outcome: str,
    serious_criteria: Collection[str] = (),
    narrative: str = "",
    reason: str,
    now: datetime,
) -> SideEffect:
    """Add a version that says what is known now, with the `reason` of the change, and return the side effect as stored.

    `based_on` is the number of the version that the person saw. Earlier versions stay. One that was reviewed goes back to the
    reviewer. Raises Refused with every problem, for an amendment that changes nothing, and when there is a newer version.
    """
    with transaction.atomic():
        stored = locked(side_effect)
        before = stored.facts
        version = SideEffectVersion(
            number=before.number + 1,
            term=term,
            onset_on=onset_on,
            resolved_on=resolved_on,
            severity=severity,
            outcome=outcome,
            serious_criteria=_in_order(serious_criteria),
            narrative=tidied(narrative),
            reason=reason.strip(),
            by_user=by.user,
            at=now,
        )
        problems = _problems(stored, version, serious_criteria, now=now)
        if not version.reason:
            problems.append(Problem("reason", _("Say why the record is changed.")))
        changed = [name for name in _FACTS if getattr(version, name) != getattr(before, name)]
        if based_on != before.number:
            problems = [Problem("", _("Somebody has changed this report meanwhile. Look at it again, then change it."))]
        elif not changed and not problems:
            problems = [Problem("", _("Nothing is different from what is on record."))]
        if problems:
            raise Refused(problems)
        _append(stored, version)
        if stored.state == SideEffectState.REVIEWED:
            stored.state = SideEffectState.IN_REVIEW
            stored.save(update_fields=["state"])
        patients.look_again([stored.patient_id], now=now)
        leave_trace(by, audit.Action.CHANGED, stored, changed, now)
    return stored


def _problems(side_effect: SideEffect, version: SideEffectVersion, criteria: Collection[str], *, now: datetime) -> list[Problem]:
    checked = ["onset_on", "resolved_on", "severity", "outcome", "narrative", "reason"]
    problems = problems_of(version, fields=checked)
    if len(version.narrative) > LONGEST_NARRATIVE:
        problems.append(Problem("narrative", _("Keep it under %(most)d characters.") % {"most": LONGEST_NARRATIVE}))
    if not set(criteria) <= set(SeriousCriterion.values):
        problems.append(Problem("serious_criteria", _("Choose from the list.")))
    if problems:
        return problems
    treated_on = side_effect.session.performed_on if side_effect.session else None
    said = Statement(
        treated_on=treated_on,
        onset_on=version.onset_on,
        resolved_on=version.resolved_on,
        severity=version.severity,
        outcome=version.outcome,
        serious_criteria=version.serious_criteria,
    )
    today = now.astimezone(side_effect.patient.clinic.zone).date()
    words = {"treated_on": date_format(treated_on, "j M Y") if treated_on else ""}
    return [Problem(field, str(_SENTENCES[fault]) % words) for field, fault in faults(said, today=today)]


def _in_order(criteria: Collection[str]) -> list[str]:
    return [criterion for criterion in SeriousCriterion.values if criterion in criteria]


def _append(side_effect: SideEffect, version: SideEffectVersion) -> None:
    version.side_effect = side_effect
    version.save()
    side_effect.current_version = version
    side_effect.save(update_fields=["current_version"])


def _stated(version: SideEffectVersion) -> list[str]:
    return [name for name in _FACTS if getattr(version, name)]
