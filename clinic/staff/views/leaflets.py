"""Recording the leaflet with which a patient agrees to treatment."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.patients.services import record_signed_leaflet, treatment_consent_on
from clinic.practice.roles import Permission
from clinic.staff.consent_words import consent_words
from clinic.staff.forms.leaflets import LeafletForm
from clinic.staff.patient_pages import PatientFormPage


class LeafletRecord(PatientFormPage):
    """One form for one signed leaflet. Who comes from recording a treatment goes on there, where its draft waits."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/leaflet-record.html"
    form_class = LeafletForm

    def fresh_form(self, patient: Patient) -> LeafletForm:
        return LeafletForm(initial={"signed_on": self.today(patient), "taken_by": str(self.user)})

    def answer(self, patient: Patient, status: int = 200, **context: object) -> HttpResponse:
        standing = consent_words(treatment_consent_on(patient=patient, on=self.today(patient)))
        return super().answer(patient, status, standing=standing, back=self.next_page(patient), **context)

    def act(self, patient: Patient, form: LeafletForm) -> str:
        facts = {"patient": patient, "version": form.cleaned_data["version"]}
        if record_signed_leaflet(by=self.actor, patient=patient, now=self.now, **form.cleaned_data) is None:
            return _("This leaflet is on record already.")
        return _("%(patient)s agrees to treatment: version %(version)s of the leaflet is on record.") % facts

    def next_page(self, patient: Patient) -> str:
        named = self.request.GET.get("condition")
        known = {str(one) for one in patient.conditions.values_list("public_id", flat=True)} if named else set()
        if named in known and Permission.RECORD_TREATMENTS in self.rights(patient):
            return reverse("staff:treatment-record", args=[patient.public_id]) + f"?condition={named}&draft=1"
        return reverse("staff:patient-show", args=[patient.public_id])
