"""Kinds of visit: what a visit is for and how long it takes."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.scheduling.models import VisitKind
from clinic.scheduling.services import HoursRefused, add_visit_kind, change_visit_kind
from clinic.staff.forms.hours import VisitKindForm
from clinic.staff.views.hours import HoursPage


class VisitKindAdd(HoursPage):
    """A kind of visit that the clinic does not have yet."""

    permission = Permission.MANAGE_CLINIC

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.answer(self.get_clinic(public_id), VisitKindForm())

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        form = VisitKindForm(request.POST)
        if form.is_valid():
            try:
                add_visit_kind(by=self.actor, clinic=clinic, now=self.now, **form.cleaned_data)
            except HoursRefused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("Saved. Visits of this kind can be booked."))
                return redirect("staff:hours-show", clinic.public_id)
        return self.answer(clinic, form, status=422)

    def answer(self, clinic: Clinic, form: VisitKindForm, *, kind: VisitKind | None = None, status: int = 200) -> HttpResponse:
        context = {"clinic": clinic, "form": form, "kind": kind}
        return render(self.request, "staff/visit-kind-form.html", context, status=status)


class VisitKindChange(VisitKindAdd):
    """Another name or length, for visits booked from now on."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        kind = self.get_kind(public_id)
        initial = {"name": kind.name, "minutes": kind.minutes, "buffer_minutes": kind.buffer_minutes}
        return self.answer(kind.clinic, VisitKindForm(initial=initial), kind=kind)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        kind = self.get_kind(public_id)
        form = VisitKindForm(request.POST)
        if form.is_valid():
            try:
                change_visit_kind(by=self.actor, kind=kind, now=self.now, **form.cleaned_data)
            except HoursRefused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("Saved. Visits that are booked keep the time they have."))
                return redirect("staff:hours-show", kind.clinic.public_id)
        return self.answer(kind.clinic, form, kind=kind, status=422)

    def get_kind(self, public_id: uuid.UUID) -> VisitKind:
        """A kind of visit of one of the person's clinics; 404 for any other."""
        kind = VisitKind.objects.filter(clinic__in=self.clinics(), public_id=public_id).select_related("clinic").first()
        if kind is None:
            raise self.denied("VisitKind")
        return kind
