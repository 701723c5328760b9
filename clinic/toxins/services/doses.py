"""What is published of the doses at a point."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from django.db.models import F, Q, QuerySet

from clinic.prepared import PreparedList
from clinic.toxins.models import Indication, Product, SiteDose

#: Stand in the prepared query where the family and the indication go.
_FAMILY, _INDICATION = "no family", -1


class UsualDose(NamedTuple):
    """The usual highest dose of a point, in units of the product's family; None where only the beginning dose is published."""

    maximum: Decimal | None
    source: str
    from_general_knowledge: bool


def doses_at(*, product: Product, indication: Indication) -> dict[int, SiteDose]:
    """The doses for the product's family, by the primary key of the point, each with its point. One query.

    What is published for the indication stands in the place of what is published for any: 5 U in the scheme for migraine is no
    dose for a spasm.
    """
    doses = _published(product.family, indication.pk).select_related("site")
    return {dose.site_id: dose for dose in doses}


def usual_doses(*, product: Product, indication: Indication) -> dict[int, UsualDose]:
    """Of the doses that `doses_at` gives, the usual highest ones: what signing asks of every point. One query."""
    rows = _usual_query().rows({"family": product.family, "indication": indication.pk})
    return {site_id: UsualDose(*dose) for site_id, *dose in rows}


def _published(family: str, indication_id: int) -> QuerySet[SiteDose]:
    """What is published for the indication comes last, so that it replaces what is published for any."""
    doses = SiteDose.objects.filter(Q(indication=None) | Q(indication=indication_id), family=family)
    return doses.order_by(F("indication").asc(nulls_first=True), "pk")


@cache
def _usual_query() -> PreparedList:
    doses = _published(_FAMILY, _INDICATION).values_list("site", "usual_maximum", "source", "from_general_knowledge")
    return PreparedList(doses, {"family": _FAMILY, "indication": _INDICATION})
