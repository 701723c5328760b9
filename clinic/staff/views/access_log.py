"""Who saw and changed a patient's record, in plain sentences."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse

from clinic.audit import AuditEvent
from clinic.practice.roles import Permission
from clinic.staff.access_sentences import sentence
from clinic.staff.patient_pages import PatientPage, page_number

ROWS = 100


class AccessLog(PatientPage):
    """The audit rows of one patient, the newest first. Reading them is a view of the record too."""

    permission = Permission.VIEW_ACCESS_LOG
    template = "staff/access-log.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        number = page_number(request.GET.get("page", ""))
        events = AuditEvent.objects.filter(patient_id_public=patient.public_id).select_related("actor").order_by("-at", "-id")
        found = list(events[(number - 1) * ROWS : number * ROWS + 1])
        return self.answer(
            patient,
            seen="AccessLog",
            rows=[sentence(event) for event in found[:ROWS]],
            newer=f"?page={number - 1}" if number > 1 else "",
            older=f"?page={number + 1}" if len(found) > ROWS else "",
            zone=patient.clinic.zone,
        )
