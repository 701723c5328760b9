"""What a product's label limits, and who has compared it with the label."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.toxins.models.catalogue import FromCatalogue, Indication, Product


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

    Without a clinic it came with the catalogue and is for all; with one it is that clinic's own. An own rule is never changed:
    another version `replaces` it from its own first day on, or it ends. So what counted on a day that has passed stays the same.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
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
    valid_from = models.DateField(_("counts from"), null=True, blank=True)
    valid_until = models.DateField(_("last day on which it counts"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    from_general_knowledge = models.BooleanField(
        default=False, help_text=_("No source page was read for this rule: check the label before relying on it.")
    )
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, null=True, blank=True, related_name="own_rules")
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    written_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    written_at = models.DateTimeField(null=True, blank=True)

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
            models.CheckConstraint(
                condition=Q(clinic__isnull=True, replaces__isnull=True, written_by__isnull=True, written_at__isnull=True)
                | Q(clinic__isnull=False, valid_from__isnull=False, written_by__isnull=False, written_at__isnull=False),
                name="label_rule_own_says_from_when_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_from__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="label_rule_counts_for_a_day_at_least",
            ),
            models.UniqueConstraint(fields=["replaces", "clinic"], name="label_rule_one_next_version_per_clinic"),
        ]

    def __str__(self) -> str:
        return self.wording


class RuleVerification(models.Model):
    """A clinician of a clinic has compared a rule with the current label of their country."""

    rule = models.ForeignKey(LabelRule, on_delete=models.PROTECT, related_name="verifications")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="rule_verifications")
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(_("compared with"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "clinic"], name="rule_verification_one_per_clinic"),
        ]

    def __str__(self) -> str:
        return f"{self.rule.code} verified at {self.clinic}"
