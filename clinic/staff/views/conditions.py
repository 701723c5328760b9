"""What a patient is treated for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.patients.services import add_condition, suggested_code_for
from clinic.practice.roles import Permission
from clinic.staff.forms.patients import ConditionForm
from clinic.staff.patient_pages import PatientFormPage


class ConditionAdd(PatientFormPage):
    """Add a condition with its side. A code that is left empty is the usual one for the side, where there is one."""

    permission = Permission.EDIT_PATIENTS
    template = "staff/condition-add.html"
    form_class = ConditionForm

    def act(self, patient: Patient, form: ConditionForm) -> str:
        given = form.cleaned_data
        onset_on, precision = given["began"] or (None, "")
        condition = add_condition(
            by=self.actor,
            patient=patient,
            indication=given["indication"],
            side=given["side"],
            onset_on=onset_on,
            onset_precision=precision,
            cause=given["cause"],
            grade=given["grade"],
            icd10_code=given["icd10_code"] or suggested_code_for(given["indication"], given["side"]),
            associated=given["associated"],
            now=self.now,
        )
        return _("Added: %(indication)s, %(side)s.") % {
            "indication": condition.indication,
            "side": condition.get_side_display(),
        }
