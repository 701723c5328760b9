"""Writing down what a patient was given somewhere else, and taking an entry out of the count."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.practice.roles import Permission
from clinic.staff.forms.given_elsewhere import GivenElsewhereForm, VoidForm
from clinic.staff.patient_pages import PatientFormPage
from clinic.toxins.models import Product
from clinic.treatments.models import GivenElsewhere
from clinic.treatments.services import note_given_elsewhere, void_given_elsewhere


class GivenElsewhereAdd(PatientFormPage):
    """Write down units of a product that the patient had at another place: they count in the checks."""

    permission = Permission.RECORD_TREATMENTS
    template = "staff/given-elsewhere-add.html"
    form_class = GivenElsewhereForm

    def fresh_form(self, patient: Patient) -> GivenElsewhereForm:
        return GivenElsewhereForm(products=self.products())

    def filled_form(self, patient: Patient) -> GivenElsewhereForm:
        return GivenElsewhereForm(self.request.POST, products=self.products())

    def products(self) -> list[Product]:
        return list(Product.objects.order_by("brand_name"))

    def act(self, patient: Patient, form: GivenElsewhereForm) -> str:
        entry = note_given_elsewhere(by=self.actor, patient=patient, now=self.now, **form.cleaned_data)
        return _("Noted: %(product)s, given elsewhere. It counts in the checks of %(patient)s.") % {
            "product": entry.product, "patient": patient,
        }  # fmt: skip


class GivenElsewhereVoid(PatientFormPage):
    """Say that an entry does not count, and why. It stays on record."""

    permission = Permission.RECORD_TREATMENTS
    template = "staff/given-elsewhere-void.html"
    form_class = VoidForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.entry_id: uuid.UUID = kwargs.pop("entry_id")
        return super().dispatch(request, *args, **kwargs)

    def answer(self, patient: Patient, status: int = 200, **context: Any) -> HttpResponse:
        return super().answer(patient, status, entry=self.entry_of(patient), **context)

    def act(self, patient: Patient, form: VoidForm) -> str:
        void_given_elsewhere(by=self.actor, entry=self.entry_of(patient), reason=form.cleaned_data["reason"], now=self.now)
        return _("The entry does not count any more.")

    def entry_of(self, patient: Patient) -> GivenElsewhere:
        entry = GivenElsewhere.objects.select_related("product").filter(patient=patient, public_id=self.entry_id).first()
        if entry is None:
            raise self.denied("GivenElsewhere")
        return entry
