"""What a vial gives back, and what more is taken from it, when the record of a treatment is put right afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.toxins.models import LotState, Vial, VialState
from clinic.toxins.rules import usable_until
from clinic.toxins.services.refusals import VialRefused


@dataclass(frozen=True)
class Taken:
    """Units that one treatment took from one vial: given, and thrown away with the reason."""

    given: Decimal = Decimal(0)
    wasted: Decimal = Decimal(0)
    waste_reason: str = ""

    @property
    def units(self) -> Decimal:
        return self.given + self.wasted


@transaction.atomic
def correct_taken(
    *, by: audit.Actor, vial: Vial, was: Taken, becomes: Taken, on: date, must_reopen: bool = False, now: datetime
) -> Taken:
    """Have a treatment on `on` have taken `becomes` from the vial in place of what was on record; return what it took in the end.

    Only the difference is booked, so nothing is counted twice. What comes back to a vial that is still open can be drawn again.
    A closed vial opens again only while it may be used and nobody else threw its rest away; otherwise what comes back is booked
    as thrown away, because the vial is gone. With `must_reopen` it opens whatever else holds: the units are about to be
    recorded elsewhere. A vial that nothing was taken from, and whose making-up nobody noted, is unopened again. Raises
    VialRefused when the vial does not hold what the correction asks for.
    """
    vial = Vial.objects.select_for_update(of=("self",)).select_related("lot__product", "clinic").get(pk=vial.pk)
    before = _written(vial)
    others_given, others_wasted = vial.units_given - was.given, vial.units_wasted - was.wasted
    room = vial.labelled_units - others_given - others_wasted
    left = room - becomes.units
    if left < 0:
        raise VialRefused(
            "units",
            _("Only %(left)s units are left in this vial; %(wanted)s are asked for.")
            % {"left": f"{room:f}", "wanted": f"{becomes.units:f}"},
        )
    is_untouched = left == vial.labelled_units and vial.diluent_ml is None
    may_reopen = must_reopen or _may_reopen(vial, others_wasted, is_untouched=is_untouched, now=now)
    if vial.state == VialState.CLOSED and left and not may_reopen:
        becomes = Taken(becomes.given, becomes.wasted + left, becomes.waste_reason or _("not given after all; the vial was gone"))
        left, is_untouched = Decimal(0), False
    vial.units_given, vial.units_wasted = others_given + becomes.given, others_wasted + becomes.wasted
    if is_untouched:
        vial.state, vial.reconstituted_at, vial.reconstituted_by = VialState.UNOPENED, None, None
    else:
        vial.state = VialState.OPEN if left else VialState.CLOSED
    if becomes.units and vial.reconstituted_at is None:
        is_today = on == now.astimezone(vial.clinic.zone).date()
        vial.reconstituted_at = now if is_today else datetime.combine(on, time(12), tzinfo=vial.clinic.zone)
        vial.reconstituted_by = by.user
    after = _written(vial)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        vial.save(update_fields=changed)
        audit.record(by=by, action=audit.Action.CHANGED, what=vial, clinic_id=vial.clinic_id, fields=changed, now=now)
    return becomes


def _written(vial: Vial) -> dict[str, object]:
    names = ("units_given", "units_wasted", "state", "reconstituted_at", "reconstituted_by")
    return {name: getattr(vial, f"{name}_id" if name == "reconstituted_by" else name) for name in names}


def _may_reopen(vial: Vial, others_wasted: Decimal, *, is_untouched: bool, now: datetime) -> bool:
    lot = vial.lot
    if others_wasted or lot.state != LotState.IN_USE or lot.expires_on < now.astimezone(vial.clinic.zone).date():
        return False
    if vial.reconstituted_at is None or is_untouched:
        # When it was made up nobody noted: the time is that of the draw which is taken back.
        return True
    return usable_until(vial.reconstituted_at, lot.product.hours_after_reconstitution) > now
