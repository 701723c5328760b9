"""What a patient agrees to, changed by staff at the patient's word."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clinic.patients.models import ConsentPurpose
from clinic.patients.services import give_consent, withdraw_consent
from clinic.practice.roles import Permission
from clinic.staff.forms.patients import ConsentForm
from clinic.staff.patient_pages import PatientPage


class ConsentChange(PatientPage):
    """Give or withdraw one purpose: the buttons on the patient's page. Nothing else can be sent from there."""

    permission = Permission.EDIT_PATIENTS

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        form = ConsentForm(request.POST)
        if not form.is_valid():
            return HttpResponse(_("This is not one of the buttons of the page."), status=422, content_type="text/plain")
        act = give_consent if form.is_given else withdraw_consent
        row = act(by=self.actor, patient=patient, purpose=form.purpose, how=form.cleaned_data["how"], now=self.now)
        label = ConsentPurpose(form.purpose).label
        if row is None:
            messages.info(request, _("It was so already: %(purpose)s.") % {"purpose": label})
        elif form.is_given:
            messages.success(request, _("%(patient)s agrees to %(purpose)s.") % {"patient": patient, "purpose": label})
        else:
            messages.success(request, _("%(patient)s no longer agrees to %(purpose)s.") % {"patient": patient, "purpose": label})
        return redirect("staff:patient-show", patient.public_id)
