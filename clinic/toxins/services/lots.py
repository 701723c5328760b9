"""Lots: set aside, recalled, released."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.toxins.models import Lot, LotDecision, LotState, Vial
from clinic.toxins.services.refusals import VialRefused

_LONGEST_REASON = LotDecision._meta.get_field("reason").max_length or 0

#: What a lot may become. A recall ends in quarantine only, so that no single slip puts a recalled lot back into use.
MAY_BECOME: Mapping[str, tuple[LotState, ...]] = {
    LotState.IN_USE: (LotState.QUARANTINED, LotState.RECALLED),
    LotState.SPENT: (LotState.QUARANTINED, LotState.RECALLED),
    LotState.QUARANTINED: (LotState.IN_USE, LotState.RECALLED),
    LotState.RECALLED: (LotState.QUARANTINED,),
}


@transaction.atomic
def decide_lot(*, by: audit.Actor, lot: Lot, clinic: Clinic, state: str, reason: str, now: datetime) -> Lot:
    """Set a lot aside, recall it or release it, with the reason; `clinic` is where that was decided.

    A lot is one thing for all clinics, so the decision holds at each of them. Its vials are locked with it: a treatment that is
    being signed is either written before the decision or sees it. What was given stays as it was.
    Raises VialRefused for a change that cannot be or has no reason, ValueError unless a member of staff acts.
    """
    if by.user is None:
        raise ValueError("Only a member of staff decides about a lot.")
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise VialRefused("reason", _("Say why, in at most %(most)d characters.") % {"most": _LONGEST_REASON})
    # The vials first, as everywhere, and in the order of their keys.
    list(Vial.objects.select_for_update().filter(lot=lot).order_by("pk").values_list("pk", flat=True))
    lot = Lot.objects.select_for_update(of=("self",)).select_related("product").get(pk=lot.pk)
    if state not in MAY_BECOME[lot.state]:
        raise VialRefused(
            "state",
            _("Lot %(number)s is %(state)s: choose what it may become from there.")
            % {"number": lot.number, "state": lot.get_state_display()},
        )
    lot.state = state
    lot.save(update_fields=["state"])
    LotDecision.objects.create(lot=lot, state=state, reason=reason, clinic=clinic, by=by.user, at=now)
    audit.record(by=by, action=audit.Action.CHANGED, what=lot, clinic_id=clinic.pk, fields=["state"], now=now)
    return lot
