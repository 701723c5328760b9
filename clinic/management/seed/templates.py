"""Protocol templates of the demonstration: kept by each clinic from treatments that it has signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count

from clinic.management.seed.practice import Place
from clinic.treatments.models import InjectionSession, SessionState
from clinic.treatments.services import keep_template

#: Name, indication, and whether it is the practitioner's own or the clinic's.
_KEPT = (
    ("Round the eye", "HFS", False),
    ("Whole half of the face", "HFS", True),
    ("Both eyes", "BLEPH", False),
    ("Fixed scheme, 31 places", "CM", False),
)


def keep_some_templates(places: Sequence[Place], now: datetime) -> None:
    """A few weeks ago each clinic kept points that it gives often. The same records give the same templates."""
    for place in places:
        for name, indication, is_own in _KEPT:
            signed = InjectionSession.objects.filter(
                clinic=place.clinic, state=SessionState.SIGNED, condition__indication__code=indication, product__code="ONABOT"
            ).annotate(points=Count("current_version__injections"))
            # The one with most points for the whole half, the usual one for the rest.
            session = signed.order_by("-points" if is_own else "points", "performed_on", "pk").first()
            if session is not None:
                keep_template(
                    by=place.doctor,
                    session=session,
                    name=name,
                    practitioner=place.practitioners[0] if is_own else None,
                    now=now - timedelta(days=21),
                )
