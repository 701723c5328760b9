"""What mail servers reported of letters: one row a report, so that the same one counts once. Never its text or an address."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.mailer.reports import Kind


class ReportWay(models.TextChoices):
    """How a report came in."""

    FILE = "FILE", _("file")
    WEBHOOK = "WEBHOOK", _("over HTTP")


class ReportKind(models.TextChoices):
    """What it says (`mailer.reports.Kind`), in words."""

    FAILED = Kind.FAILED, _("could not be delivered")
    DELAYED = Kind.DELAYED, _("delayed")
    DELIVERED = Kind.DELIVERED, _("arrived")
    COMPLAINED = Kind.COMPLAINED, _("called unwanted")
    REPLIED = Kind.REPLIED, _("automatic reply")
    UNREADABLE = Kind.UNREADABLE, _("cannot be read")


class DeliveryReport(models.Model):
    """One report. `why` is empty where it was understood and acted on; otherwise a person has to look."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    content_hash = models.CharField(max_length=64, unique=True)
    way = models.CharField(max_length=8, choices=ReportWay.choices)
    kind = models.CharField(max_length=12, choices=ReportKind.choices)
    status = models.CharField(max_length=12, blank=True, help_text=_("RFC 3463, such as 5.1.1"))
    why = models.CharField(max_length=24, blank=True, help_text=_("one code: why a person must read it"))
    #: The letter it names, if it names one of ours and no other.
    message = models.ForeignKey("clinic.Message", on_delete=models.PROTECT, null=True, blank=True, related_name="reports")
    size = models.PositiveIntegerField(help_text=_("bytes"))
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="delivery_report_settled_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-received_at", "-id"],
                condition=Q(settled_at__isnull=True) & ~Q(why=""),
                name="delivery_report_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class UsedSignature(models.Model):
    """A signature under which a report was handed in over HTTP: none counts twice. Forgotten once it is too old to count."""

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"used at {self.at:%Y-%m-%d %H:%M:%S}"
