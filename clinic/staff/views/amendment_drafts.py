"""Keeping what has been typed of an amendment until it is signed."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinic.practice.roles import Permission
from clinic.staff.drafts import place_of_amendment
from clinic.staff.forms.points import PREFIX, point_rows, posted_rows
from clinic.staff.views.treatment_amending import TreatmentAmend
from clinic.staff.views.treatment_drafts import DraftKeeping
from clinic.treatments.services import DraftConflict


class AmendmentDraft(DraftKeeping, TreatmentAmend):
    """Keep the amendment page as it stands, however unfinished.

    Answers 409 where somebody else has written in the draft since, with what they wrote; nothing is kept then.
    """

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.open(public_id) or redirect(place_of_amendment(self.session).page)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        if (away := self.open(public_id)) is not None:
            return away
        place = place_of_amendment(self.session)
        try:
            return self.keep(place, self.session.patient, self.session.condition, self.session)
        except DraftConflict as conflict:
            desk = self.desk(request.POST)
            if (told := self.tell_the_script(place, desk, conflict)) is not None:
                return told
            form = self.form_for(desk, request.POST)
            points = point_rows(0)(request.POST, prefix=PREFIX, form_kwargs=desk.row_facts())
            return self.page(desk, posted_rows(request.POST), form=form, points=points, status=409, conflict=conflict)


class AmendmentDraftDiscard(DraftKeeping, TreatmentAmend):
    """Throw the draft of an amendment away, and begin from what is on record."""

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.open(public_id) or redirect("staff:treatment-amend", public_id)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        if (away := self.open(public_id)) is not None:
            return away
        self.discard(self.session.patient, self.session.condition, self.session)
        return redirect("staff:treatment-amend", public_id)
