"""The record of a treatment as a file to print."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse

from clinic import audit
from clinic.practice.roles import Permission
from clinic.staff.printed_record.contents import sheet_of
from clinic.staff.printed_record.paper import printed
from clinic.staff.treatment_pages import TreatmentPage
from clinic.treatments.services import current_of


class TreatmentPrint(TreatmentPage):
    """One version of a treatment's record as a PDF: the current one, or the one whose number the address names.

    It leaves a row in the audit log: what is printed lies somewhere that the log does not see. The name of the file says the day
    of treatment and nothing of the patient.
    """

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = self.load(public_id)
        wanted = request.GET.get("number", str(current_of(session).number))
        signed = session.versions.filter(signed_at__isnull=False).select_related("product", "practitioner", "signed_by")
        version = next((one for one in signed if str(one.number) == wanted), None)
        if version is None:
            raise self.denied("InjectionSession")
        file = printed(sheet_of(session, version, printed_by=str(self.user), now=self.now))
        audit.record(
            by=self.actor,
            action=audit.Action.EXPORTED,
            what=session,
            patient_public_id=session.patient.public_id,
            clinic_id=session.patient.clinic_id,
            version=version.number,
            now=self.now,
        )
        name = f"treatment-{version.performed_on:%Y-%m-%d}-version-{version.number}.pdf"
        return HttpResponse(
            file,
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
        )
