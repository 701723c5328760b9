"""Side effects: what was reported, by whom, after which treatment, and who has looked at it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.patients.validators import validate_line, validate_text
from clinic.safety.querysets import SideEffectQuerySet
from clinic.toxins.models import FromCatalogue


class Urgency(models.TextChoices):
    """How soon somebody must look at a side effect of this kind."""

    GREEN = "GREEN", _("routine")
    YELLOW = "YELLOW", _("soon")
    RED = "RED", _("urgent")


class Term(FromCatalogue):
    """A kind of side effect under the project's own code, with what is published about its course."""

    code = models.CharField(max_length=12, unique=True)
    plain_name = models.CharField(_("in plain words"), max_length=80)
    clinical_name = models.CharField(_("clinical term"), max_length=120)
    region = models.CharField(_("region"), max_length=40, blank=True)
    onset_days_from = models.PositiveSmallIntegerField(null=True, blank=True)
    onset_days_until = models.PositiveSmallIntegerField(null=True, blank=True)
    lasts = models.CharField(_("usually lasts"), max_length=60, blank=True)
    frequency = models.CharField(_("published frequency"), max_length=200, blank=True)
    urgency = models.CharField(max_length=8, choices=Urgency.choices)
    urgency_note = models.CharField(max_length=120, blank=True)
    distant_sign = models.BooleanField(
        _("sign of distant spread"), default=False, help_text=_("named in the boxed warning of the products' labels")
    )
    outside_code = models.CharField(_("outside code"), max_length=40, blank=True)
    source = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.plain_name


class Severity(models.IntegerChoices):
    """CTCAE v5 general grades: intensity, not regulatory seriousness."""

    MILD = 1, _("mild")
    MODERATE = 2, _("moderate")
    SEVERE = 3, _("severe")
    LIFE_THREATENING = 4, _("life-threatening")
    DEATH = 5, _("death")


class Outcome(models.TextChoices):
    """As in ICH E2B(R3) E.i.7."""

    RECOVERED = "RECOVERED", _("recovered")
    RECOVERING = "RECOVERING", _("recovering")
    ONGOING = "ONGOING", _("not recovered")
    SEQUELAE = "SEQUELAE", _("recovered with lasting effects")
    FATAL = "FATAL", _("fatal")
    UNKNOWN = "UNKNOWN", _("unknown")


class SeriousCriterion(models.TextChoices):
    """ICH E2A: any one makes the event serious, whatever its severity."""

    DEATH = "DEATH", _("death")
    LIFE_THREATENING = "LIFE_THREATENING", _("life-threatening at the time")
    HOSPITAL = "HOSPITAL", _("stay in hospital, or a longer one")
    DISABILITY = "DISABILITY", _("lasting disability")
    CONGENITAL = "CONGENITAL", _("congenital anomaly")
    OTHER = "OTHER", _("otherwise medically important")


class SideEffectState(models.TextChoices):
    """How far the review of a side effect has come."""

    NEW = "NEW", _("new")
    IN_REVIEW = "IN_REVIEW", _("in review")
    FOLLOWING = "FOLLOWING", _("being followed")
    REVIEWED = "REVIEWED", _("reviewed")


class SideEffect(models.Model):
    """One event of one patient. What is said of it is read from its current version."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="side_effects")
    session = models.ForeignKey(
        "clinic.InjectionSession", on_delete=models.PROTECT, null=True, blank=True, related_name="side_effects"
    )
    state = models.CharField(max_length=12, choices=SideEffectState.choices, default=SideEffectState.NEW)
    current_version = models.OneToOneField(
        "clinic.SideEffectVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reported_by_patient = models.BooleanField(default=False)
    reported_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reported_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    objects = SideEffectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reported_by_patient=True, reported_by__isnull=True)
                | Q(reported_by_patient=False, reported_by__isnull=False),
                name="side_effect_reported_by_one",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_by__isnull=True, acknowledged_at__isnull=True)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="side_effect_acknowledged_by_and_at_together",
            ),
        ]
        indexes = [
            models.Index(fields=["-reported_at", "-id"], name="side_effect_newest_first"),
            models.Index(fields=["patient", "-reported_at"], name="side_effect_by_patient"),
        ]

    def __str__(self) -> str:
        return f"side effect {self.public_id}"

    @property
    def facts(self) -> SideEffectVersion:
        """What is said of it now: its current version, which every stored side effect has."""
        if self.current_version is None:
            raise LookupError("This side effect has no version yet.")
        return self.current_version


class SideEffectVersion(models.Model):
    """What was known of a side effect at one time. Never changes (see `guards`)."""

    side_effect = models.ForeignKey(SideEffect, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    term = models.ForeignKey(Term, on_delete=models.PROTECT, related_name="+")
    onset_on = models.DateField(_("began"), null=True, blank=True)
    resolved_on = models.DateField(_("ended"), null=True, blank=True)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity.choices)
    serious_criteria = models.JSONField(default=list, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    narrative = models.TextField(_("in words"), blank=True, validators=[validate_text])
    reason = models.CharField(_("reason of the change"), max_length=200, blank=True, validators=[validate_line])
    by_user = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["side_effect", "number"], name="side_effect_version_number_unique"),
            models.CheckConstraint(
                condition=Q(resolved_on__isnull=True) | Q(onset_on__isnull=True) | Q(resolved_on__gte=F("onset_on")),
                name="side_effect_ends_after_it_began",
            ),
            models.CheckConstraint(condition=Q(severity__gte=1, severity__lte=5), name="side_effect_severity_a_grade"),
            models.CheckConstraint(
                condition=Q(outcome="FATAL", severity=5) | (~Q(outcome="FATAL") & Q(severity__lt=5)),
                name="side_effect_fatal_iff_grade_five",
            ),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="side_effect_version_changed_with_a_reason"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def serious_labels(self) -> list[str]:
        """Why it is serious, in words; empty if it is not."""
        return [str(SeriousCriterion(criterion).label) for criterion in self.serious_criteria]


class ReviewResult(models.TextChoices):
    """WHO-UMC causality categories."""

    CERTAIN = "CERTAIN", _("certain")
    PROBABLE = "PROBABLE", _("probable")
    POSSIBLE = "POSSIBLE", _("possible")
    UNLIKELY = "UNLIKELY", _("unlikely")
    CONDITIONAL = "CONDITIONAL", _("conditional, unclassified")
    UNASSESSABLE = "UNASSESSABLE", _("cannot be assessed")


class Review(models.Model):
    """One look at a side effect by a reviewer. Append-only."""

    side_effect = models.ForeignKey(SideEffect, on_delete=models.PROTECT, related_name="reviews")
    causality = models.CharField(_("caused by the treatment"), max_length=16, choices=ReviewResult.choices)
    is_expected = models.BooleanField(_("listed in the label"), null=True, blank=True)
    is_distant = models.BooleanField(_("distant from the injection"), null=True, blank=True)
    resulting_state = models.CharField(max_length=12, choices=SideEffectState.choices)
    action = models.CharField(_("action"), max_length=250, blank=True, validators=[validate_line])
    note = models.TextField(_("note"), blank=True, validators=[validate_text])
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["side_effect", "-at"], name="review_newest_first")]

    def __str__(self) -> str:
        return f"{self.causality} {self.at:%Y-%m-%d}"
