"""Indications, products and their label rules, muscles and points, lots and vials."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from clinic.toxins.body import View


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


class RuleScope(models.TextChoices):
    """What a rule of a label limits."""

    SESSION = "SESSION", _("a treatment")
    POINT = "POINT", _("a point")
    EYE = "EYE", _("an eye")
    MUSCLE = "MUSCLE", _("a muscle")
    SIDE = "SIDE", _("a side")
    ROLLING = "ROLLING", _("a rolling span over all uses")
    INTERVAL = "INTERVAL", _("the time between two treatments")


class IntervalUnit(models.TextChoices):
    """The unit in which a label gives a span of time. Never converted."""

    DAY = "DAY", _("days")
    WEEK = "WEEK", _("weeks")
    MONTH = "MONTH", _("calendar months")


class LabelRule(FromCatalogue):
    """One ceiling or one interval floor of a product's label for an indication in a jurisdiction.

    An interval is kept in the unit the label uses and is never converted: twelve weeks, three months and ninety
    days are three different floors. No indication means every use of the product.
    """

    code = models.CharField(max_length=60, unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="label_rules")
    indication = models.ForeignKey(Indication, on_delete=models.PROTECT, null=True, blank=True, related_name="label_rules")
    jurisdiction = models.CharField(max_length=8)
    scope = models.CharField(max_length=8, choices=RuleScope.choices)
    units = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    units_per_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    age_from = models.PositiveSmallIntegerField(_("from age, years"), null=True, blank=True)
    age_until = models.PositiveSmallIntegerField(_("until age, years"), null=True, blank=True)
    interval_value = models.PositiveSmallIntegerField(null=True, blank=True)
    interval_unit = models.CharField(max_length=8, choices=IntervalUnit.choices, blank=True)
    only_first = models.BooleanField(
        _("only the first treatment"), default=False, help_text=_("with the product, for the indication")
    )
    muscle = models.CharField(
        _("muscle"), max_length=60, blank=True, help_text=_("Both its sides together; empty: any muscle, each side by itself.")
    )
    wording = models.CharField(_("in words"), max_length=250)
    valid_from = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200)
    from_general_knowledge = models.BooleanField(
        default=False, help_text=_("No source page was read for this rule: check the label before relying on it.")
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="INTERVAL", units__isnull=True, units_per_kg__isnull=True)
                | (~Q(scope="INTERVAL") & (Q(units__isnull=False) | Q(units_per_kg__isnull=False))),
                name="label_rule_ceiling_or_interval",
            ),
            models.CheckConstraint(
                condition=Q(interval_value__isnull=True, interval_unit="") | (Q(interval_value__gt=0) & ~Q(interval_unit="")),
                name="label_rule_interval_has_unit",
            ),
            models.CheckConstraint(
                condition=~Q(scope__in=["INTERVAL", "ROLLING"]) | Q(interval_value__isnull=False),
                name="label_rule_span_given_where_needed",
            ),
        ]

    def __str__(self) -> str:
        return self.wording


class RuleVerification(models.Model):
    """A clinician of a clinic has compared a rule with the current label of their country."""

    rule = models.ForeignKey(LabelRule, on_delete=models.PROTECT, related_name="verifications")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="rule_verifications")
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "clinic"], name="rule_verification_one_per_clinic"),
        ]

    def __str__(self) -> str:
        return f"{self.rule.code} verified at {self.clinic}"


class Laterality(models.TextChoices):
    """Whether a point exists on both sides or only once."""

    SIDED = "SIDED", _("right or left")
    MIDLINE = "MIDLINE", _("midline")
    ANY = "ANY", _("anywhere")


#: Code of the site that stands for every point that is not in the catalogue: the injection names it and says where it was.
FREE_POINT = "FREE"


class Site(FromCatalogue):
    """A muscle and a point in it. x and y are percent of the picture; a sided point is given on the patient's right."""

    code = models.CharField(max_length=16, unique=True)
    muscle = models.CharField(_("muscle"), max_length=60)
    point = models.CharField(_("point"), max_length=60, blank=True)
    laterality = models.CharField(max_length=8, choices=Laterality.choices, default=Laterality.SIDED)
    view = models.CharField(
        _("picture"), max_length=16, choices=[(view.value, view.value) for view in View], default=View.FACE_FRONT.value
    )
    x = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
    )
    y = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
    )
    around_eye = models.BooleanField(_("around the eye"), default=False)
    may_be_contralateral = models.BooleanField(
        _("also given on the healthy side"), default=False, help_text=_("for symmetry of the lower face")
    )
    is_avoided = models.BooleanField(_("best avoided"), default=False)
    is_selectable = models.BooleanField(_("can be chosen"), default=True)
    risk = models.CharField(_("risk if it spreads"), max_length=120, blank=True)
    warning = models.CharField(_("warning"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    indications = models.ManyToManyField(Indication, related_name="sites")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(x__gte=0, x__lte=100, y__gte=0, y__lte=100), name="site_on_the_picture"),
        ]

    def __str__(self) -> str:
        return f"{self.muscle}, {self.point}" if self.point else self.muscle

    @property
    def is_free(self) -> bool:
        """Whether this stands for any point that is not in the catalogue."""
        return self.code == FREE_POINT


class SiteDose(FromCatalogue):
    """Published starting and usual highest dose of a point for a family of products, in that family's units.

    One for an indication comes before that for any other (no indication): 5 U in a scheme for migraine say nothing of a spasm.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="doses")
    family = models.CharField(max_length=8, choices=ProductFamily.choices)
    indication = models.ForeignKey(Indication, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    start_from = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    start_until = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    usual_maximum = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    source = models.CharField(max_length=200)
    from_general_knowledge = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "family", "indication"], name="site_dose_one_per_indication"),
            models.UniqueConstraint(
                fields=["site", "family"], condition=Q(indication__isnull=True), name="site_dose_one_per_family"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} {self.family}"


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
