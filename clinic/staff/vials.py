"""A vial as staff read it: in the stock list, and where the vial of a treatment is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.toxins.models import Vial
from clinic.toxins.rules import usable_until
from clinic.treatments.allocation import shares


def plain(number: Decimal) -> str:
    """A number without needless zeros: 2.50 is 2.5, 100.00 is 100."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size_text(vial: Vial) -> str:
    """Product and size: Botox 100 U. Needs the lot and its product."""
    return _("%(product)s %(units)s U") % {"product": vial.lot.product, "units": plain(vial.labelled_units)}


def units_per_tenth(vial: Vial) -> Decimal | None:
    """Units in 0.1 mL, to the hundredth; None while it is not known how the vial was made up."""
    if vial.diluent_ml is None:
        return None
    return (vial.labelled_units / vial.diluent_ml / 10).quantize(Decimal("0.01"))


def use_by(vial: Vial) -> datetime | None:
    """The last moment an opened vial may be used; None while it is unopened. Needs the lot and its product."""
    if vial.reconstituted_at is None:
        return None
    return usable_until(vial.reconstituted_at, vial.lot.product.hours_after_reconstitution)


def hours_left(until: datetime, now: datetime) -> str:
    """How long an opened vial may still be used: "5 h 40 min left", or that its hours are over."""
    minutes = int((until - now).total_seconds() // 60)
    if minutes < 0:
        return _("past its hours")
    if minutes >= 60:
        return _("%(hours)d h %(minutes)d min left") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(minutes)d min left") % {"minutes": minutes}


def vial_text(vial: Vial, zone: tzinfo, *, is_shared: bool = False) -> str:
    """The vial in one line: size, lot, expiry, what is left, and once opened its concentration and clock."""
    words = [
        size_text(vial),
        _("lot %(lot)s") % {"lot": vial.lot.number},
        _("exp. %(day)s") % {"day": date_format(vial.lot.expires_on, "j M Y")},
        _("%(units)s U left") % {"units": plain(vial.units_left)},
    ]
    if (concentration := units_per_tenth(vial)) is not None:
        words.append(_("%(units)s U per 0.1 mL") % {"units": plain(concentration)})
    if (until := use_by(vial)) is not None:
        words.append(_("use by %(time)s") % {"time": date_format(until.astimezone(zone), "j M H:i")})
    if is_shared:
        words.append(_("used for another patient before"))
    return ", ".join(words)


def shares_in_words(vials: Sequence[Vial], total: Decimal) -> str:
    """How many units come from which vial, where there are several: "60 U from lot C7719, then 12 U from lot C7720".

    Where they were made up unlike, the strength of each is told, and of which points the volume is.
    """
    if len(vials) < 2:
        return ""
    are_unlike = len({units_per_tenth(one) for one in vials}) > 1
    parts = []
    for vial, share in zip(vials, shares(total, [one.units_left for one in vials]), strict=True):
        part = _("%(units)s U from lot %(lot)s") % {"units": plain(share), "lot": vial.lot.number}
        parts.append(f"{part} ({_strength(vial)})" if are_unlike else part)
    told = _(", then ").join(parts)
    return f"{told}. {UNLIKE}" if are_unlike else told


#: The page's script says the same; see templates/staff/treatment-vials.html.
UNLIKE = gettext_lazy(
    "The vials are not made up alike: a point's volume is told where it comes from one of them alone, and that is known."
)


def _strength(vial: Vial) -> str:
    strength = units_per_tenth(vial)
    if strength is None:
        return _("how it was made up is not noted")
    return _("%(units)s U per 0.1 mL") % {"units": plain(strength)}


def vial_data(vial: Vial, *, is_shared: bool = False) -> dict[str, str]:
    """What the page's script reads of a vial: plain decimals with a point."""
    return {
        "product": str(vial.lot.product),
        "units-per-ml": ""
        if vial.diluent_ml is None
        else plain((vial.labelled_units / vial.diluent_ml).quantize(Decimal("0.0001"))),
        "units-left": plain(vial.units_left),
        "lot": vial.lot.number,
        "shared": "yes" if is_shared else "",
    }
