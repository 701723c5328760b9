"""Why a patient is not to be invited for now."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.accounts import User
from clinic.patients.models import Hold, Patient
from clinic.patients.services.refusals import Problem, Refused, problems_of
from clinic.patients.services.scope import look_again


def set_hold(
    *,
    by: audit.Actor,
    patient: Patient,
    reason: str,
    review_on: date,
    from_on: date | None = None,
    note: str = "",
    owner: User | None = None,
    now: datetime,
) -> Hold:
    """Hold the patient's invitations from `from_on` (today if not given) until somebody clears the hold; return it.

    `review_on` is when its `owner` (whoever sets it, if not given) looks at it again; the hold does not end by itself. Raises
    Refused for unknown reasons, an unfit note, and dates in the wrong order or with the review in the past.
    """
    today = now.astimezone(patient.clinic.zone).date()
    owner = owner or by.user
    if owner is None:
        raise Refused.for_field("owner", _("A hold needs a person who looks at it again."))
    hold = Hold(patient=patient, reason=reason, note=note.strip(), from_on=from_on or today, review_on=review_on, owner=owner)
    problems = problems_of(hold, fields=["reason", "note", "from_on", "review_on"])
    if not problems and hold.review_on < today:
        problems.append(Problem("review_on", _("Choose a day that is still to come.")))
    elif not problems and hold.review_on < hold.from_on:
        problems.append(Problem("review_on", _("The hold is looked at again before it begins.")))
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        look_again([patient.pk], now=now)
        hold.save()
        audit.record(
            by=by,
            action=audit.Action.CREATED,
            what=hold,
            patient_public_id=patient.public_id,
            clinic_id=patient.clinic_id,
            fields=["reason", "from_on", "review_on", "owner"],
            now=now,
        )
    return hold


def clear_hold(*, by: audit.Actor, hold: Hold, now: datetime) -> Hold:
    """End the hold and return it as stored. A hold that is already cleared stays as it was."""
    with transaction.atomic():
        look_again([hold.patient_id], now=now)
        stored = Hold.objects.select_related("patient").get(pk=hold.pk)
        if stored.cleared_at is not None:
            return stored
        if by.user is None:
            raise Refused.for_field("", _("Only a member of staff clears a hold."))
        stored.cleared_by, stored.cleared_at = by.user, now
        stored.save(update_fields=["cleared_by", "cleared_at"])
        audit.record(
            by=by,
            action=audit.Action.CHANGED,
            what=stored,
            patient_public_id=stored.patient.public_id,
            clinic_id=stored.patient.clinic_id,
            fields=["cleared_at", "cleared_by"],
            now=now,
        )
    return stored
