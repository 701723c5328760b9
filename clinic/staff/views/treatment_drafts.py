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
from clinic.staff.drafts import NOT_TYPED, DraftPlace, conflict_of, place_of, posted_revision
from clinic.staff.forms.points import PREFIX, point_rows, posted_rows
from clinic.staff.pages import StaffPage
from clinic.staff.recording import Desk
from clinic.staff.views.treatments import TreatmentRecord
from clinic.treatments.models import InjectionSession
from clinic.treatments.services import DraftConflict, DraftTooLong, discard_draft, keep_draft

#: What the page's script sends with each request: it reads an answer, where a person without it is led on.
_SCRIPT = "X-Draft"


class DraftKeeping(StaffPage):
    """What keeping and discarding the draft of a treatment and of an amendment have in common."""

    def keep(self, place: DraftPlace, patient: Patient, condition: Condition, session: InjectionSession | None) -> HttpResponse:
        """Keep the form as it was sent. Raises DraftConflict where somebody else has written in the draft since."""
        posted = self.request.POST
        typed = {name: values for name, values in posted.lists() if name not in NOT_TYPED}
        if not typed:
            return HttpResponse(_("Nothing was typed, and nothing was kept."), status=422)
        try:
            draft = keep_draft(
                by=self.actor,
                patient=patient,
                condition=condition,
                revision=posted_revision(posted) or 0,
                typed=typed,
                session=session,
                now=self.now,
            )
        except DraftTooLong:
            return HttpResponse(_("This is more than a treatment can say: it was not kept."), status=422)
        at = date_format(draft.updated_at.astimezone(patient.clinic.zone), "H:i")
        kept = _("Draft kept at %(at)s.") % {"at": at}
        if _SCRIPT in self.request.headers:
            return JsonResponse({"revision": draft.revision, "sentence": kept})
        messages.success(self.request, kept)
        return redirect(place.page)

    def tell_the_script(self, place: DraftPlace, desk: Desk, conflict: DraftConflict) -> HttpResponse | None:
        """What the other wrote, for the page's script; None where there is none."""
        if _SCRIPT not in self.request.headers:
            return None
        self.viewed(desk.patient, conflict.draft)
        context = {"conflict": conflict_of(conflict.draft, desk, place), "by_script": True}
        return render(self.request, "staff/treatment-draft-conflict.html", context, status=409)

    def discard(self, patient: Patient, condition: Condition, session: InjectionSession | None) -> None:
        """Throw the draft away and say so; or say that somebody has gone on with it."""
        revision = posted_revision(self.request.POST) or 0
        try:
            discard_draft(by=self.actor, patient=patient, condition=condition, revision=revision, session=session, now=self.now)
        except DraftConflict:
            messages.warning(self.request, _("Somebody has gone on with this draft meanwhile: it was not discarded."))
        else:
            messages.success(self.request, _("The draft is discarded."))


class TreatmentDraftKeep(DraftKeeping, TreatmentRecord):
    """Keep the record page as it stands, however unfinished.

    Answers 409 where somebody else has written in the draft since, with what they wrote; nothing is kept then.
    """

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        return self.choose_condition(patient) if condition is None else redirect(place_of(patient, condition).page)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        place = place_of(patient, condition)
        try:
            return self.keep(place, patient, condition, None)
        except DraftConflict as conflict:
            desk = self.lay_desk(patient, condition, request.POST)
            if (told := self.tell_the_script(place, desk, conflict)) is not None:
                return told
            form = self.form_for(desk, request.POST)
            points = point_rows(0)(request.POST, prefix=PREFIX, form_kwargs=desk.row_facts())
            return self.answer(desk, posted_rows(request.POST), form=form, points=points, status=409, conflict=conflict)


class TreatmentDraftDiscard(DraftKeeping, TreatmentRecord):
    """Throw a draft away, and begin anew."""

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        return self.choose_condition(patient) if condition is None else redirect(place_of(patient, condition).page)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        self.discard(patient, condition, None)
        return redirect(place_of(patient, condition).page)
