"""Patient links: what stands in a letter so that its reader can act without an account.

A link is a random 256-bit token of which only the hash is stored. It has one purpose, one patient and one
thing it is about, an expiry, and can be revoked. Opening it changes nothing; acting is a POST.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LinkPurpose(models.TextChoices):
    """What the reader of a letter may do through a link in it."""

    BOOK = "BOOK", _("choose a time")
    VISIT = "VISIT", _("see or cancel a visit")
    STOP = "STOP", _("stop these e-mails")


#: How long a link of each purpose works. One-click unsubscription must work for years (RFC 8058 asks for a stable address).
LIFETIMES = {
    LinkPurpose.BOOK: timedelta(days=200),
    LinkPurpose.VISIT: timedelta(days=400),
    LinkPurpose.STOP: timedelta(days=3 * 365),
}


class PatientLink(models.Model):
    """One sending's link. Earlier links to the same thing stay valid until they expire."""

    token_hash = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=8, choices=LinkPurpose.choices)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="links")
    follow_up = models.ForeignKey("clinic.FollowUp", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    appointment = models.ForeignKey("clinic.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    consent_purpose = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose="BOOK", follow_up__isnull=False, appointment__isnull=True, consent_purpose="")
                | Q(purpose="VISIT", follow_up__isnull=True, appointment__isnull=False, consent_purpose="")
                | (Q(purpose="STOP", follow_up__isnull=True, appointment__isnull=True) & ~Q(consent_purpose="")),
                name="patient_link_is_about_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} link {self.pk}"


class LinkRefused(Exception):
    """The address opens nothing. `reason` is UNKNOWN, EXPIRED or REVOKED; `link` is known except for UNKNOWN."""

    def __init__(self, reason: str, link: PatientLink | None = None) -> None:
        self.reason = reason
        self.link = link
        super().__init__(reason)


#: What `mint` makes: 256 bits in URL-safe base64. Anything else is refused without asking the database.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def hash_token(token: str) -> str:
    """SHA-256 of the token, hex. A 256-bit random token needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def mint(
    *,
    purpose: str,
    patient: Any,
    now: datetime,
    follow_up: Any = None,
    appointment: Any = None,
    consent_purpose: str = "",
) -> str:
    """Return a new token (43 URL-safe characters, 256 bits). It is not kept anywhere: only its hash is.

    Raises ValueError if what the link is about belongs to another patient.
    """
    token, link = prepare(
        purpose=purpose,
        patient=patient,
        now=now,
        follow_up=follow_up,
        appointment=appointment,
        consent_purpose=consent_purpose,
    )
    link.save(force_insert=True)
    return token


def prepare(
    *,
    purpose: str,
    patient: Any,
    now: datetime,
    follow_up: Any = None,
    appointment: Any = None,
    consent_purpose: str = "",
) -> tuple[str, PatientLink]:
    """Return a new token with the link that has yet to be stored: for who mints many at once. Otherwise like `mint`."""
    for thing in (follow_up, appointment):
        if thing is not None and thing.patient_id != patient.pk:
            raise ValueError("A link about what belongs to another patient.")
    token = secrets.token_urlsafe(32)
    return token, PatientLink(
        token_hash=hash_token(token),
        purpose=purpose,
        patient=patient,
        follow_up=follow_up,
        appointment=appointment,
        consent_purpose=consent_purpose,
        created_at=now,
        expires_at=now + LIFETIMES[LinkPurpose(purpose)],
    )


def open_link(token: str, *, now: datetime, purposes: tuple[str, ...] = ()) -> PatientLink:
    """Return the link behind `token`, with its patient, their clinic and what it is about. Changes nothing.

    Raises LinkRefused when the token is unknown (whatever it consists of), meant for another purpose, expired or revoked.
    """
    if not _TOKEN.fullmatch(token):
        raise LinkRefused("UNKNOWN")
    link = (
        PatientLink.objects.select_related(
            "patient__clinic",
            "follow_up__session__practitioner",
            "appointment__practitioner",
            "appointment__clinic",
            "appointment__kind",
            "appointment__follow_up__session__practitioner",
        )
        .filter(token_hash=hash_token(token))
        .first()
    )
    if link is None or (purposes and link.purpose not in purposes):
        raise LinkRefused("UNKNOWN")
    if link.revoked_at is not None:
        raise LinkRefused("REVOKED", link)
    if link.expires_at <= now:
        raise LinkRefused("EXPIRED", link)
    return link


def mark_used(link: PatientLink, *, now: datetime) -> None:
    """Record when something was first done through `link`. Later acts leave it as it is."""
    PatientLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now)


def revoke_for(patient: Any, *, now: datetime) -> int:
    """Make every link of `patient` open nothing from now on; return how many still could.

    For a changed e-mail address (who reads the old one is no longer known) and for a death. Call it in the transaction of that
    change.
    """
    return PatientLink.objects.filter(patient=patient, revoked_at__isnull=True).update(revoked_at=now)
