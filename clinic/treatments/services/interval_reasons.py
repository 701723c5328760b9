"""Why a treatment did not come when it was planned."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.treatments.models import FollowUp, FollowUpState, IntervalCause, IntervalReason
from clinic.treatments.services.follow_ups import FollowUpRefused


@transaction.atomic
def give_interval_reason(*, by: audit.Actor, follow_up: FollowUp, cause: str, now: datetime) -> IntervalReason:
    """Keep why the treatment that ended `follow_up` came earlier or later than planned. It is asked once.

    Raises FollowUpRefused for an unknown cause, for a follow-up that no treatment has ended, and where a reason was given before;
    ValueError when no person gives it.
    """
    if by.user is None:
        raise ValueError("A reason is given by a person.")
    if cause not in IntervalCause.values:
        raise FollowUpRefused("cause", _("Choose what kept the patient from the planned day."))
    # Two who answer at once wait for each other here.
    stored = FollowUp.objects.select_for_update(of=("self",)).select_related("patient").get(pk=follow_up.pk)
    if stored.state != FollowUpState.TREATED:
        raise FollowUpRefused("", _("No treatment has ended this follow-up."))
    if IntervalReason.objects.filter(follow_up=stored).exists():
        raise FollowUpRefused("", _("The reason was given before."))
    reason = IntervalReason.objects.create(follow_up=stored, cause=cause, by=by.user, at=now)
    audit.record(
        by=by,
        action=audit.Action.CREATED,
        what=reason,
        patient_public_id=stored.patient.public_id,
        clinic_id=stored.patient.clinic_id,
        fields=["cause"],
        now=now,
    )
    return reason
