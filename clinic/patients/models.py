"""Who the patients are, what they agreed to, what holds their follow-up, what staff must do for them."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from clinic.patients.querysets import PatientQuerySet
from clinic.patients.validators import validate_line


class PatientStatus(models.TextChoices):
    """Whether a patient is under care. Only an active one is written to."""

    ACTIVE = "ACTIVE", _("active")
    PAUSED = "PAUSED", _("paused")
    DISCHARGED = "DISCHARGED", _("discharged")
    DECEASED = "DECEASED", _("deceased")


class Patient(models.Model):
    """A person under a clinic's care. Everything clinical hangs on this row."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey("clinic.Clinic", on_delete=models.PROTECT, related_name="patients")
    record_number = models.CharField(_("record number"), max_length=30, validators=[validate_line])
    given_name = models.CharField(_("given name"), max_length=80, validators=[validate_line])
    family_name = models.CharField(_("family name"), max_length=80, validators=[validate_line])
    search_text = models.TextField(editable=False, help_text=_("lower-case names and number, for finding"))
    born_on = models.DateField(_("birth date"))
    weight_kg = models.DecimalField(_("weight, kg"), max_digits=5, decimal_places=1, null=True, blank=True)
    weighed_on = models.DateField(_("weighed on"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, validators=[validate_line])
    phone = models.CharField(_("phone"), max_length=40, blank=True, validators=[validate_line])
    language = models.CharField(_("language of letters"), max_length=8, default="en")
    contact_person = models.CharField(_("guardian or carer"), max_length=160, blank=True, validators=[validate_line])
    contact_person_phone = models.CharField(_("their phone"), max_length=40, blank=True, validators=[validate_line])
    status = models.CharField(_("status"), max_length=12, choices=PatientStatus.choices, default=PatientStatus.ACTIVE)
    facts_revision = models.PositiveBigIntegerField(
        default=0, editable=False, help_text=_("rises with each change of what decides over this patient's letters")
    )
    next_check_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("when the reminder engine looks at this patient again")
    )
    created_at = models.DateTimeField()

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "record_number"], name="patient_one_per_record_number"),
            models.CheckConstraint(condition=~Q(record_number=""), name="patient_has_a_record_number"),
            models.CheckConstraint(
                condition=Q(weight_kg__isnull=True, weighed_on__isnull=True)
                | Q(weight_kg__isnull=False, weight_kg__gt=0, weighed_on__isnull=False),
                name="patient_weight_has_a_date",
            ),
        ]
        indexes = [
            models.Index(fields=["next_check_at", "id"], condition=Q(next_check_at__isnull=False), name="patient_to_check"),
            models.Index(fields=["clinic", "family_name", "given_name", "id"], name="patient_by_name"),
            models.Index("clinic", Upper("email"), name="patient_by_email"),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def is_under_care(self) -> bool:
        return self.status == PatientStatus.ACTIVE

    def age_on(self, day: date) -> int:
        """Whole years between birth and `day`."""
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))


class HoldReason(models.TextChoices):
    """Why a patient is not invited for now."""

    SIDE_EFFECT = "SIDE_EFFECT", _("side effect in review")
    PREGNANCY = "PREGNANCY", _("pregnancy or breast-feeding")
    SURGERY = "SURGERY", _("surgery planned or recent")
    ILLNESS = "ILLNESS", _("other illness")
    AWAY = "AWAY", _("away")
    PATIENT_WISH = "PATIENT_WISH", _("the patient's wish")
    OTHER = "OTHER", _("other")


class Hold(models.Model):
    """Why this patient is not to be invited for now. Several may overlap."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(_("reason"), max_length=16, choices=HoldReason.choices)
    note = models.CharField(_("note"), max_length=200, blank=True, validators=[validate_line])
    from_on = models.DateField(_("from"))
    review_on = models.DateField(_("look again on"))
    owner = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    cleared_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(review_on__gte=F("from_on")), name="hold_dates_in_order"),
            models.CheckConstraint(
                condition=Q(cleared_by__isnull=True, cleared_at__isnull=True)
                | Q(cleared_by__isnull=False, cleared_at__isnull=False),
                name="hold_cleared_by_and_at_together",
            ),
        ]
        indexes = [models.Index(fields=["patient"], condition=Q(cleared_at__isnull=True), name="hold_still_standing")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} from {self.from_on}"


class ConsentPurpose(models.TextChoices):
    """What a patient may agree to, each by itself."""

    VISIT = "VISIT", _("letters about booked visits")
    INVITE = "INVITE", _("invitations to the next visit")
    CHECK_IN = "CHECK_IN", _("questions between visits")
    NEWS = "NEWS", _("news of the clinic")
    RESEARCH = "RESEARCH", _("research")
    FULLER_WORDING = "FULLER_WORDING", _("letters may name the treatment")
    TREATMENT = "TREATMENT", _("treatment")
    PHOTOGRAPHS = "PHOTOGRAPHS", _("photographs for the record")


class Consent(models.Model):
    """What a patient agreed to or withdrew. Append-only: the newest row of a purpose counts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=16, choices=ConsentPurpose.choices)
    is_given = models.BooleanField()
    by_patient = models.BooleanField(default=False)
    by_user = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    how = models.CharField(max_length=80, validators=[validate_line])
    wording_version = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "purpose", "-at", "-id"], name="consent_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(by_patient=True, by_user__isnull=True) | Q(by_patient=False), name="consent_by_one_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {'given' if self.is_given else 'withdrawn'} {self.at:%Y-%m-%d}"


class Side(models.TextChoices):
    """The patient's side, never the onlooker's."""

    RIGHT = "RIGHT", _("right")
    LEFT = "LEFT", _("left")
    BOTH = "BOTH", _("both sides")
    NONE = "NONE", _("no side")


class OnsetPrecision(models.TextChoices):
    """How exactly the beginning of a condition is known."""

    DAY = "DAY", _("day")
    MONTH = "MONTH", _("month")
    YEAR = "YEAR", _("year")


class Condition(models.Model):
    """What a patient is treated for, and on which side. Sides are always the patient's."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="conditions")
    indication = models.ForeignKey("clinic.Indication", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(_("side"), max_length=8, choices=Side.choices)
    onset_on = models.DateField(_("began"), null=True, blank=True)
    onset_precision = models.CharField(max_length=8, choices=OnsetPrecision.choices, blank=True)
    cause = models.CharField(_("cause"), max_length=120, blank=True, validators=[validate_line])
    grade = models.CharField(_("grade"), max_length=20, blank=True, validators=[validate_line])
    icd10_code = models.CharField(_("ICD-10-CM code"), max_length=10, blank=True, validators=[validate_line])
    associated = models.CharField(_("associated conditions"), max_length=250, blank=True, validators=[validate_line])
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # ICD-10-CM G51.31 right, G51.32 left, G51.33 bilateral, G51.39 unspecified (docs/clinical-sources.md)
            models.CheckConstraint(
                condition=~Q(icd10_code__startswith="G51.3")
                | Q(icd10_code="G51.31", side="RIGHT")
                | Q(icd10_code="G51.32", side="LEFT")
                | Q(icd10_code="G51.33", side="BOTH")
                | Q(icd10_code="G51.39"),
                name="condition_code_matches_side",
            ),
            models.UniqueConstraint(fields=["patient", "indication", "side"], name="condition_one_per_indication_and_side"),
            models.CheckConstraint(
                condition=Q(onset_on__isnull=True, onset_precision="") | (Q(onset_on__isnull=False) & ~Q(onset_precision="")),
                name="condition_onset_has_a_precision",
            ),
        ]

    def __str__(self) -> str:
        return f"condition {self.public_id}"


class TaskKind(models.TextChoices):
    """What somebody must do."""

    PHONE_OVERDUE = "PHONE_OVERDUE", _("phone: the window has closed")
    PHONE_NO_ADDRESS = "PHONE_NO_ADDRESS", _("phone: no usable e-mail address")
    PHONE_OPTED_OUT = "PHONE_OPTED_OUT", _("phone: gets no such e-mails")
    PHONE_ASKED = "PHONE_ASKED", _("phone: asked to be called")
    PHONE_BOUNCED = "PHONE_BOUNCED", _("phone: a letter came back")
    PHONE_BACK = "PHONE_BACK", _("phone: said they would call back")
    CHECK_ADDRESS = "CHECK_ADDRESS", _("phone: ask for an e-mail address")
    FIND_NUMBER = "FIND_NUMBER", _("find the right phone number")


#: Tasks that are done on the telephone.
PHONE_KINDS = tuple(kind for kind in TaskKind if kind != TaskKind.FIND_NUMBER)


class StaffTask(models.Model):
    """Something a person of the clinic must do for a patient. Not raised twice for the same cause."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=24, choices=TaskKind.choices)
    cause_key = models.CharField(max_length=80, unique=True, editable=False)
    note = models.CharField(max_length=200, blank=True, validators=[validate_line])
    due_on = models.DateField(_("due"))
    assignee = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    done_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True, validators=[validate_line])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_by__isnull=True, done_at__isnull=True) | Q(done_at__isnull=False),
                name="staff_task_done_by_implies_at",
            ),
        ]
        indexes = [
            models.Index(fields=["patient"], condition=Q(done_at__isnull=True), name="staff_task_open"),
            models.Index(fields=["due_on", "id"], condition=Q(done_at__isnull=True), name="staff_task_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} due {self.due_on}"
