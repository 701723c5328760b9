"""What every page about one treatment that was signed does before anything else."""

from __future__ import annotations

import uuid

from clinic.staff.pages import StaffPage
from clinic.treatments.models import InjectionSession, SessionState

_SESSION = (
    "patient__clinic", "clinic", "condition__indication", "condition__patient", "product", "practitioner",
    "current_version__signed_by",
)  # fmt: skip


class TreatmentPage(StaffPage):
    """A page about one treatment that was signed, within the scope of its patient."""

    def load(self, public_id: uuid.UUID) -> InjectionSession:
        """The treatment; 404 for a draft and outside the scope."""
        found = (
            InjectionSession.objects.filter(patient__in=self.patients(), public_id=public_id)
            .exclude(state=SessionState.DRAFT)
            .select_related(*_SESSION)
            .first()
        )
        if found is None:
            raise self.denied("InjectionSession")
        return found
