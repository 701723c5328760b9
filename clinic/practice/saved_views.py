"""A list as somebody keeps it under a name: which page, and its filters as they stand in the address."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ViewedPage(models.TextChoices):
    """The lists of which views can be kept."""

    FOLLOW_UPS = "FOLLOW_UPS", _("follow-ups")
    TASKS = "TASKS", _("tasks")


class SavedView(models.Model):
    """One person's own view of a list. Never anything of a patient: a view with a text that was searched for is not kept."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey("clinic.User", on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=16, choices=ViewedPage.choices)
    name = models.CharField(_("name"), max_length=60)
    #: What stands in the address after the question mark.
    query = models.CharField(max_length=1000, blank=True)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_name_once"),
            models.UniqueConstraint(fields=["user", "page"], condition=Q(is_default=True), name="saved_view_one_default"),
        ]

    def __str__(self) -> str:
        return f"view {self.public_id}"
