"""Holding a patient's invitations, and ending a hold."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clinic.patients.models import Hold, Patient
from clinic.patients.services import clear_hold, set_hold
from clinic.practice.roles import Permission
from clinic.staff.forms.patients import HoldForm
from clinic.staff.patient_pages import PatientFormPage, PatientPage


class HoldSet(PatientFormPage):
    """Hold the patient's invitations for a reason, with a day on which somebody looks again."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/hold-set.html"
    form_class = HoldForm

    def act(self, patient: Patient, form: HoldForm) -> str:
        set_hold(by=self.actor, patient=patient, now=self.now, **form.cleaned_data)
        return _("%(patient)s is on hold: no invitation goes until the hold is ended.") % {"patient": patient}


class HoldClear(PatientPage):
    """End one hold. A button, not a page."""

    permission = Permission.EDIT_PATIENTS

    def post(self, request: HttpRequest, public_id: uuid.UUID, hold_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        hold = Hold.objects.filter(patient=patient, public_id=hold_id).first()
        if hold is None:
            raise self.denied("Hold")
        clear_hold(by=self.actor, hold=hold, now=self.now)
        messages.success(request, _("The hold is ended."))
        return redirect("staff:patient-show", patient.public_id)
