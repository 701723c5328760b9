"""What has been typed of a treatment, or of its amendment, and not been signed."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class TreatmentDraft(models.Model):
    """What has been typed of a treatment that nobody has signed yet. It may change, and goes when it is signed or discarded.

    Without a session it is the next treatment of the condition; with one, an amendment of that signed treatment: one draft each.
    `typed` holds the fields of the form as JSON, exactly as they were sent: a draft may be impossible. It is text, because
    PostgreSQL's JSON takes no NUL character. `revision` rises with each saving; whoever saves over a revision that they have not
    seen is refused.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey("clinic.Patient", on_delete=models.PROTECT, related_name="treatment_drafts")
    condition = models.ForeignKey("clinic.Condition", on_delete=models.PROTECT, related_name="treatment_drafts")
    session = models.OneToOneField(
        "clinic.InjectionSession", on_delete=models.PROTECT, null=True, blank=True, related_name="amendment_draft"
    )
    by = models.ForeignKey("clinic.User", on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    typed = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["condition"], condition=Q(session__isnull=True), name="treatment_draft_one_per_condition"
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.public_id}"
