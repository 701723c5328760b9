"""What the checks of a treatment leave behind: today's answers, the reasons for going on, and what was given elsewhere."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.patients.validators import validate_line


class PreCheckAnswer(models.TextChoices):
    """An answer to a question of the pre-injection check. There is no third one: what is not known is asked."""

    YES = "YES", _("yes")
    NO = "NO", _("no")


class PreCheck(models.Model):
    """What was answered to one question before one treatment. It counts for that treatment alone (see `guards`)."""

    version = models.ForeignKey("clinic.SessionVersion", on_delete=models.PROTECT, related_name="pre_checks")
    item = models.CharField(max_length=20)
    answer = models.CharField(max_length=3, choices=PreCheckAnswer.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "item"], name="pre_check_one_answer_per_item"),
            models.CheckConstraint(condition=Q(answer__in=PreCheckAnswer.values), name="pre_check_answered_yes_or_no"),
            models.CheckConstraint(condition=~Q(item=""), name="pre_check_names_its_item"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.answer}"


class OverrideSeverity(models.TextChoices):
    """How serious the check was that somebody went past. A note asks for nothing."""

    WARNING = "WARNING", _("warning")
    STOP = "STOP", _("stop")


class Override(models.Model):
    """A treatment was signed past a check: what was shown, and why. Append-only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session = models.ForeignKey("clinic.InjectionSession", on_delete=models.PROTECT, related_name="overrides")
    code = models.CharField(max_length=24, help_text=_("the kind of check"))
    rule = models.CharField(max_length=120, blank=True, help_text=_("the rule of the label, the point or the thing it was about"))
    severity = models.CharField(max_length=8, choices=OverrideSeverity.choices)
    shown = models.TextField(help_text=_("what stood on the page: numbers, rule, source, verified or not"))
    reason = models.CharField(_("reason"), max_length=250, validators=[validate_line])
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(condition=Q(severity__in=OverrideSeverity.values), name="override_of_a_warning_or_a_stop"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(shown=""), name="override_says_what_was_shown"),
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="override_newest_first")]

    def __str__(self) -> str:
        return f"{self.code} at {self.at:%Y-%m-%d %H:%M}"


class GivenElsewhere(models.Model):
    """Toxin that a patient had somewhere else: it counts in the ledger and for the intervals. Never changed, only voided."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="given_elsewhere")
    product = models.ForeignKey("clinic.Product", on_delete=models.PROTECT, related_name="+")
    units = models.DecimalField(_("units"), max_digits=8, decimal_places=2)
    given_on = models.DateField(_("date"))
    place = models.CharField(_("where"), max_length=120, validators=[validate_line])
    noted_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    voided_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(_("why it does not count"), max_length=200, blank=True, validators=[validate_line])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="given_elsewhere_units_positive"),
            models.CheckConstraint(condition=~Q(place=""), name="given_elsewhere_says_where"),
            models.CheckConstraint(
                condition=Q(voided_by__isnull=True, voided_at__isnull=True, void_reason="")
                | (Q(voided_by__isnull=False, voided_at__isnull=False) & ~Q(void_reason="")),
                name="given_elsewhere_voided_by_at_and_why",
            ),
        ]
        indexes = [models.Index(fields=["patient", "-given_on", "-id"], name="given_elsewhere_newest_first")]

    def __str__(self) -> str:
        return f"{self.product_id} on {self.given_on}"
