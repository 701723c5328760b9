"""What is on hand: by product and vial size, never added over products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Count, F, Min, Q, Sum

from clinic.practice.models import Clinic
from clinic.toxins.models import Presentation, Vial, VialState
from clinic.toxins.services.stock import usable


@dataclass(frozen=True)
class OnHand:
    """One vial size: what may be used now, the soonest expiry among it, and the units that may not be used."""

    presentation: Presentation
    vials: int
    units: Decimal
    soonest_expiry: date | None
    units_not_usable: Decimal


def on_hand(*, clinics: Iterable[Clinic], now: datetime) -> list[OnHand]:
    """What these clinics have together, by product and vial size, each in its product's units.

    Usable is what `usable_vials` would offer now. Takes three queries, however much there is.
    """
    clinics = list(clinics)
    if not clinics:
        return []
    may_be_used = reduce(or_, [Q(clinic=one) for one in clinics]) & usable(
        days={one.pk: now.astimezone(one.zone).date() for one in clinics}, moment=now
    )
    left = F("labelled_units") - F("units_given") - F("units_wasted")
    rows = (
        Vial.objects.filter(clinic__in=[one.pk for one in clinics])
        .exclude(state=VialState.CLOSED)
        .values("presentation")
        .annotate(
            vials=Count("pk", filter=may_be_used),
            units=Sum(left, filter=may_be_used),
            soonest=Min("lot__expires_on", filter=may_be_used),
            all_units=Sum(left),
        )
        .order_by("presentation")
    )
    found = {row["presentation"]: row for row in rows}
    sizes = Presentation.objects.select_related("product").filter(pk__in=found).order_by("product__brand_name", "vial_units")
    told = []
    for size in sizes:
        row = found[size.pk]
        units = _exact(row["units"])
        told.append(OnHand(size, row["vials"], units, row["soonest"], _exact(row["all_units"]) - units))
    return told


def _exact(units: Decimal | None) -> Decimal:
    """A sum to the hundredth: SQLite adds decimals as floating-point numbers."""
    return Decimal(0) if units is None else Decimal(units).quantize(Decimal("0.01"))
