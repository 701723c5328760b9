"""Protocol templates: points that are given again and again, kept under a name by a clinic or by one of its practitioners."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Side
from clinic.patients.validators import validate_line
from clinic.toxins.body import View
from clinic.treatments.models.sessions import PointSide


class ProtocolTemplate(models.Model):
    """Points of one product for one indication. Without a practitioner it is the whole clinic's.

    `side` is that of the condition it was taken from: for a patient of the other side it is mirrored. A retired template is
    offered no more and gives its name free; nothing points at a template, so no record changes with it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="protocol_templates")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=80, validators=[validate_line])
    indication = models.ForeignKey("clinic.Indication", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(_("side"), max_length=8, choices=Side.choices)
    product = models.ForeignKey("clinic.Product", on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "practitioner",
                "clinic",
                Lower("name"),
                condition=Q(retired_at__isnull=True),
                name="protocol_template_one_name_per_practitioner",
            ),
            # No practitioner is a value of its own here; to the constraint above two of them would be unlike.
            models.UniqueConstraint(
                "clinic",
                Lower("name"),
                condition=Q(retired_at__isnull=True, practitioner__isnull=True),
                name="protocol_template_one_name_per_clinic",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="protocol_template_has_a_name"),
        ]
        indexes = [
            models.Index(fields=["clinic", "indication"], condition=Q(retired_at__isnull=True), name="protocol_template_in_use"),
        ]

    def __str__(self) -> str:
        return self.name


class TemplatePoint(models.Model):
    """Units at one point of a template. Sides are the patient's; x and y are percent of the view's picture as it is seen.

    `point` is as in `Injection`: at a free point it is the point's name. A free point without a view was kept before the view
    was; where it lay is not known, so that it is read and never filled in.
    """

    template = models.ForeignKey(ProtocolTemplate, on_delete=models.PROTECT, related_name="points")
    order = models.PositiveSmallIntegerField()
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=PointSide.choices)
    point = models.CharField(max_length=40, blank=True)
    view = models.CharField(max_length=16, choices=[(view.value, view.value) for view in View], blank=True)
    x = models.DecimalField(max_digits=5, decimal_places=2)
    y = models.DecimalField(max_digits=5, decimal_places=2)
    units = models.DecimalField(max_digits=7, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="template_point_units_positive"),
            models.CheckConstraint(condition=Q(x__gte=0, x__lte=100, y__gte=0, y__lte=100), name="template_point_on_the_picture"),
            models.UniqueConstraint(fields=["template", "order"], name="template_point_order_unique"),
        ]

    def __str__(self) -> str:
        return f"point {self.order}"

    @property
    def is_free(self) -> bool:
        """Whether the point is not in the catalogue. Needs the site loaded, as `name` does."""
        return self.site.is_free

    @property
    def name(self) -> str:
        """The point in words: the catalogue's, or what the free point was called."""
        return self.point if self.is_free else str(self.site)
