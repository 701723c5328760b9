"""What is thrown away outside a treatment."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.toxins.models import Vial, VialDiscard, VialState
from clinic.toxins.services.refusals import VialRefused
from clinic.toxins.services.stock import locked

_LONGEST_REASON = VialDiscard._meta.get_field("reason").max_length or 0


@transaction.atomic
def discard(*, by: audit.Actor, vial: Vial, units: Decimal | None = None, reason: str, now: datetime) -> Vial:
    """Throw away `units` of a vial, or all that is left in it, and keep the reason.

    A vial that is empty afterwards is closed: given and wasted are then what its label says. Any vial can be thrown away, also
    one that has expired or whose lot was recalled; a part only of one that was opened.
    Raises VialRefused when it is closed, nothing or too much would go, or the reason is missing; ValueError unless a member of
    staff acts.
    """
    if by.user is None:
        raise ValueError("Only a member of staff discards a vial.")
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise VialRefused("reason", _("Say why, in at most %(most)d characters.") % {"most": _LONGEST_REASON})
    vial = locked(vial)
    if vial.state == VialState.CLOSED:
        raise VialRefused("units", _("This vial has been closed."))
    left = vial.units_left
    wasted = left if units is None else units
    if not wasted.is_finite() or wasted <= 0:
        raise VialRefused("units", _("Enter units with at most two decimals, more than zero."))
    if wasted > left:
        raise VialRefused("units", _("Only %(left)s units are left in this vial.") % {"left": f"{left:f}"})
    if wasted != round(wasted, 2):
        raise VialRefused("units", _("Enter units with at most two decimals, more than zero."))
    if wasted < left and vial.state == VialState.UNOPENED:
        raise VialRefused("units", _("This vial is unopened: discard all of it, or note first that it was made up."))
    vial.units_wasted += wasted
    vial.state = VialState.CLOSED if vial.units_left == 0 else VialState.OPEN
    fields = ["units_wasted", "state"]
    vial.save(update_fields=fields)
    VialDiscard.objects.create(vial=vial, units=wasted, reason=reason, by=by.user, at=now)
    audit.record(by=by, action=audit.Action.CHANGED, what=vial, clinic_id=vial.clinic_id, fields=fields, now=now)
    return vial
