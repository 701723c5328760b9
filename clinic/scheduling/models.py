"""When practitioners see patients, and who comes when."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.scheduling.querysets import AppointmentQuerySet


class VisitKind(models.Model):
    """What a visit is for and how long it takes."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="visit_kinds")
    code = models.CharField(max_length=16)
    name = models.CharField(_("name"), max_length=60)
    minutes = models.PositiveSmallIntegerField(_("length, minutes"), default=30)
    buffer_minutes = models.PositiveSmallIntegerField(_("kept free after, minutes"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "code"], name="visit_kind_one_per_code"),
            models.CheckConstraint(condition=Q(minutes__gte=5, minutes__lte=480), name="visit_kind_length_sensible"),
        ]

    def __str__(self) -> str:
        return self.name


class Availability(models.Model):
    """A practitioner's weekly hours at a clinic, in the clinic's local time. 0 is Monday."""

    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="availabilities")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="availabilities")
    weekday = models.PositiveSmallIntegerField(_("weekday"))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="availability_weekday_exists"),
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="availability_hours_in_order"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="availability_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner} weekday {self.weekday} {self.starts:%H:%M}-{self.ends:%H:%M}"


class Closure(models.Model):
    """Days on which a clinic, or one practitioner there, sees nobody. A part of a day is an `HoursException`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="closures")
    practitioner = models.ForeignKey(
        "clinic.Practitioner", on_delete=models.PROTECT, null=True, blank=True, related_name="closures"
    )
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=120)
    is_public_holiday = models.BooleanField(
        _("public holiday"), default=False, help_text=_("taken over from the calendar of the clinic's country")
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gte=F("from_on")), name="closure_dates_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.from_on} to {self.until_on}"


class AppointmentState(models.TextChoices):
    """Where a visit stands."""

    BOOKED = "BOOKED", _("booked")
    ARRIVED = "ARRIVED", _("arrived")
    TREATED = "TREATED", _("treated")
    MISSED = "MISSED", _("missed")
    CANCELLED = "CANCELLED", _("cancelled")


#: States in which an appointment takes its practitioner's time.
LIVE_STATES = (AppointmentState.BOOKED, AppointmentState.ARRIVED, AppointmentState.TREATED)
#: States in which the patient is still expected or already in the house.
COMING_STATES = (AppointmentState.BOOKED, AppointmentState.ARRIVED)
#: So long after its start staff should have said what became of a visit. From then on it no longer counts as booked: nobody is
#: to be lost because a missed visit was not marked as missed.
UNCLEAR_AFTER = timedelta(days=3)


class Appointment(models.Model):
    """A time kept for a patient. A follow-up is booked because one in COMING_STATES points at it.

    The database lets no two live ones of a practitioner overlap unless overbooked with a reason (see `guards`).
    `ends_at` includes the buffer of the visit kind.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="appointments")
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="appointments")
    kind = models.ForeignKey(VisitKind, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey("clinic.FollowUp", on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    state = models.CharField(max_length=12, choices=AppointmentState.choices, default=AppointmentState.BOOKED)
    cancel_reason = models.CharField(_("reason"), max_length=120, blank=True)
    overbooked_reason = models.CharField(max_length=120, blank=True)
    sequence = models.PositiveIntegerField(default=0, help_text=_("rises with each change, for calendar programs"))
    created_at = models.DateTimeField()

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="appointment_times_in_order"),
            models.CheckConstraint(
                condition=(Q(state="CANCELLED") & ~Q(cancel_reason="")) | ~Q(state="CANCELLED"),
                name="appointment_cancelled_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["follow_up"],
                condition=Q(state__in=["BOOKED", "ARRIVED"]),
                name="appointment_one_coming_per_follow_up",
            ),
        ]
        indexes = [
            models.Index(fields=["practitioner", "starts_at"], name="appointment_by_practitioner"),
            models.Index(fields=["clinic", "starts_at"], name="appointment_by_clinic"),
            models.Index(fields=["patient", "-starts_at"], name="appointment_by_patient"),
            models.Index(
                fields=["starts_at", "id"], condition=Q(state__in=["BOOKED", "ARRIVED"]), name="appointment_outcome_to_note"
            ),
        ]

    def __str__(self) -> str:
        return f"appointment {self.public_id}"

    @property
    def visit_ends_at(self) -> datetime:
        """When the patient leaves: the end without the time kept free after it. Asks for the kind of visit."""
        return min(self.starts_at + timedelta(minutes=self.kind.minutes), self.ends_at)

    @property
    def is_coming(self) -> bool:
        """Whether the patient is expected or already in the house."""
        return self.state in COMING_STATES


class ChangeKind(models.TextChoices):
    """What was done to a visit."""

    BOOKED = "BOOKED", _("booked")
    MOVED = "MOVED", _("moved")
    CANCELLED = "CANCELLED", _("cancelled")
    ARRIVED = "ARRIVED", _("arrived")
    TREATED = "TREATED", _("treated")
    MISSED = "MISSED", _("missed")


class AppointmentChange(models.Model):
    """What happened to an appointment, when and by whom. Append-only."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    sequence = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    from_at = models.DateTimeField(null=True, blank=True, help_text=_("of a move: when the visit was to be"))
    from_practitioner = models.ForeignKey(
        "clinic.Practitioner",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("of a move: with whom the visit was to be"),
    )
    by_patient = models.BooleanField(default=False)
    by_user = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    with_letter = models.BooleanField(default=True, help_text=_("staff may decide that no letter tells of it"))
    reason = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="MOVED", from_at__isnull=False, from_practitioner__isnull=False)
                | (~Q(kind="MOVED") & Q(from_at__isnull=True, from_practitioner__isnull=True)),
                name="appointment_change_moved_from_somewhere",
            ),
        ]
        indexes = [models.Index(fields=["appointment", "-id"], name="appointment_change_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
