"""Which vial size a scanned box holds: learned from what staff choose."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from clinic import audit
from clinic.practice.models import Clinic
from clinic.toxins.gs1 import has_check_digit
from clinic.toxins.models import Presentation, ProductCode
from clinic.toxins.services.refusals import VialRefused


def known_presentation(*, gtin: str) -> Presentation | None:
    """The vial size of which a box with this GTIN was received before; None for one that is new."""
    known = ProductCode.objects.select_related("presentation__product").filter(gtin=gtin).first() if gtin else None
    return None if known is None else known.presentation


def learn_code(*, by: audit.Actor, clinic: Clinic, gtin: str, presentation: Presentation, now: datetime) -> None:
    """Keep that boxes with `gtin` hold `presentation`. To be called in the transaction of the delivery.

    Raises VialRefused for a number that is no GTIN, or one that was learned as another vial size: either is wrong, and which only
    the box can tell.
    """
    if not has_check_digit(gtin):
        raise VialRefused("code", _("The product number %(gtin)s has a wrong digit.") % {"gtin": gtin})
    known, is_new = ProductCode.objects.select_related("presentation__product").get_or_create(
        gtin=gtin, defaults={"presentation": presentation}
    )
    if known.presentation_id != presentation.pk:
        raise VialRefused(
            "presentation",
            _("Boxes with this code were received as %(known)s. Compare the box; a slip is corrected in the catalogue.")
            % {"known": f"{known.presentation.product} {known.presentation.vial_units.normalize():f} U"},
        )
    if is_new:
        audit.record(by=by, action=audit.Action.CREATED, what="ProductCode", clinic_id=clinic.pk, now=now)
