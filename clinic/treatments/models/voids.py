"""That a signed treatment counts for nothing, and what became of its units."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.treatments.models.sessions import InjectionSession


class UnitsFate(models.TextChoices):
    """What became of the units of a treatment that is void."""

    GIVEN_TO_ANOTHER = "GIVEN_TO_ANOTHER", _("given to another patient, whose treatment is still to be recorded")
    STILL_IN_VIAL = "STILL_IN_VIAL", _("never taken out of the vial")
    THROWN_AWAY = "THROWN_AWAY", _("drawn up and thrown away")


class SessionVoid(models.Model):
    """That a signed treatment counts for nothing, and why. Append-only: a void treatment stays void and readable."""

    session = models.OneToOneField(InjectionSession, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(_("reason"), max_length=250)
    units = models.CharField(_("what became of the units"), max_length=16, choices=UnitsFate.choices)
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="session_void_with_a_reason")]

    def __str__(self) -> str:
        return f"void since {self.at:%Y-%m-%d %H:%M}"


class VoidedUse(models.Model):
    """What went back into one vial when a treatment became void, and what of it was thrown away. Append-only."""

    void = models.ForeignKey(SessionVoid, on_delete=models.PROTECT, related_name="vial_uses")
    vial = models.ForeignKey("clinic.Vial", on_delete=models.PROTECT, related_name="voided_uses")
    units_returned = models.DecimalField(max_digits=8, decimal_places=2)
    units_wasted = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(0))
    waste_reason = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["void", "vial"], name="voided_use_one_per_void_and_vial"),
            models.CheckConstraint(condition=Q(units_returned__gte=0, units_wasted__gte=0), name="voided_use_not_negative"),
            models.CheckConstraint(condition=Q(units_wasted=0) | ~Q(waste_reason=""), name="voided_use_waste_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.units_returned:f} U returned"
