"""Reporting a side effect, and amending a report."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.patients.services import Refused
from clinic.practice.roles import Permission
from clinic.safety.models import SideEffect, Term, Urgency
from clinic.safety.services import amend, report
from clinic.staff.forms.side_effects import AmendForm, ReportForm
from clinic.staff.pages import StaffPage
from clinic.staff.patient_pages import PatientPage
from clinic.staff.side_effect_pages import SideEffectPage
from clinic.treatments.models import InjectionSession, SessionState


class SideEffectReport(PatientPage):
    """Report a side effect of a patient. `?session=` names the treatment; without it the newest is chosen."""

    permission = Permission.REPORT_SIDE_EFFECTS
    template = "staff/side-effect-report.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        sessions = self.sessions(patient)
        wanted = request.GET.get("session", "")
        known = {str(session.public_id): session for session in sessions}
        chosen = wanted if wanted in known else next(iter(known), "")
        initial = {"token": uuid.uuid4(), "session": chosen}
        return self.answer(patient, form=ReportForm(initial=initial, sessions=sessions, terms=self.terms()))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        form = ReportForm(request.POST, sessions=self.sessions(patient), terms=self.terms())
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                side_effect = report(by=self.actor, patient=patient, public_id=given.pop("token"), now=self.now, **given)
            except Refused as refused:
                form.refuse(refused.problems)
            else:
                return redirect(self.told(patient, side_effect))
        return self.answer(patient, status=422, form=form)

    def told(self, patient: Patient, side_effect: SideEffect) -> str:
        """Tell the person that it is kept, and at once what is urgent; return where they go on."""
        messages.success(self.request, _("The side effect is reported."))
        may_see_log = Permission.VIEW_SIDE_EFFECT_LOG in self.rights(patient)
        if may_see_log:
            return reverse("staff:side-effect-show", args=[side_effect.public_id])
        term = side_effect.facts.term
        if term.urgency == Urgency.RED:
            text = _("Urgent: %(term)s. A doctor must see the patient at once. %(emergency)s")
            messages.error(self.request, text % {"term": term.plain_name, "emergency": patient.clinic.emergency_text})
        return reverse("staff:patient-show", args=[patient.public_id])

    def sessions(self, patient: Patient) -> list[InjectionSession]:
        """The patient's signed treatments, the newest first."""
        signed = InjectionSession.objects.filter(patient=patient, state=SessionState.SIGNED)
        return list(signed.select_related("product", "condition__indication").order_by("-performed_on", "-id"))

    def terms(self) -> list[Term]:
        return list(Term.objects.filter(is_active=True).order_by("region", "plain_name"))


class SideEffectReportTreatment(StaffPage):
    """The way to the report from a treatment's own address."""

    permission = Permission.REPORT_SIDE_EFFECTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = (
            InjectionSession.objects.filter(patient__in=self.patients(), public_id=public_id).select_related("patient").first()
        )
        if session is None:
            raise self.denied("InjectionSession")
        page = reverse("staff:side-effect-report", args=[session.patient.public_id])
        return redirect(f"{page}?session={session.public_id}")


class SideEffectAmend(SideEffectPage):
    """Say what is known by now, with the reason of the change. What was said before stays."""

    template = "staff/side-effect-amend.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        side_effect = self.load(public_id)
        return self.show(side_effect, form=AmendForm(initial=AmendForm.of(side_effect.facts), terms=self.terms(side_effect)))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        side_effect = self.load(public_id)
        form = AmendForm(request.POST, terms=self.terms(side_effect))
        if form.is_valid():
            try:
                amend(by=self.actor, side_effect=side_effect, now=self.now, **form.cleaned_data)
            except Refused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("The report is amended. What was said before stays below."))
                return redirect("staff:side-effect-show", side_effect.public_id)
        return self.show(side_effect, 422, form=form)

    def terms(self, side_effect: SideEffect) -> list[Term]:
        """Those in use, and the one that the report names already."""
        in_use = Term.objects.filter(is_active=True) | Term.objects.filter(pk=side_effect.facts.term_id)
        return list(in_use.order_by("region", "plain_name"))
