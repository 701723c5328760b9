"""Indications, and products as licensed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FromCatalogue(models.Model):
    """A row that the catalogue files fill, until somebody at a clinic changes it."""

    catalogue_mark = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="Fingerprint of what the catalogue last said. A row that no longer matches it was edited and is left alone.",
    )

    class Meta:
        abstract = True


class Indication(FromCatalogue):
    """A reason to inject, such as hemifacial spasm."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=80)
    one_sided = models.BooleanField(
        _("usually one-sided"), default=False, help_text=_("The condition is on the patient's right or left.")
    )

    def __str__(self) -> str:
        return self.name


class ProductFamily(models.TextChoices):
    """Products whose published per-point doses are given in the same table. Never a conversion between products."""

    ONA_INCO = "ONA_INCO", _("onabotulinumtoxinA and incobotulinumtoxinA")
    ABO = "ABO", _("abobotulinumtoxinA")
    RIMA = "RIMA", _("rimabotulinumtoxinB")
    OTHER = "OTHER", _("other")


class Product(FromCatalogue):
    """A toxin as licensed. Its units belong to it alone and are never converted or added to another's."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=16, unique=True)
    generic_name = models.CharField(_("generic name"), max_length=60)
    brand_name = models.CharField(_("brand name"), max_length=60)
    serotype = models.CharField(_("serotype"), max_length=1)
    family = models.CharField(max_length=8, choices=ProductFamily.choices)
    unit_code = models.CharField(_("unit code"), max_length=16, help_text=_("UCUM arbitrary unit of this product"))
    hours_after_reconstitution = models.PositiveSmallIntegerField(_("usable after reconstitution, hours"))
    contents = models.CharField(_("contains"), max_length=120)
    storage = models.CharField(_("unopened storage"), max_length=120, blank=True)
    hours_from_general_knowledge = models.BooleanField(
        default=False, help_text=_("No page was read for the hours after reconstitution: check the label.")
    )
    storage_from_general_knowledge = models.BooleanField(
        default=False, help_text=_("No page was read for the storage: check the label.")
    )
    is_active = models.BooleanField(_("in use"), default=True)

    def __str__(self) -> str:
        return self.brand_name


class Presentation(models.Model):
    """A vial size of a product, in the product's units."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="presentations")
    vial_units = models.DecimalField(_("units in the vial"), max_digits=8, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "vial_units"], name="presentation_one_per_size"),
            models.CheckConstraint(condition=Q(vial_units__gt=0), name="presentation_units_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.vial_units:f} U"
