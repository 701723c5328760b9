"""Addresses to which nothing goes, and writing to one again once the patient has confirmed it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.practice.services import clinics_where
from clinic.reminders import services
from clinic.reminders.models import Suppression
from clinic.reminders.services import DecisionRefused
from clinic.reminders.wording import why_suppressed
from clinic.staff.forms.suppressions import LiftForm
from clinic.staff.letter_tabs import ADDRESSES, letter_tabs
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of

#: The newest first; served by the index `suppression_standing`.
ORDER = ("-at", "-id")


def standing_at(clinics: QuerySet[Clinic]) -> QuerySet[Suppression]:
    """The suppressions that hold at these clinics, with what a row shows."""
    standing = Suppression.objects.filter(clinic__in=clinics, lifted_at__isnull=True)
    return standing.select_related("message__patient", "clinic")


class SuppressionList(StaffPage):
    """Every address to which nothing goes, with the patient and the reason."""

    permission = Permission.VIEW_LETTERS

    def get(self, request: HttpRequest) -> HttpResponse:
        seen = standing_at(self.clinics())
        page = page_of(seen, params=request.GET, order=ORDER)
        self.listed("Suppression", len(page.rows))
        lifting = set(clinics_where(self.user, Permission.EDIT_PATIENTS).values_list("pk", flat=True))
        deciding = clinics_where(self.user, Permission.DECIDE_LETTERS)
        context = {
            "page": page,
            "tabs": letter_tabs(current=ADDRESSES, may_decide=deciding.exists()),
            "rows": [
                {
                    "suppression": one,
                    "patient": one.message.patient if one.message else None,
                    "is_theirs": services.patient_at(one) is not None,
                    "why": why_suppressed(one.reason),
                    "may_lift": one.clinic_id in lifting,
                }
                for one in page.rows
            ],
        }
        return render(request, "staff/suppression-list.html", context)


class SuppressionLift(StaffPage):
    """Write to an address again. What is refused stands beside its field (422)."""

    permission = Permission.EDIT_PATIENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.answer(self.get_suppression(public_id), LiftForm())

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        suppression = self.get_suppression(public_id)
        form = LiftForm(request.POST)
        if form.is_valid():
            try:
                services.lift_suppression(
                    by=self.actor, suppression=suppression, reason=form.cleaned_data["reason"], now=self.now
                )
            except DecisionRefused as refused:
                form.add_error("reason", str(refused))
            else:
                messages.success(request, _("Letters go to this address again."))
                return redirect("staff:suppression-list")
        return self.answer(suppression, form, status=422)

    def get_suppression(self, public_id: uuid.UUID) -> Suppression:
        """The suppression with this public id, lifted or not; 404 (and a DENIED row) outside the scope."""
        found = Suppression.objects.filter(clinic__in=self.clinics(), public_id=public_id)
        suppression = found.select_related("message__patient", "clinic").first()
        if suppression is None:
            raise self.denied("Suppression")
        return suppression

    def answer(self, suppression: Suppression, form: LiftForm, status: int = 200) -> HttpResponse:
        patient = services.patient_at(suppression)
        if patient is not None:
            self.viewed(patient, suppression)
        context: dict[str, Any] = {
            "suppression": suppression,
            "patient": patient,
            "form": form,
            "zone": suppression.clinic.zone,
            "why": why_suppressed(suppression.reason),
        }
        return render(self.request, "staff/suppression-lift.html", context, status=status)
