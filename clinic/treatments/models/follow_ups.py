"""When a patient may and should come back, and who tried to reach them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.toxins.models import IntervalUnit
from clinic.treatments.models.sessions import InjectionSession


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
    #: Who works on it; nobody in particular where it is empty.
    assignee = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
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
            models.Index(
                fields=["assignee", "closes_on", "id"],
                condition=Q(state="ACTIVE", assignee__isnull=False),
                name="follow_up_by_assignee",
            ),
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


class DeclineReason(models.TextChoices):
    """Why a patient who was reached does not want the visit."""

    LATER = "LATER", _("wants to wait")
    WELL = "WELL", _("is well without it")
    NOT_HELPED = "NOT_HELPED", _("it did not help enough")
    SIDE_EFFECT = "SIDE_EFFECT", _("because of a side effect")
    ELSEWHERE = "ELSEWHERE", _("is treated elsewhere")
    TOO_FAR = "TOO_FAR", _("the way is too far")
    COST = "COST", _("the cost")
    OTHER = "OTHER", _("other")


class ContactAttempt(models.Model):
    """One try to reach a patient about a follow-up. Append-only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="contact_attempts")
    channel = models.CharField(_("how"), max_length=12, choices=ContactChannel.choices)
    outcome = models.CharField(_("outcome"), max_length=16, choices=ContactOutcome.choices)
    note = models.CharField(_("note"), max_length=250, blank=True)
    #: The day on which a patient who calls back said they would; rows from before it was asked have none.
    call_back_on = models.DateField(_("calls back on"), null=True, blank=True)
    #: Why a patient declined; rows from before it was asked have none.
    declined_why = models.CharField(_("why not"), max_length=12, choices=DeclineReason.choices, blank=True)
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["follow_up", "-at"], name="contact_attempt_newest_first"),
            models.Index(fields=["at"], name="contact_attempt_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(call_back_on__isnull=True) | Q(outcome="WILL_CALL_BACK"), name="contact_attempt_calls_back_on_a_day"
            ),
            models.CheckConstraint(
                condition=Q(declined_why="") | Q(outcome="DECLINED"), name="contact_attempt_declined_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}"
