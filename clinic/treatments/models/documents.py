"""Photographs and papers of a patient: what is known of each file, and that one was withdrawn."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.patients.validators import validate_line
from clinic.treatments.models.sessions import InjectionSession


class DocumentKind(models.TextChoices):
    """What a document is. Photographs have rights of their own (`Permission.VIEW_PHOTOGRAPHS`)."""

    PHOTOGRAPH = "PHOTOGRAPH", _("photograph")
    SIGNED_CONSENT = "SIGNED_CONSENT", _("signed consent")
    LETTER = "LETTER", _("letter")
    OTHER = "OTHER", _("other paper")


class ContentType(models.TextChoices):
    """What a file is, by its content."""

    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"
    WEBP = "image/webp", "WebP"
    PDF = "application/pdf", "PDF"


class DocumentQuerySet(models.QuerySet["Document"]):
    """Documents, narrowed by what a person may see."""

    def photographs(self) -> DocumentQuerySet:
        return self.filter(kind=DocumentKind.PHOTOGRAPH)

    def without_photographs(self) -> DocumentQuerySet:
        return self.exclude(kind=DocumentKind.PHOTOGRAPH)

    def newest_first(self) -> DocumentQuerySet:
        """By the day they were taken; with what a list shows of each."""
        return self.select_related("session", "withdrawal", "uploaded_by").order_by("-taken_on", "-pk")


class Document(models.Model):
    """One file about a patient and, where it has one, about a treatment of theirs. Append-only: it is withdrawn, never deleted.

    The bytes lie in the storage "documents" under names that tell nothing (`stored_as`). What the file was called where it came
    from is not kept: names of files name patients.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="documents")
    session = models.ForeignKey(InjectionSession, on_delete=models.PROTECT, null=True, blank=True, related_name="documents")
    kind = models.CharField(_("kind"), max_length=16, choices=DocumentKind.choices)
    title = models.CharField(_("title"), max_length=120, blank=True, validators=[validate_line])
    taken_on = models.DateField(_("taken or signed on"))
    sent_type = models.CharField(_("type as it was sent"), max_length=16, choices=ContentType.choices)
    content_type = models.CharField(_("type as it is kept"), max_length=16, choices=ContentType.choices)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64, help_text=_("of the file as it is kept, in hexadecimal"))
    width = models.PositiveIntegerField(null=True, blank=True, help_text=_("pixels"))
    height = models.PositiveIntegerField(null=True, blank=True, help_text=_("pixels"))
    stored_as = models.CharField(max_length=60, unique=True, editable=False)
    thumbnail_as = models.CharField(max_length=60, blank=True, editable=False)
    uploaded_by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind="PHOTOGRAPH") | ~Q(title=""), name="document_paper_has_a_title"),
            models.CheckConstraint(
                condition=Q(content_type="application/pdf", width__isnull=True, height__isnull=True, thumbnail_as="")
                | Q(content_type="image/jpeg", width__isnull=False, width__gt=0, height__isnull=False, height__gt=0),
                name="document_picture_has_sides_and_paper_none",
            ),
            models.CheckConstraint(
                condition=~Q(kind="PHOTOGRAPH") | (Q(content_type="image/jpeg") & ~Q(thumbnail_as="")),
                name="document_photograph_is_a_picture",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="document_is_not_empty"),
        ]
        indexes = [
            models.Index(fields=["patient", "-taken_on", "-id"], name="document_newest_first"),
            models.Index(fields=["session"], condition=Q(session__isnull=False), name="document_by_session"),
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()

    @property
    def is_photograph(self) -> bool:
        return self.kind == DocumentKind.PHOTOGRAPH

    @property
    def is_picture(self) -> bool:
        return self.content_type == ContentType.JPEG

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was withdrawn. Free where `withdrawal` was loaded with it."""
        return hasattr(self, "withdrawal")


class DocumentWithdrawal(models.Model):
    """That a document counts for nothing any more, and why. Append-only: the file stays and can be read."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(_("reason"), max_length=250, validators=[validate_line])
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="document_withdrawal_with_a_reason")]

    def __str__(self) -> str:
        return f"withdrawn {self.at:%Y-%m-%d %H:%M}"
