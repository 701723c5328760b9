"""Questions about appointments that a database answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from clinic.scheduling.models import Appointment


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Appointments by whether somebody is expected, and by the time they take."""

    def coming(self) -> Self:
        """Those for which the patient is expected or already in the house."""
        return self.filter(state__in=("BOOKED", "ARRIVED"))

    def on_days(self, spans: Mapping[int, tuple[datetime, datetime]]) -> Self:
        """Those at each clinic (by its key) that begin within its span: the day there, whatever the zone. Cancelled ones too."""
        wanted = Q(pk=None)
        for clinic_id, (begins, ends) in spans.items():
            wanted |= Q(clinic=clinic_id, starts_at__gte=begins, starts_at__lt=ends)
        return self.filter(wanted)

    def unnoted(self, days: Mapping[int, datetime]) -> Self:
        """Those that began before each clinic's (by its key) own beginning of the day, and nobody said what became of them."""
        wanted = Q(pk=None)
        for clinic_id, begins in days.items():
            wanted |= Q(clinic=clinic_id, starts_at__lt=begins)
        return self.coming().filter(wanted)

    def taking(self, starts_at: datetime, ends_at: datetime) -> Self:
        """Those that take any of the time from `starts_at` to just before `ends_at`, overbooked ones included."""
        return self.filter(state__in=("BOOKED", "ARRIVED", "TREATED"), starts_at__lt=ends_at, ends_at__gt=starts_at)

    def spans(self, practitioners: Iterable[int]) -> models.QuerySet[Appointment, tuple[int, datetime, datetime]]:
        """(practitioner's key, start, end) of those of `practitioners`, at whatever clinic."""
        return self.filter(practitioner__in=list(practitioners)).values_list("practitioner_id", "starts_at", "ends_at")
