"""What has been typed of a treatment and not been signed."""

from __future__ import annotations

import uuid

from django.db import models


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
