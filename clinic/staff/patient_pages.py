"""What every page about one patient does: load them within the scope, leave a row in the audit log, know the reader's rights."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clinic.patients.models import Patient
from clinic.patients.services import Refused
from clinic.practice.roles import PERMISSIONS, Permission, Role
from clinic.practice.services import memberships_of
from clinic.staff.forms.fields import PlainForm
from clinic.staff.pages import StaffPage

#: One patient's rows fill no more pages; an address that asks for more is answered with the last there can be.
MOST_PAGES = 1000


def page_number(text: str) -> int:
    """The number of a page of one patient's rows, as it stands in an address; anything that is none is the first."""
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 10 else 1


class PatientPage(StaffPage):
    """A page about one patient. Showing it is a view of the record."""

    template: ClassVar[str]

    def rights(self, patient: Patient) -> frozenset[Permission]:
        """What this person may do at the patient's clinic."""
        here = (one for one in memberships_of(self.user) if one.clinic_id == patient.clinic_id)
        return next((PERMISSIONS[Role(one.role)] for one in here), frozenset())

    def today(self, patient: Patient) -> date:
        return self.now.astimezone(patient.clinic.zone).date()

    def answer(self, patient: Patient, status: int = 200, **context: Any) -> HttpResponse:
        """The page, with the view of the record noted."""
        self.viewed(patient, context.pop("seen", None))
        return render(self.request, self.template, {"patient": patient, "today": self.today(patient), **context}, status=status)


class PatientFormPage(PatientPage):
    """A page with one form about one patient. What is refused stands beside its field (422), the form as it was filled in."""

    form_class: ClassVar[type[PlainForm]]

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        return self.answer(patient, form=self.fresh_form(patient))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        form = self.filled_form(patient)
        if form.is_valid():
            try:
                done = self.act(patient, form)
            except Refused as refused:
                form.refuse(refused.problems)
            else:
                if done:
                    messages.success(request, done)
                return redirect(self.next_page(patient))
        return self.answer(patient, status=422, form=form)

    def fresh_form(self, patient: Patient) -> PlainForm:
        """The form as the page is opened with it."""
        return self.form_class()

    def filled_form(self, patient: Patient) -> PlainForm:
        """The form as it was sent."""
        return self.form_class(self.request.POST)

    def act(self, patient: Patient, form: Any) -> str:
        """Do it; return what to tell the person, or nothing. Raises Refused."""
        raise NotImplementedError

    def next_page(self, patient: Patient) -> str:
        """Where the person goes on."""
        return reverse("staff:patient-show", args=[patient.public_id])
