"""Which letters a clinic plans, which are owed, and what became of each."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.reminders.wording import step_choices


class Anchor(models.TextChoices):
    """What a step is counted from."""

    SUGGESTED = "SUGGESTED", _("the suggested date")
    OPENS = "OPENS", _("the window opens")
    CLOSES = "CLOSES", _("the window closes")
    APPOINTMENT = "APPOINTMENT", _("the visit")
    CHANGE = "CHANGE", _("the change itself")


class OffsetUnit(models.TextChoices):
    """Civil days in the clinic's zone, or elapsed hours."""

    DAY = "DAY", _("days")
    HOUR = "HOUR", _("hours")


class Audience(models.TextChoices):
    """Who a step speaks to."""

    PATIENT = "PATIENT", _("letter to the patient")
    STAFF = "STAFF", _("task for staff")


#: The steps of the ladder and what they are counted from, and the steps that tell of a change of a visit. A step that is
#: in neither list is held to the shape that its anchor gives it, so that it needs no change of the table.
LADDER = ["INVITE", "REMIND", "LAST_CALL", "OVERDUE"]
OF_WINDOW = ["SUGGESTED", "OPENS", "CLOSES"]
NEWS = ["BOOKED", "CANCELLED"]
MOST_OFFSET = 730


class Plan(models.Model):
    """A clinic's letters for an indication (none: any). A change makes a new version."""

    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="plans")
    indication = models.ForeignKey("clinic.Indication", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)
    active_from = models.DateField(_("active from"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "indication", "version"], name="plan_version_per_indication"),
            models.UniqueConstraint(
                fields=["clinic", "version"], condition=Q(indication__isnull=True), name="plan_version_any_indication"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}: {self.indication or _('any indication')}, version {self.version}"


class PlanStep(models.Model):
    """One letter of a plan: so long before (negative) or after an anchor, never before the floor."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=12, choices=step_choices)
    ordinal = models.PositiveSmallIntegerField(default=1, help_text=_("tells apart two of the same step"))
    anchor = models.CharField(max_length=12, choices=Anchor.choices)
    offset = models.SmallIntegerField(default=0)
    offset_unit = models.CharField(max_length=4, choices=OffsetUnit.choices, default=OffsetUnit.DAY)
    floor_anchor = models.CharField(max_length=12, choices=Anchor.choices, blank=True)
    floor_offset_days = models.SmallIntegerField(default=0)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.PATIENT)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "step", "ordinal"], name="plan_step_unique"),
            models.CheckConstraint(
                condition=Q(offset_unit="DAY") | Q(anchor="APPOINTMENT"), name="plan_step_hours_only_before_visits"
            ),
            # What the policy can count: any other row would leave every patient of the clinic without a decision.
            models.CheckConstraint(
                condition=Q(step__in=LADDER, anchor__in=OF_WINDOW, floor_anchor__in=["", *OF_WINDOW])
                | Q(step__in=NEWS, anchor="CHANGE", offset=0, floor_anchor="")
                | Q(step="VISIT", anchor="APPOINTMENT", offset__lt=0, floor_anchor="")
                | (~Q(step__in=[*LADDER, *NEWS, "VISIT"]) & (Q(anchor__in=OF_WINDOW) | Q(floor_anchor=""))),
                name="plan_step_counted_from_what_it_is_about",
                violation_error_message=_(
                    "Invitations are counted from the window, news of a visit from the change itself (0 days), a reminder back "
                    "from the visit (a negative number); only invitations have a floor."
                ),
            ),
            models.CheckConstraint(
                condition=Q(step="OVERDUE", audience="STAFF") | (~Q(step="OVERDUE") & Q(audience="PATIENT")),
                name="plan_step_speaks_to_whom_it_can",
                violation_error_message=_("Overdue is a task for staff; every other step is a letter to the patient."),
            ),
            models.CheckConstraint(
                condition=Q(offset__range=(-MOST_OFFSET, MOST_OFFSET), floor_offset_days__range=(-MOST_OFFSET, MOST_OFFSET)),
                name="plan_step_within_two_years",
                violation_error_message=_("At most 730 days or hours."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.offset:+d} {self.offset_unit} {self.anchor}"


class MessageState(models.TextChoices):
    """Where a message stands; `states.TRANSITIONS` says what may follow."""

    READY = "READY", _("ready")
    CLAIMED = "CLAIMED", _("taken by a worker")
    HANDOFF = "HANDOFF", _("being handed over")
    SENT = "SENT", _("sent")
    UNKNOWN = "UNKNOWN", _("in doubt")
    FAILED = "FAILED", _("refused for good")
    DEAD = "DEAD", _("given up")
    HELD = "HELD", _("held back")
    CANCELLED = "CANCELLED", _("no longer needed")
    SUPERSEDED = "SUPERSEDED", _("overtaken")
    EXPIRED = "EXPIRED", _("too late")
    SUPPRESSED = "SUPPRESSED", _("may not be sent")
    BOUNCED = "BOUNCED", _("bounced")
    COMPLAINED = "COMPLAINED", _("complained of")


class Message(models.Model):
    """One letter that somebody has earned: what it is and what became of it. Never its text, subject or address."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="messages")
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    user = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    step = models.CharField(max_length=12, choices=step_choices)
    ordinal = models.PositiveSmallIntegerField(default=1)
    letter = models.CharField(max_length=24, help_text=_("which template"))
    follow_up = models.ForeignKey("clinic.FollowUp", on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    appointment = models.ForeignKey(
        "clinic.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    appointment_sequence = models.PositiveIntegerField(null=True, blank=True)
    also_about = models.JSONField(
        null=True, blank=True, help_text=_("keys of the other follow-ups that the letter, as it went, told of")
    )
    dedupe_key = models.CharField(max_length=120, unique=True)
    message_id = models.CharField(max_length=120, unique=True, help_text=_("the Message-ID of every attempt"))
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=12, choices=MessageState.choices, default=MessageState.READY)
    reason = models.CharField(max_length=24, blank=True, help_text=_("one code: why it is where it is"))
    due_at = models.DateTimeField()
    ready_at = models.DateTimeField(help_text=_("not before"))
    expires_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    worker = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    handoff_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    rendered_hash = models.CharField(max_length=64, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, help_text=_("a person saw it in a pile and let it go"))
    recipient_hash = models.CharField(max_length=64, blank=True, help_text=_("keyed hash of the address it was handed over for"))
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(patient__isnull=False, user__isnull=True) | Q(patient__isnull=True, user__isnull=False),
                name="message_has_one_recipient",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["CLAIMED", "HANDOFF"]) & Q(token__isnull=False, lease_until__isnull=False))
                | (~Q(state__in=["CLAIMED", "HANDOFF"]) & Q(token__isnull=True, lease_until__isnull=True)),
                name="message_leased_iff_in_hand",
            ),
            models.CheckConstraint(condition=~Q(state="SENT") | Q(sent_at__isnull=False), name="message_sent_has_a_time"),
        ]
        indexes = [
            models.Index(fields=["ready_at", "id"], condition=Q(state="READY"), name="message_ready"),
            models.Index(fields=["lease_until", "id"], condition=Q(state__in=["CLAIMED", "HANDOFF"]), name="message_in_hand"),
            models.Index(
                fields=["clinic", "ready_at"], condition=Q(state="READY", looked_at__isnull=True), name="message_to_be_counted"
            ),
            # There is no such step yet: with the first one an unsent letter is an alarm.
            models.Index(fields=["created_at"], condition=Q(step="URGENT"), name="message_urgent"),
            models.Index(fields=["patient", "-id"], name="message_by_patient"),
            models.Index(fields=["follow_up", "-id"], name="message_by_follow_up"),
            models.Index(fields=["clinic", "-changed_at", "-id"], name="message_by_clinic"),
            models.Index(
                fields=["clinic", "-changed_at", "-id"],
                condition=Q(state__in=["UNKNOWN", "FAILED", "DEAD", "HELD"]),
                name="message_problem",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.public_id}"


class DeliveryAttempt(models.Model):
    """One dialogue with the mail server, or one decision not to begin it. Append-only; no body, no address."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="delivery_attempts")
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    phase = models.CharField(max_length=12, blank=True)
    outcome = models.CharField(max_length=24)
    smtp_code = models.PositiveSmallIntegerField(null=True, blank=True)
    enhanced_code = models.CharField(max_length=12, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    worker = models.CharField(max_length=60, blank=True)
    by_user = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["message", "-id"], name="delivery_attempt_newest")]

    def __str__(self) -> str:
        return f"{self.from_state} to {self.to_state}: {self.outcome}"


class Suppression(models.Model):
    """An address to which nothing may be sent, by its keyed hash, until somebody lifts it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="suppressions")
    address_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=24)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lifted_because = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "-at", "-id"], condition=Q(lifted_at__isnull=True), name="suppression_standing")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "address_hash"], condition=Q(lifted_at__isnull=True), name="suppression_one_standing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} since {self.at:%Y-%m-%d}"


class DomainHold(models.Model):
    """A recipient domain (by keyed hash) whose server asked us to wait."""

    domain_hash = models.CharField(max_length=64, unique=True)
    until = models.DateTimeField()
    strikes = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M}"


class EngineState(models.Model):
    """One row: whether the engine may send, and the planner's lock where the database has no other."""

    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=200, blank=True)
    planning_until = models.DateTimeField(null=True, blank=True)
    planning_token = models.UUIDField(null=True, blank=True)
    last_swept_on = models.DateField(null=True, blank=True)
    swept_to = models.BigIntegerField(null=True, blank=True, help_text=_("how far a sweep that is under way has come"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="engine_state_is_one_row")]

    def __str__(self) -> str:
        return "engine"


class Heartbeat(models.Model):
    """One row: when the engine last ran and last ran to its end."""

    last_tick_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_worker = models.CharField(max_length=60, blank=True)
    mail_failing_since = models.DateTimeField(null=True, blank=True)
    mail_failure = models.CharField(max_length=24, blank=True, help_text=_("where the dialogue with the mail server ends"))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="heartbeat_is_one_row")]

    def __str__(self) -> str:
        return "heartbeat"
