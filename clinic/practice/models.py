"""The clinics, the people who work there and what they may do."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.practice.emergency_words import standard_sentence
from clinic.practice.roles import PERMISSIONS, Permission
from clinic.practice.roles import Role as RoleName

#: A trademark that nothing that reaches a patient may carry.
TRADEMARK = "botox"


class Role(models.TextChoices):
    """The roles of `practice.roles`, in words."""

    FRONT_DESK = RoleName.FRONT_DESK, _("front desk")
    CLINICIAN = RoleName.CLINICIAN, _("clinician")
    REVIEWER = RoleName.REVIEWER, _("side-effect reviewer")
    ADMIN = RoleName.ADMIN, _("administrator")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is in the IANA time-zone database."""
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone name like Europe/Lisbon."), params={"name": name})


def validate_sender_name(name: str) -> None:
    """Raise ValidationError if the name on letters is more than one line, or names the drug."""
    if not name.isprintable():
        raise ValidationError(_("This must be a single line of readable text."))
    if TRADEMARK in name.casefold():
        raise ValidationError(_("Letters carry a neutral name: whoever reads along must not learn what the clinic treats."))


def validate_language(code: str) -> None:
    """Raise ValidationError unless letters are written in this language."""
    if code not in dict(settings.LANGUAGES):
        raise ValidationError(
            _("Letters are written in: %(codes)s."), params={"codes": ", ".join(sorted(dict(settings.LANGUAGES)))}
        )


class Jurisdiction(models.TextChoices):
    """Whose labels apply. The catalogue has rules for these; for another country the clinic's own policy would stand alone."""

    US = "US", _("United States")
    EU = "EU", _("European Union")
    UK = "UK", _("United Kingdom")


def every_weekday() -> list[int]:
    """Monday to Friday, as Python counts weekdays."""
    return [0, 1, 2, 3, 4]


class Clinic(models.Model):
    """A place that treats patients and writes to them under a neutral name."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    sender_name = models.CharField(
        _("name on letters"),
        max_length=60,
        validators=[validate_sender_name],
        help_text=_("Neutral: a reader over the shoulder must not learn what the clinic treats."),
    )
    phone = models.CharField(_("phone"), max_length=40)
    emergency_text = models.CharField(
        _("emergency text"),
        max_length=300,
        help_text=_("In the clinic's own language. Stands on every letter and patient page in that language."),
    )
    emergency_texts = models.JSONField(default=dict, blank=True, help_text=_("the same in other languages, by their code"))
    emergency_number = models.CharField(
        _("emergency number"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^\+?[0-9][0-9 ]*$", _("Digits and spaces only, such as 112."))],
        help_text=_("For letters and pages in a language that has no emergency text: a standard sentence names this number."),
    )
    address = models.CharField(_("address"), max_length=250)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    jurisdiction = models.CharField(
        _("jurisdiction of the labels"),
        max_length=8,
        choices=Jurisdiction.choices,
        default=Jurisdiction.EU,
        help_text=_("Which label rules apply."),
    )
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Whose public holidays are proposed: two letters of ISO 3166-1.")
    )
    region = models.CharField(
        _("region"), max_length=8, blank=True, help_text=_("For holidays that only a part of the country has: ISO 3166-2.")
    )
    language = models.CharField(_("language"), max_length=8, default="en", validators=[validate_language])
    sending_from = models.TimeField(_("letters go from"), default="08:00")
    sending_until = models.TimeField(_("letters go until"), default="19:00")
    sending_weekdays = models.JSONField(_("letters go on"), default=every_weekday, help_text=_("0 is Monday."))
    reply_to = models.EmailField(_("replies go to"), help_text=_("A mailbox that the clinic reads."))
    feeds_name_patients = models.BooleanField(
        _("calendar feeds name patients"),
        default=False,
        help_text=_("Whoever has a feed's address reads the names; calendar programs keep them at their provider."),
    )
    letters_paused_at = models.DateTimeField(null=True, blank=True)
    letters_paused_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sending_from__lt=F("sending_until")), name="clinic_sending_hours_in_order"),
            models.CheckConstraint(
                condition=Q(letters_paused_at__isnull=True, letters_paused_reason="")
                | (Q(letters_paused_at__isnull=False) & ~Q(letters_paused_reason="")),
                name="clinic_pause_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def emergency_text_in(self, language: str) -> str:
        """What to do in an emergency, in this language and no other.

        The clinic's own text; where it has none in that language, a standard sentence with its emergency number, or with the
        words for the emergency services where it names no number.
        """
        own = self.emergency_text if language == self.language else self.emergency_texts.get(language, "")
        return str(own) or standard_sentence(language=language, number=self.emergency_number)

    @property
    def emergency_words(self) -> str:
        """The same in the language that the page is read in."""
        return self.emergency_text_in(get_language() or self.language)

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone: every date of the clinic is a date there."""
        return ZoneInfo(self.time_zone)


class Membership(models.Model):
    """One person's role at one clinic."""

    user = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "clinic"], name="membership_one_per_user_and_clinic"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} at {self.clinic}"

    def may(self, permission: Permission) -> bool:
        """Whether this role holds `permission`."""
        return permission in PERMISSIONS[RoleName(self.role)]


class Practitioner(models.Model):
    """Someone who injects. May or may not have an account."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    user = models.OneToOneField("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="practitioner")
    clinics = models.ManyToManyField(Clinic, related_name="practitioners")
    is_active = models.BooleanField(_("treats patients now"), default=True)

    def __str__(self) -> str:
        return self.name
