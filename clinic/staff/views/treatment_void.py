"""Declaring a signed treatment void."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.care.services import visits_left_over
from clinic.care.voiding import visit_of, void_treatment
from clinic.practice.roles import Permission
from clinic.scheduling.models import Appointment
from clinic.staff.forms.amendments import VoidForm
from clinic.staff.treatment_pages import TreatmentPage
from clinic.treatments.models import FollowUp, FollowUpState, InjectionSession, SessionState
from clinic.treatments.services import TreatmentRefused, current_of


class TreatmentVoid(TreatmentPage):
    """Declare a treatment void, with the reason and what became of its units."""

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = self.load(public_id)
        if session.state == SessionState.VOID:
            messages.info(request, _("This treatment is void already; nothing was changed."))
            return redirect("staff:treatment-show", public_id)
        return self.answer(session, VoidForm())

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = self.load(public_id)
        form = VoidForm(request.POST)
        if form.is_valid():
            visit = visit_of(session)
            try:
                void_treatment(by=self.actor, session=session, now=self.now, **form.cleaned_data)
            except TreatmentRefused as refused:
                for problem in refused.problems:
                    form.add_error(problem.field if problem.field in form.fields else None, problem.message)
            else:
                self.tell(session, visit)
                return redirect("staff:treatment-show", session.public_id)
        return self.answer(session, form, status=422)

    def tell(self, session: InjectionSession, visit: Appointment | None) -> None:
        """Say what is left for staff to do."""
        messages.success(self.request, _("The treatment is void: it counts for nothing any more and can still be read."))
        if visit is not None:
            messages.warning(
                self.request,
                format_html(
                    _('<a href="{}">The visit of {}</a> is no longer marked as treated. Say what became of it.'),
                    reverse("staff:appointment-show", args=[visit.public_id]),
                    date_format(visit.starts_at.astimezone(visit.clinic.zone), "j M Y, H:i"),
                ),
            )
        for left in visits_left_over(session=session):
            messages.warning(
                self.request,
                format_html(
                    _('A visit is still booked: <a href="{}">{}, {}</a>. Keep it or cancel it.'),
                    reverse("staff:appointment-show", args=[left.public_id]),
                    date_format(left.starts_at.astimezone(left.clinic.zone), "j M Y, H:i"),
                    left.practitioner,
                ),
            )
        if count := session.side_effects.count():
            text = ngettext(
                "%(count)d side effect is recorded after this treatment: look whose it is.",
                "%(count)d side effects are recorded after this treatment: look whose they are.",
                count,
            )
            messages.warning(self.request, text % {"count": count})

    def answer(self, session: InjectionSession, form: VoidForm, status: int = 200) -> HttpResponse:
        self.viewed(session.patient, session)
        version = current_of(session)
        running = FollowUp.objects.filter(session=session, state=FollowUpState.ACTIVE).first()
        context = {
            "patient": session.patient,
            "session": session,
            "version": version,
            "form": form,
            "running": running,
            "visit": visit_of(session),
            "zone": session.clinic.zone,
            "vial_uses": version.vial_uses.select_related("vial__lot__product", "vial__presentation").order_by("pk"),
        }
        return render(self.request, "staff/treatment-void.html", context, status=status)
