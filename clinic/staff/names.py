"""The names that the rows and filters of a list need, read at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import BooleanField, CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast

from clinic.practice.models import Clinic, Practitioner
from clinic.staff.kept import Kept
from clinic.toxins.models import Indication, Product


class Kind(StrEnum):
    """What is called by a name."""

    PRACTITIONER = "PRACTITIONER"
    INDICATION = "INDICATION"
    PRODUCT = "PRODUCT"


@dataclass(frozen=True, slots=True)
class Named:
    """Something of the catalogue or the staff that rows and filters call by name."""

    pk: int
    #: What stands for it in an address.
    key: str
    name: str
    #: Worth choosing: in use, or treating patients at one of the clinics.
    is_offered: bool


class Names:
    """All names that a list of follow-ups needs, read in one query; the rows themselves then need no joins for them."""

    def __init__(self, clinics: Sequence[Clinic]) -> None:
        here = Practitioner.clinics.through.objects.filter(practitioner=OuterRef("pk"), clinic__in=[c.pk for c in clinics])
        practitioners = Practitioner.objects.annotate(
            kind=Value(Kind.PRACTITIONER, CharField()), key=Cast("public_id", CharField()), offered=Exists(here)
        ).values_list("kind", "pk", "key", "name", "offered")
        indications = Indication.objects.annotate(
            kind=Value(Kind.INDICATION, CharField()), key=F("code"), offered=Value(True, BooleanField())
        ).values_list("kind", "pk", "key", "name", "offered")
        products = Product.objects.annotate(
            kind=Value(Kind.PRODUCT, CharField()), key=F("code"), offered=F("is_active")
        ).values_list("kind", "pk", "key", "brand_name", "offered")
        self._by_kind: dict[Kind, dict[int, Named]] = {kind: {} for kind in Kind}
        # Each row: kind, primary key, key, name, offered. SQLite gives 0 and 1 for the last, and a public id without hyphens.
        for kind, pk, key, name, offered in practitioners.union(indications, products, all=True):
            bare = key.replace("-", "") if kind == Kind.PRACTITIONER else key
            self._by_kind[Kind(kind)][pk] = Named(pk, bare, name, bool(offered))

    def of(self, kind: Kind, pk: int | None) -> str:
        """The name of the thing with this primary key; "" for None and for what was added a moment ago."""
        named = self._by_kind[kind].get(pk) if pk is not None else None
        return named.name if named else ""

    def choices(self, kind: Kind) -> list[tuple[str, str]]:
        """Key and name of each that is offered, by name."""
        return sorted(((one.key, one.name) for one in self._by_kind[kind].values() if one.is_offered), key=lambda pair: pair[1])

    def pk_of(self, kind: Kind, key: str) -> int:
        """The primary key of a thing that was offered under `key`. KeyError for any other."""
        return {one.key: one.pk for one in self._by_kind[kind].values()}[key]


_KEPT: Kept[Hashable, Names] = Kept()


def names_at(clinics: Sequence[Clinic], *, newest_change: Hashable) -> Names:
    """The names as of that change: read again only when something has changed since."""
    return _KEPT.get((newest_change, *(clinic.public_id for clinic in clinics)), lambda: Names(clinics))
