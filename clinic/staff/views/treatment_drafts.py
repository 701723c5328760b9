"""Keeping what has been typed of a treatment until it is signed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.patients.models import Condition, Patient
from clinic.practice.roles import Permission
from clinic.staff.drafts import NOT_TYPED, conflict_of, posted_revision, record_url
from clinic.staff.forms.points import PREFIX, point_rows, posted_rows
from clinic.staff.views.treatments import TreatmentRecord
from clinic.treatments.services import DraftConflict, DraftTooLong, discard_draft, keep_draft

#: What the page's script sends with each request: it reads an answer, where a person without it is led on.
_SCRIPT = "X-Draft"


class TreatmentDraftKeep(TreatmentRecord):
    """Keep the record page as it stands, however unfinished.

    Answers 409 where somebody else has written in the draft since, with what they wrote; nothing is kept then.
    """

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        return self.choose_condition(patient) if condition is None else redirect(record_url(patient, condition))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        typed = {name: values for name, values in request.POST.lists() if name not in NOT_TYPED}
        if not typed:
            return HttpResponse(_("Nothing was typed, and nothing was kept."), status=422)
        try:
            draft = keep_draft(
                by=self.actor,
                patient=patient,
                condition=condition,
                revision=posted_revision(request.POST) or 0,
                typed=typed,
                now=self.now,
            )
        except DraftConflict as conflict:
            return self.tell_of_conflict(patient, condition, conflict)
        except DraftTooLong:
            return HttpResponse(_("This is more than a treatment can say: it was not kept."), status=422)
        at = date_format(draft.updated_at.astimezone(patient.clinic.zone), "H:i")
        kept = _("Draft kept at %(at)s.") % {"at": at}
        if _SCRIPT in request.headers:
            return JsonResponse({"revision": draft.revision, "sentence": kept})
        messages.success(request, kept)
        return redirect(record_url(patient, condition))

    def tell_of_conflict(self, patient: Patient, condition: Condition, conflict: DraftConflict) -> HttpResponse:
        desk = self.lay_desk(patient, condition, self.request.POST)
        if _SCRIPT in self.request.headers:
            self.viewed(patient, conflict.draft)
            context = {"conflict": conflict_of(conflict.draft, desk), "by_script": True}
            return render(self.request, "staff/treatment-draft-conflict.html", context, status=409)
        form = self.form_for(desk, self.request.POST)
        points = point_rows(0)(self.request.POST, prefix=PREFIX, form_kwargs=desk.row_facts())
        return self.answer(desk, posted_rows(self.request.POST), form=form, points=points, status=409, conflict=conflict)


class TreatmentDraftDiscard(TreatmentRecord):
    """Throw a draft away, and begin anew."""

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        return self.choose_condition(patient) if condition is None else redirect(record_url(patient, condition))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        revision = posted_revision(request.POST) or 0
        try:
            discard_draft(by=self.actor, patient=patient, condition=condition, revision=revision, now=self.now)
        except DraftConflict:
            messages.warning(request, _("Somebody has gone on with this draft meanwhile: it was not discarded."))
        else:
            messages.success(request, _("The draft is discarded."))
        return redirect(record_url(patient, condition))
