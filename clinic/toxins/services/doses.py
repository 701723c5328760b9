"""What is published of the doses at a point."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from clinic.toxins.models import Indication, Product, SiteDose


def doses_at(*, product: Product, indication: Indication, sites: Iterable[int] | None = None) -> dict[int, SiteDose]:
    """The doses for the product's family, by the primary key of the point; of `sites`, or of all. One query.

    What is published for the indication stands in the place of what is published for any: 5 U in the scheme for migraine is no
    dose for a spasm.
    """
    doses = SiteDose.objects.filter(Q(indication=None) | Q(indication=indication), family=product.family)
    if sites is not None:
        doses = doses.filter(site__in=set(sites))
    ordered = sorted(doses.select_related("site"), key=lambda dose: dose.indication_id is not None)
    return {dose.site_id: dose for dose in ordered}
