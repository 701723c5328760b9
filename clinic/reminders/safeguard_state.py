"""What the engine's guards know of this database: which deployment it belongs to, and up to when letters may have gone unseen."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Safeguard(models.TextChoices):
    """Which guard has paused all letters."""

    CLOCK = "CLOCK", _("the clock was set")
    INSTANCE = "INSTANCE", _("another installation's database")
    MARK = "MARK", _("older than what has been done")


class SafeguardState(models.Model):
    """One row beside the engine's own."""

    #: Codes of `Safeguard`, separated by spaces; empty where no guard or a person has paused.
    paused_by = models.CharField(max_length=60, blank=True)
    instance_id = models.UUIDField(null=True, blank=True, help_text=_("the deployment that sends from this database"))
    instance_found = models.UUIDField(null=True, blank=True, help_text=_("another deployment that wanted to"))
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text=_("when a person last said which is the right one"))
    gap_until = models.DateTimeField(
        null=True, blank=True, help_text=_("what fell due until then may have gone without this database knowing")
    )
    mark_failing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="safeguard_state_is_one_row")]

    def __str__(self) -> str:
        return "safeguards"

    @property
    def guards(self) -> frozenset[Safeguard]:
        """The guards that have paused all letters and wait for a person."""
        return frozenset(Safeguard(code) for code in self.paused_by.split())
