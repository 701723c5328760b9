"""Public holidays of a clinic's country: proposed, and taken over as closures by a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import holidays
from django.db import transaction
from django.utils.translation import gettext as _
from holidays.registry import COUNTRIES

from clinic import audit
from clinic.patients.services import Problem
from clinic.practice.models import Clinic
from clinic.scheduling.models import Closure
from clinic.scheduling.services.upkeep import HoursRefused, close

#: The language in which staff pages name the days, where the library has it.
_LANGUAGES = ("en_US", "en_GB")


@dataclass(frozen=True)
class Proposal:
    """A public holiday of one year."""

    on: date
    name: str
    #: The clinic is closed on it already.
    is_closed: bool


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """The countries whose holidays are known: English name by code (ISO 3166-1, two letters), in the order of the names."""
    named = {codes[1]: name.replace("_", " ").title() for name, codes in COUNTRIES.items() if len(codes[1]) == 2}
    return dict(sorted(named.items(), key=lambda item: item[1]))


@lru_cache(maxsize=1)
def _regions() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


def regions_of(country: str) -> list[str]:
    """The codes of the regions of `country` that have holidays of their own; empty if it has none or is not known."""
    return _regions().get(country, [])


@lru_cache(maxsize=32)
def public_holidays(country: str, region: str, year: int) -> tuple[tuple[date, str], ...]:
    """The public holidays of `country` (and `region`, if given) in `year`, in order; none for a country that is not known."""
    if country not in countries() or (region and region not in regions_of(country)):
        return ()
    known = getattr(holidays.country_holidays(country), "supported_languages", ())
    language = next((one for one in _LANGUAGES if one in known), None)
    found = holidays.country_holidays(country, subdiv=region or None, years=year, language=language)
    return tuple(sorted((day, str(name)) for day, name in found.items()))


def proposals(*, clinic: Clinic, year: int) -> list[Proposal]:
    """Return the public holidays of the clinic's country and region in `year`. One query."""
    closed = list(
        Closure.objects.filter(
            clinic=clinic, practitioner__isnull=True, from_on__lte=date(year, 12, 31), until_on__gte=date(year, 1, 1)
        ).values_list("from_on", "until_on")
    )
    return [
        Proposal(day, name, any(first <= day <= last for first, last in closed))
        for day, name in public_holidays(clinic.country, clinic.region, year)
    ]


def set_holiday_region(*, by: audit.Actor, clinic: Clinic, country: str, region: str, now: datetime) -> Clinic:
    """Say whose public holidays are proposed to the clinic. Closures taken over before stay.

    Raises HoursRefused for a country that is not known, and a region that is not one of its.
    """
    if country and country not in countries():
        raise HoursRefused([Problem("country", _("Choose a country of the list."))])
    if region and region not in regions_of(country):
        known = ", ".join(regions_of(country)) or _("none")
        raise HoursRefused([Problem("region", _("Regions of this country with holidays of their own: %s.") % known)])
    with transaction.atomic():
        clinic = Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
        clinic.country, clinic.region = country, region
        clinic.save(update_fields=["country", "region"])
        audit.record(by=by, action=audit.Action.CHANGED, what=clinic, clinic_id=clinic.pk, fields=["country", "region"], now=now)
    return clinic


def take_over_holidays(*, by: audit.Actor, clinic: Clinic, days: Collection[date], now: datetime) -> list[Closure]:
    """Close the clinic on these public holidays and return the closures, marked as such. Those closed already are left out.

    Raises HoursRefused, having written nothing, for a day that is over or is no public holiday there.
    """
    today = now.astimezone(clinic.zone).date()
    taken = []
    with transaction.atomic():
        Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
        known = {one.on: one for year in sorted({day.year for day in days}) for one in proposals(clinic=clinic, year=year)}
        if any(day not in known or day < today for day in days):
            raise HoursRefused([Problem("days", _("Choose public holidays that are still to come."))])
        for day in sorted(days):
            if known[day].is_closed:
                continue
            taken.append(
                close(
                    by=by,
                    clinic=clinic,
                    practitioner=None,
                    from_on=day,
                    until_on=day,
                    reason=known[day].name[:120],
                    is_public_holiday=True,
                    now=now,
                )
            )
    return taken
