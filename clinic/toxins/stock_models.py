"""What the stock has learned and decided: the codes of boxes, what became of a lot, what was thrown away."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.toxins.models import Lot, LotState, Presentation, Vial


class ProductCode(models.Model):
    """The GTIN of a box and the vial size in it, as staff chose it when such a box was first received."""

    gtin = models.CharField(_("GTIN"), max_length=14, unique=True)
    presentation = models.ForeignKey(Presentation, on_delete=models.PROTECT, related_name="codes")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(gtin=""), name="product_code_not_empty"),
        ]

    def __str__(self) -> str:
        return self.gtin


class LotDecision(models.Model):
    """That a lot was set aside, recalled or released, by whom and why. Append-only; the newest is how the lot stands."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="decisions")
    state = models.CharField(max_length=12, choices=LotState.choices)
    reason = models.CharField(_("reason"), max_length=200)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="lot_decision_has_a_reason"),
        ]
        indexes = [models.Index(fields=["lot", "-at", "-id"], name="lot_decision_newest_first")]

    def __str__(self) -> str:
        return f"{self.lot} {self.state}"


class VialDiscard(models.Model):
    """Units of a vial that were thrown away outside any treatment, in its product's units. Append-only.

    What was thrown away in a treatment stands in its version (`treatments.VialUse`); both together are the vial's wasted units.
    """

    vial = models.ForeignKey(Vial, on_delete=models.PROTECT, related_name="discards")
    units = models.DecimalField(max_digits=8, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=120)
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="vial_discard_units_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="vial_discard_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.units:f} U discarded"
