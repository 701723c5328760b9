"""The leaflet that a patient signed when they agreed to treatment."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.patients.validators import validate_line


class SignedLeaflet(models.Model):
    """What a consent to treatment stands on: which leaflet, signed when, and who explained it. Append-only.

    A consent without such a row was told, or ticked at registration: then nobody wrote down what the patient had read.
    """

    consent = models.OneToOneField("clinic.Consent", on_delete=models.PROTECT, related_name="leaflet")
    version = models.CharField(_("version of the leaflet"), max_length=20, validators=[validate_line])
    signed_on = models.DateField(_("signed on"))
    taken_by = models.CharField(_("taken by"), max_length=120, validators=[validate_line])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(version="") & ~Q(taken_by=""), name="signed_leaflet_says_which_and_by_whom"),
        ]

    def __str__(self) -> str:
        return f"leaflet {self.version} signed on {self.signed_on}"
