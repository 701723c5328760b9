"""The waiting list: who would come sooner, who is put on it and who is taken off."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.scheduling.services import (
    WaitingRefused,
    practitioners_of,
    put_on_waiting_list,
    take_off_waiting_list,
    waiting_at,
)
from clinic.scheduling.waiting_entries import LIVE, WaitingEntry
from clinic.staff.forms.waiting import WaitingForm
from clinic.staff.pages import StaffPage
from clinic.staff.waiting_lines import waiting_line
from clinic.treatments.models import FollowUp

#: Nobody reads further; the number of all is told.
MOST = 200


class WaitingList(StaffPage):
    """Everybody who waits for a sooner time at the reader's clinics, who would leave the window first at the top."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest) -> HttpResponse:
        found = waiting_at([one.clinic for one in memberships_of(self.user) if one.may(self.permission)])
        lines = [waiting_line(entry, facts, now=self.now, may_book=True) for entry, facts in found[:MOST]]
        self.listed("WaitingEntry", len(lines))
        return render(request, "staff/waiting-list.html", {"lines": lines, "total": len(found)})


class WaitingAdd(StaffPage):
    """Put a patient on the waiting list for one follow-up, or change what suits them."""

    permission = Permission.BOOK

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        return self.answer(follow_up, self.form(follow_up))

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        follow_up = self.load(public_id)
        form = self.form(follow_up, request.POST)
        if form.is_valid():
            try:
                put_on_waiting_list(by=self.actor, follow_up=follow_up, now=self.now, **form.wishes())
            except WaitingRefused as refused:
                form.add_error(refused.field or None, str(refused.message))
            else:
                messages.success(request, _("%(patient)s is on the waiting list.") % {"patient": follow_up.patient})
                return redirect("staff:waiting-list")
        return self.answer(follow_up, form, status=422)

    def load(self, public_id: UUID) -> FollowUp:
        """The follow-up; 404 outside the person's scope."""
        found = FollowUp.objects.filter(public_id=public_id, patient__in=self.patients())
        follow_up = found.select_related("patient__clinic", "condition__indication").first()
        if follow_up is None:
            raise self.denied("FollowUp")
        return follow_up

    def form(self, follow_up: FollowUp, data: object = None) -> WaitingForm:
        """The form with the wishes as they stand."""
        entry = WaitingEntry.objects.filter(follow_up=follow_up, state__in=LIVE).select_related("practitioner").first()
        return WaitingForm(data, practitioners=practitioners_of(follow_up.patient.clinic), entry=entry)

    def answer(self, follow_up: FollowUp, form: WaitingForm, status: int = 200) -> HttpResponse:
        """The page."""
        self.viewed(follow_up.patient, follow_up)
        context = {"follow_up": follow_up, "patient": follow_up.patient, "form": form}
        return render(self.request, "staff/waiting-add.html", context, status=status)


class WaitingEnd(StaffPage):
    """Take somebody off the waiting list. A button, not a page."""

    permission = Permission.BOOK

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        entry = WaitingEntry.objects.filter(public_id=public_id, patient__in=self.patients()).select_related("patient").first()
        if entry is None:
            raise self.denied("WaitingEntry")
        take_off_waiting_list(by=self.actor, entry=entry, now=self.now)
        messages.success(request, _("%(patient)s is no longer on the waiting list.") % {"patient": entry.patient})
        return redirect("staff:waiting-list")
