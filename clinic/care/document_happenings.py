"""When photographs and papers were attached to a patient's record and withdrawn, as rows of a timeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate

from clinic.care.happenings import Kind, shaped
from clinic.treatments.models import Document, DocumentKind, DocumentWithdrawal


def documents(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """ATTACHED: kind, title, by whom, and WITHDRAWN as its state where it was. WITHDRAWN: kind, title, the reason, by whom.

    Both on the day on which it was done: the day of a photograph stands with its picture.
    """
    yield from _documents(Q(document__patient_id=patient_id), Q(patient_id=patient_id), zone)


def papers(patient_id: int, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    """What `documents` gives, for a reader who may not see photographs: nothing tells that there are any."""
    photograph = DocumentKind.PHOTOGRAPH
    yield from _documents(
        Q(document__patient_id=patient_id) & ~Q(document__kind=photograph), Q(patient_id=patient_id) & ~Q(kind=photograph), zone
    )


def _documents(withdrawn: Q, attached: Q, zone: tzinfo) -> Iterator[QuerySet[Any, Any]]:
    yield shaped(
        Document.objects.filter(attached),
        kind=Kind.DOCUMENT,
        event="ATTACHED",
        on=TruncDate("uploaded_at", tzinfo=zone),
        at=F("uploaded_at"),
        public_id="public_id",
        state=Case(When(withdrawal__isnull=False, then=Value("WITHDRAWN")), default=Value(""), output_field=CharField()),
        what=F("kind"),
        about=F("title"),
        who="uploaded_by__name",
    )
    yield shaped(
        DocumentWithdrawal.objects.filter(withdrawn),
        kind=Kind.DOCUMENT,
        event="WITHDRAWN",
        on=TruncDate("at", tzinfo=zone),
        at=F("at"),
        public_id="document__public_id",
        what=F("document__kind"),
        about=F("document__title"),
        detail=F("reason"),
        who="by__name",
    )
