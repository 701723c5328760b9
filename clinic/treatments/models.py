"""What was injected, and when the patient may and should come back."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from clinic.toxins.body import View
from clinic.toxins.models import IntervalUnit


class WindowPolicy(models.Model):
    """When a clinic wants its patients back: opens and closes so long after the treatment. No indication: any."""

    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="window_policies")
    indication = models.ForeignKey("clinic.Indication", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opens_after = models.PositiveSmallIntegerField(_("opens after"), default=3)
    opens_unit = models.CharField(max_length=8, choices=IntervalUnit.choices, default=IntervalUnit.MONTH)
    closes_after = models.PositiveSmallIntegerField(_("closes after"), default=6)
    closes_unit = models.CharField(max_length=8, choices=IntervalUnit.choices, default=IntervalUnit.MONTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "indication"], name="window_policy_one_per_indication"),
            models.UniqueConstraint(
                fields=["clinic"], condition=Q(indication__isnull=True), name="window_policy_one_for_any_indication"
            ),
            models.CheckConstraint(
                condition=Q(opens_unit=F("closes_unit"), opens_after__lt=F("closes_after"))
                | (~Q(opens_unit=F("closes_unit")) & Q(opens_after__gt=0, closes_after__gt=0)),
                name="window_policy_opens_before_closes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opens_after} {self.opens_unit} to {self.closes_after} {self.closes_unit}"


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


class FollowUpState(models.TextChoices):
    """Active until the patient is treated again or staff stop it; void with its treatment."""

    ACTIVE = "ACTIVE", _("active")
    TREATED = "TREATED", _("treated again")
    STOPPED = "STOPPED", _("stopped")
    VOID = "VOID", _("void with its treatment")


class StopReason(models.TextChoices):
    """Why staff ended a follow-up."""

    PATIENT_DECLINED = "PATIENT_DECLINED", _("the patient declined")
    NO_LONGER_NEEDED = "NO_LONGER_NEEDED", _("no longer needed")
    TREATED_ELSEWHERE = "TREATED_ELSEWHERE", _("treated elsewhere")
    MOVED_AWAY = "MOVED_AWAY", _("moved away")
    SURGERY = "SURGERY", _("had surgery")
    NOT_REACHED = "NOT_REACHED", _("could not be reached")
    DECEASED = "DECEASED", _("died")
    OTHER = "OTHER", _("other")


class FollowUp(models.Model):
    """The open question after a treatment: when does this patient come back for this condition?

    `opens_on` and `closes_on` are dates in the clinic's zone, each with the rule that set it. `own_on` is the
    clinician's own date and wins over both.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="follow_ups")
    condition = models.ForeignKey("clinic.Condition", on_delete=models.PROTECT, related_name="follow_ups")
    session = models.OneToOneField(InjectionSession, on_delete=models.PROTECT, related_name="follow_up")
    opens_on = models.DateField(_("opens"))
    opens_rule = models.TextField()
    closes_on = models.DateField(_("closes"))
    closes_rule = models.TextField()
    own_on = models.DateField(_("the clinician's own date"), null=True, blank=True)
    suggested_from = models.DateField(null=True, blank=True)
    suggested_until = models.DateField(null=True, blank=True)
    suggested_basis = models.CharField(max_length=250, blank=True)
    last_seen_working_on = models.DateField(null=True, blank=True)
    first_seen_worn_off_on = models.DateField(null=True, blank=True)
    worn_off_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=FollowUpState.choices, default=FollowUpState.ACTIVE)
    stop_reason = models.CharField(max_length=20, choices=StopReason.choices, blank=True)
    stop_note = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateField(null=True, blank=True)
    snooze_note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["condition"], condition=Q(state="ACTIVE"), name="follow_up_one_active_per_condition"),
            models.CheckConstraint(condition=Q(opens_on__lte=F("closes_on")), name="follow_up_opens_before_closes"),
            models.CheckConstraint(
                condition=Q(suggested_from__isnull=True, suggested_until__isnull=True)
                | Q(suggested_from__lte=F("suggested_until")),
                name="follow_up_suggested_in_order",
            ),
            models.CheckConstraint(
                # One that staff had stopped before its treatment became void keeps their reason.
                condition=(Q(state="STOPPED") & ~Q(stop_reason="")) | (~Q(state="STOPPED") & Q(stop_reason="")) | Q(state="VOID"),
                name="follow_up_stopped_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="ACTIVE", ended_at__isnull=True) | (~Q(state="ACTIVE") & Q(ended_at__isnull=False)),
                name="follow_up_ended_iff_not_active",
            ),
        ]
        indexes = [
            models.Index(fields=["closes_on", "id"], condition=Q(state="ACTIVE"), name="follow_up_worklist"),
            models.Index(fields=["patient", "-id"], name="follow_up_by_patient"),
        ]

    def __str__(self) -> str:
        return f"follow-up {self.public_id}"

    @property
    def is_active(self) -> bool:
        return self.state == FollowUpState.ACTIVE


class ContactChannel(models.TextChoices):
    """How staff tried to reach a patient."""

    PHONE = "PHONE", _("phone")
    EMAIL = "EMAIL", _("e-mail")
    LETTER = "LETTER", _("letter by post")
    IN_PERSON = "IN_PERSON", _("in person")


class ContactOutcome(models.TextChoices):
    """What came of a try."""

    REACHED = "REACHED", _("reached")
    NO_ANSWER = "NO_ANSWER", _("no answer")
    VOICEMAIL = "VOICEMAIL", _("left a message")
    WRONG_NUMBER = "WRONG_NUMBER", _("wrong number")
    WILL_CALL_BACK = "WILL_CALL_BACK", _("will call back")
    DECLINED = "DECLINED", _("declined")


class ContactAttempt(models.Model):
    """One try to reach a patient about a follow-up. Append-only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="contact_attempts")
    channel = models.CharField(_("how"), max_length=12, choices=ContactChannel.choices)
    outcome = models.CharField(_("outcome"), max_length=16, choices=ContactOutcome.choices)
    note = models.CharField(_("note"), max_length=250, blank=True)
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["follow_up", "-at"], name="contact_attempt_newest_first")]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}"


class TreatmentDraft(models.Model):
    """What has been typed of a treatment that nobody has signed yet. It may change, and goes when it is signed or discarded.

    `typed` holds the fields of the form as JSON, exactly as they were sent: a draft may be impossible. It is text, because
    PostgreSQL's JSON takes no NUL character. `revision` rises with each saving; whoever saves over a revision that they have not
    seen is refused.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="treatment_drafts")
    condition = models.OneToOneField("clinic.Condition", on_delete=models.PROTECT, related_name="treatment_draft")
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    typed = models.TextField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"draft {self.public_id}"
