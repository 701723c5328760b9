"""A signed version as the form would hold it, for whoever amends it."""

from __future__ import annotations

from collections.abc import Sequence

from clinic.staff.forms.vials import VIAL_FIELDS
from clinic.staff.vials import plain
from clinic.toxins.models import VialState
from clinic.treatments.models import FollowUp, Injection, SessionVersion, VialUse


def values_on_record(
    version: SessionVersion, uses: Sequence[VialUse], injections: Sequence[Injection], running: FollowUp | None
) -> dict[str, object]:
    """The fields of the form, but for the points. `uses` in the order of taking; `running` is its follow-up while it runs."""
    last = uses[-1] if uses else None
    is_rest = last is not None and last.vial.state == VialState.CLOSED
    return {
        **{name: str(use.vial.public_id) for name, use in zip(VIAL_FIELDS, uses, strict=False)},
        "discard_rest": is_rest,
        "wasted_units": plain(last.units_wasted) if last and last.units_wasted and not is_rest else "",
        "waste_reason": last.waste_reason if last else "",
        "based_on": version.number,
        "performed_on": version.performed_on,
        "practitioner": str(version.practitioner.public_id),
        "separate_points": any(one.point for one in injections),
        "guidance": version.guidance,
        "lid_technique": version.lid_technique,
        "notes": version.notes,
        "own_next_on": running.own_on if running else None,
    }
