"""Second causes of a task: what one and the same call sees to."""

from __future__ import annotations

from django.db import models

from clinic.patients.models import StaffTask, TaskKind
from clinic.patients.validators import validate_line

#: Each of these tasks is to find out how letters can reach the patient: one of them open at a time is enough.
TO_REACH_THEM: tuple[str, ...] = (TaskKind.PHONE_NO_ADDRESS, TaskKind.PHONE_BOUNCED, TaskKind.CHECK_ADDRESS)


class JoinedCause(models.Model):
    """What would have been a task of its own, had none for the same need stood open. Append-only; remembered, done or not."""

    task = models.ForeignKey(StaffTask, on_delete=models.PROTECT, related_name="joined_causes")
    kind = models.CharField(max_length=24, choices=TaskKind.choices)
    cause_key = models.CharField(max_length=80, unique=True, editable=False)
    note = models.CharField(max_length=200, blank=True, validators=[validate_line])
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} of {self.task}"
