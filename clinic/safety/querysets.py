"""Questions about side effects that a database answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from clinic.patients.models import Patient
from clinic.toxins.lot_numbers import lot_key
from clinic.treatments.models import VialUse

if TYPE_CHECKING:
    from clinic.safety.models import SideEffect  # noqa: F401  named in the string below


class SideEffectQuerySet(QuerySet["SideEffect"]):
    """Side effects, with the questions that the log asks."""

    def with_facts(self) -> Self:
        """Each with its patient, treatment and current version, in the same query."""
        return self.select_related("patient", "session__product", "session__practitioner", "current_version__term", "reported_by")

    def from_lot(self, number: str) -> Self:
        """Those after a treatment that drew from a lot whose number begins so, however it is spaced."""
        key = lot_key(number)
        if not key:
            return self.none()
        uses = VialUse.objects.filter(version=OuterRef("session__current_version"), vial__lot__number_key__startswith=key)
        return self.filter(Exists(uses))

    def about(self, text: str) -> Self:
        """Those of a patient whom `text` may mean, or in whose own words it stands."""
        patients = Patient.objects.found_by(text).filter(pk=OuterRef("patient"))
        return self.filter(Exists(patients) | Q(current_version__narrative__icontains=text.strip()))

    def by_state(self) -> dict[str, int]:
        """How many there are in each state, in one query."""
        rows = self.order_by().values("state").annotate(number=Count("pk")).values_list("state", "number")
        return dict(rows)
