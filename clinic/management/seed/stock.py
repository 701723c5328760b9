"""The clinics' refrigerators: lots come in as they are needed, and one vial is made up for each treatment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from clinic.management.seed.practice import Place
from clinic.toxins.models import LotState, Presentation, Vial
from clinic.toxins.services import decide_lot, receive_vials, reconstitute

#: Millilitres of diluent that are usual for a vial of so many units.
_DILUENT = {"50": Decimal(2), "100": Decimal(4), "200": Decimal(4), "300": Decimal("1.5")}
_DELIVERY = 8


@dataclass
class Stock:
    """What is unopened at one clinic, by product."""

    place: Place
    rng: Random
    _vials: dict[str, list[Vial]] = field(default_factory=lambda: defaultdict(list))
    _sizes: dict[str, Presentation] = field(default_factory=dict)

    def make_up(self, product: str, total: Decimal, at: datetime) -> Vial:
        """Return a vial of `product` made up just before `at`, with enough in it for `total` units."""
        size = self._size(product, total)
        key = f"{product} {size.vial_units}"
        # Vials that have expired meanwhile stay in the refrigerator, as they do.
        self._vials[key] = [vial for vial in self._vials[key] if vial.lot.expires_on > self.place.today(at)]
        if not self._vials[key]:
            self._vials[key] = self.receive(size, at - timedelta(days=1), good_for=self.rng.randint(430, 800), count=_DELIVERY)
        vial = self._vials[key].pop()
        return self._made_up(vial, at - timedelta(minutes=15), at)

    def receive(self, size: Presentation, at: datetime, *, good_for: int, count: int) -> list[Vial]:
        """Take in a delivery of a new lot that is good for so many days."""
        received_on = self.place.today(at)
        letters = "".join(self.rng.choices("BCDFGHKLMPRT", k=2))
        return receive_vials(
            by=self.place.doctor,
            clinic=self.place.clinic,
            product=size.product,
            presentation=size,
            lot_number=f"{letters[0]}{self.rng.randint(1000, 9999)}{letters[1]}{self.rng.randint(1, 9)}",
            expires_on=received_on + timedelta(days=good_for),
            count=count,
            received_on=received_on,
            now=at,
        )

    def fill_up(self, now: datetime) -> None:
        """What a refrigerator holds today: vials in use since this morning, a lot about to expire, one expired, one set aside."""
        a_while_ago = now - timedelta(days=200)
        for product in self.place.products:
            size = self._size(product, Decimal(40))
            self.receive(size, now - timedelta(days=9), good_for=560, count=6)
            opened = self.receive(size, now - timedelta(days=30), good_for=500, count=2)
            self._made_up(opened[0], now - timedelta(minutes=40), now)
        main = self._size("ONABOT", Decimal(40))
        self.receive(main, a_while_ago, good_for=219, count=3)
        self.receive(main, a_while_ago, good_for=188, count=2)
        set_aside = self.receive(main, now - timedelta(days=60), good_for=600, count=2)
        decide_lot(
            by=self.place.doctor,
            lot=set_aside[0].lot,
            clinic=self.place.clinic,
            state=LotState.QUARANTINED,
            reason="the refrigerator's alarm rang in the night: asking the maker",
            now=now - timedelta(days=3),
        )

    def _size(self, product: str, total: Decimal) -> Presentation:
        """The smallest usual vial that holds `total` with something to spare."""
        wanted = {"ABOBOT": Decimal(300)}.get(
            product, Decimal(50) if total <= 22 else Decimal(100) if total <= 100 else Decimal(200)
        )
        key = f"{product} {wanted}"
        if key not in self._sizes:
            self._sizes[key] = Presentation.objects.select_related("product").get(product__code=product, vial_units=wanted)
        return self._sizes[key]

    def _made_up(self, vial: Vial, at: datetime, now: datetime) -> Vial:
        diluent = _DILUENT[f"{vial.labelled_units:.0f}"]
        return reconstitute(by=self.place.doctor, vial=vial, diluent_ml=diluent, at=at, now=now)
