"""What was injected: treatments, their versions, the points and the vials."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from clinic.toxins.body import View


class SessionState(models.TextChoices):
    """A draft may change; a signed treatment only gains versions; a void one counts for nothing."""

    DRAFT = "DRAFT", _("draft")
    SIGNED = "SIGNED", _("signed")
    VOID = "VOID", _("void")


class InjectionSession(models.Model):
    """One treatment: what everything points at. What was given is read from its current version."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="sessions")
    condition = models.ForeignKey("clinic.Condition", on_delete=models.PROTECT, related_name="sessions")
    product = models.ForeignKey("clinic.Product", on_delete=models.PROTECT, related_name="+")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="sessions")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="sessions")
    performed_on = models.DateField(_("date of treatment"))
    performed_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=SessionState.choices)
    current_version = models.OneToOneField(
        "clinic.SessionVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="DRAFT") | Q(current_version__isnull=False), name="injection_session_signed_has_version"
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-performed_on", "-id"], name="session_newest_first"),
            models.Index(fields=["clinic", "performed_on"], name="session_by_clinic_and_date"),
        ]

    def __str__(self) -> str:
        return f"treatment {self.public_id} on {self.performed_on}"


class Guidance(models.TextChoices):
    """How the needle was guided."""

    NONE = "NONE", _("none")
    EMG = "EMG", _("EMG")
    ULTRASOUND = "ULTRASOUND", _("ultrasound")
    STIMULATION = "STIMULATION", _("stimulation")


class LidTechnique(models.TextChoices):
    """Where in the lids the points were; preseptal ones carry the higher risk of ptosis."""

    PRETARSAL = "PRETARSAL", _("pretarsal")
    PRESEPTAL = "PRESEPTAL", _("preseptal")
    ORBITAL = "ORBITAL", _("orbital")


class SessionVersion(models.Model):
    """What a session's record said at one signing. Once signed the database refuses any change (see `guards`).

    Date, practitioner and product stand here too, as they were signed; the session carries those of its current version.
    """

    session = models.ForeignKey(InjectionSession, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    performed_on = models.DateField(_("date of treatment"))
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey("clinic.Product", on_delete=models.PROTECT, related_name="+")
    total_units = models.DecimalField(max_digits=8, decimal_places=2)
    amendment_reason = models.CharField(max_length=250, blank=True)
    guidance = models.CharField(_("guidance"), max_length=16, choices=Guidance.choices, blank=True)
    lid_technique = models.CharField(_("lid technique"), max_length=16, choices=LidTechnique.choices, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    signed_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="session_version_number_unique"),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True, signed_at__isnull=True) | Q(signed_by__isnull=False, signed_at__isnull=False),
                name="session_version_signed_by_and_at_together",
            ),
            models.CheckConstraint(condition=Q(number=1) | ~Q(amendment_reason=""), name="session_version_amended_with_a_reason"),
            models.CheckConstraint(condition=Q(total_units__gte=0), name="session_version_total_not_negative"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class PointSide(models.TextChoices):
    """The patient's side of a point."""

    RIGHT = "RIGHT", _("right")
    LEFT = "LEFT", _("left")
    MIDLINE = "MIDLINE", _("midline")


class Injection(models.Model):
    """Units of the session's product at one point. Sides are the patient's; x and y are percent of the view's picture.

    `point` tells apart two points of one site; at a free point (`toxins.models.FREE_POINT`) it is the point's name.
    """

    version = models.ForeignKey(SessionVersion, on_delete=models.PROTECT, related_name="injections")
    order = models.PositiveSmallIntegerField()
    site = models.ForeignKey("clinic.Site", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=PointSide.choices)
    point = models.CharField(max_length=40, blank=True)
    view = models.CharField(max_length=16, choices=[(view.value, view.value) for view in View], default=View.FACE_FRONT.value)
    x = models.DecimalField(max_digits=5, decimal_places=2)
    y = models.DecimalField(max_digits=5, decimal_places=2)
    units = models.DecimalField(max_digits=7, decimal_places=2)
    volume_ml = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    depth = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="injection_units_positive"),
            models.CheckConstraint(condition=Q(x__gte=0, x__lte=100, y__gte=0, y__lte=100), name="injection_on_the_picture"),
            models.UniqueConstraint(fields=["version", "order"], name="injection_order_unique"),
        ]

    def __str__(self) -> str:
        return f"point {self.order}"

    @property
    def is_free(self) -> bool:
        """Whether this is a point of this treatment alone. Needs the site loaded, as `name` does."""
        return self.site.is_free

    @property
    def name(self) -> str:
        """The point in words: the catalogue's, or what the free point was called."""
        return self.point if self.is_free else str(self.site)


class VialUse(models.Model):
    """What one version took from one vial."""

    version = models.ForeignKey(SessionVersion, on_delete=models.PROTECT, related_name="vial_uses")
    vial = models.ForeignKey("clinic.Vial", on_delete=models.PROTECT, related_name="uses")
    units_drawn = models.DecimalField(max_digits=8, decimal_places=2)
    units_given = models.DecimalField(max_digits=8, decimal_places=2)
    units_wasted = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))
    waste_reason = models.CharField(max_length=120, blank=True)
    shared_confirmed = models.BooleanField(
        default=False,
        help_text=_("Whoever signed confirmed that this vial had been drawn from for another patient before."),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "vial"], name="vial_use_one_per_version_and_vial"),
            models.CheckConstraint(
                # Rounded, because SQLite adds decimals as floating-point numbers: 0.01 and 99.98 would not be 99.99.
                condition=Q(units_drawn=Round(F("units_given") + F("units_wasted"), 2), units_given__gte=0, units_wasted__gte=0),
                name="vial_use_drawn_is_given_plus_wasted",
            ),
            models.CheckConstraint(condition=Q(units_wasted=0) | ~Q(waste_reason=""), name="vial_use_waste_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.units_given:f} U given"
