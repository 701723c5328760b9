"""Points of the catalogue where a treatment is recorded: which are offered, and what is usual there."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.patients.models import Condition
from clinic.staff.pictures.body_map import units_text
from clinic.staff.vials import plain
from clinic.toxins.models import Product, Site, SiteDose
from clinic.toxins.services import doses_at


def sites_for(condition: Condition) -> tuple[dict[str, Site], bool]:
    """The points of the condition's indication, the clinic's own with them, and True; all and False, where there are none for it.

    The free point comes last.
    """
    here = Q(clinic=None) | Q(clinic=condition.patient.clinic_id)
    sites = list(Site.objects.filter(here, is_selectable=True).prefetch_related("indications").order_by("order", "code"))
    for_it = [site for site in sites if condition.indication in site.indications.all()]
    free = [site for site in sites if site.is_free]
    chosen = [*(site for site in for_it or sites if not site.is_free), *free]
    return {site.code: site for site in chosen}, bool(for_it)


def doses_for(product: Product, condition: Condition) -> dict[str, SiteDose]:
    """What the catalogue says of each point with the product, by the point's code."""
    return {dose.site.code: dose for dose in doses_at(product=product, indication=condition.indication).values()}


def usual_ends(dose: SiteDose) -> str:
    """The ends of the usual range of a point with a space in between, for a script: "1.25 2.5"."""
    return " ".join(plain(one) for one in (dose.start_from, dose.start_until) if one is not None)


def usual_text(dose: SiteDose) -> str:
    """The usual range of a point: "usually 1.25–2.5 U"."""
    ends = [units_text(one) for one in (dose.start_from, dose.start_until) if one is not None]
    return _("usually %(range)s U") % {"range": "–".join(dict.fromkeys(ends))}
