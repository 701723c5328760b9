"""Muscles and the points in them, with their published doses."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.toxins.body import View
from clinic.toxins.models.catalogue import FromCatalogue, Indication, ProductFamily


class Laterality(models.TextChoices):
    """Whether a point exists on both sides or only once."""

    SIDED = "SIDED", _("right or left")
    MIDLINE = "MIDLINE", _("midline")
    ANY = "ANY", _("anywhere")


#: Code of the site that stands for every point that is not in the catalogue: the injection names it and says where it was.
FREE_POINT = "FREE"
#: What the code of a clinic's own point begins with, and no code of the catalogue.
OWN_POINT = "OWN_"


class Site(FromCatalogue):
    """A muscle and a point in it. x and y are percent of the picture; a sided point is given on the patient's right.

    Without a clinic it came with the catalogue and is for all; with one it is that clinic's own, and no catalogue touches it.
    """

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
    source = models.CharField(_("source"), max_length=200, blank=True)
    from_general_knowledge = models.BooleanField(
        _("from general knowledge"), default=False, help_text=_("No page was read for what is said of this point.")
    )
    clinic = models.ForeignKey(
        "clinic.Clinic", verbose_name=_("clinic"), on_delete=models.PROTECT, null=True, blank=True, related_name="own_points"
    )
    order = models.PositiveSmallIntegerField(default=0)
    indications = models.ManyToManyField(Indication, related_name="sites")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(x__gte=0, x__lte=100, y__gte=0, y__lte=100), name="site_on_the_picture"),
            models.CheckConstraint(
                condition=Q(clinic__isnull=True) & ~Q(code__startswith="OWN_") | Q(clinic__isnull=False, code__startswith="OWN_"),
                name="site_own_is_told_by_its_code",
            ),
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
