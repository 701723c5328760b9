"""Lots and vials: the codes of boxes, what became of a lot, what was given and what was thrown away."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from clinic.toxins.models.catalogue import Presentation, Product


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


class LotState(models.TextChoices):
    """What may be done with a batch."""

    QUARANTINED = "QUARANTINED", _("quarantined")
    IN_USE = "IN_USE", _("in use")
    RECALLED = "RECALLED", _("recalled")
    SPENT = "SPENT", _("used up")


class Lot(models.Model):
    """A batch of a product. The number stays as printed; the key is what it is found by."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    number = models.CharField(_("lot number as printed"), max_length=40)
    number_key = models.CharField(max_length=40, editable=False)
    expires_on = models.DateField(_("expiry"))
    state = models.CharField(max_length=12, choices=LotState.choices, default=LotState.IN_USE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "number_key"], name="lot_one_per_product_and_number"),
            models.CheckConstraint(condition=~Q(number_key=""), name="lot_has_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.number}"


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


class VialState(models.TextChoices):
    """Whether a vial has been opened, and whether it has been accounted for."""

    UNOPENED = "UNOPENED", _("unopened")
    OPEN = "OPEN", _("open")
    CLOSED = "CLOSED", _("closed")


class Vial(models.Model):
    """One vial at a clinic, with what has been given from it and what was thrown away, in its product's units."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="vials")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="vials")
    presentation = models.ForeignKey(Presentation, on_delete=models.PROTECT, related_name="vials")
    labelled_units = models.DecimalField(max_digits=8, decimal_places=2)
    received_on = models.DateField(_("received"))
    serial = models.CharField(_("serial number"), max_length=20, blank=True)
    reconstituted_at = models.DateTimeField(_("reconstituted"), null=True, blank=True)
    reconstituted_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    diluent_ml = models.DecimalField(_("diluent, mL"), max_digits=5, decimal_places=2, null=True, blank=True)
    state = models.CharField(max_length=8, choices=VialState.choices, default=VialState.UNOPENED)
    units_given = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))
    units_wasted = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(units_given__gte=0, units_wasted__gte=0, labelled_units__gt=0),
                name="vial_units_not_negative",
            ),
            # Rounded, because SQLite adds decimals as floating-point numbers: 0.01 and 99.98 would not be 99.99.
            models.CheckConstraint(
                condition=Q(labelled_units__gte=Round(F("units_given") + F("units_wasted"), 2)), name="vial_not_over_drawn"
            ),
            models.CheckConstraint(
                condition=~Q(state="CLOSED") | Q(labelled_units=Round(F("units_given") + F("units_wasted"), 2)),
                name="vial_accounted_for_once_closed",
            ),
            models.UniqueConstraint(fields=["lot", "serial"], condition=~Q(serial=""), name="vial_one_per_lot_and_serial"),
        ]
        indexes = [models.Index(fields=["clinic", "state"], name="vial_by_clinic_and_state")]

    def __str__(self) -> str:
        return f"{self.presentation}, lot {self.lot.number}"

    @property
    def units_left(self) -> Decimal:
        return self.labelled_units - self.units_given - self.units_wasted


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
