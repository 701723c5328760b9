"""Whether follow-up works: who came back after a contact, and whether patients come when it was planned."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Any

from dateutil.relativedelta import relativedelta
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.care.returning import compare, months
from clinic.care.returns import contacted_since, ended_by, intervals_ended_since
from clinic.practice.roles import Permission
from clinic.staff.follow_up_desk import FollowUpDesk
from clinic.staff.measure_words import in_percent
from clinic.staff.pages import StaffPage
from clinic.treatments.models import InjectionSession, IntervalCause, SessionState
from clinic.treatments.services import FollowUpRefused, give_interval_reason

#: How far back the measure looks.
MONTHS = 12


class FollowUpMeasure(FollowUpDesk):
    """The last twelve months of the person's clinics, in numbers alone: nobody is named."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics, today = self.my_clinics(), self.today()
        begins_on = today.replace(day=1) - relativedelta(months=MONTHS - 1)
        since = datetime.combine(begins_on, time.min, clinics[0].zone)
        by_month = months(contacted_since(clinics, since), today=today)
        intervals = compare(intervals_ended_since(clinics, begins_on))
        context: dict[str, Any] = {
            "begins_on": begins_on,
            "months": [(one, in_percent(one.booked_after), in_percent(one.within)) for one in by_month],
            "intervals": intervals,
            "as_planned": in_percent(intervals.as_planned),
            "median_earlier": abs(intervals.median_earlier),
            "causes": [
                (
                    IntervalCause(one.code).label if one.code else _("nobody said why"),
                    one.number,
                    abs(one.median_days),
                    one.median_days > 0,
                )
                for one in intervals.causes
            ],
        }
        return render(request, "staff/follow-up-measure.html", context)


class IntervalReasonGive(StaffPage):
    """Says why a treatment came earlier or later than planned. The form stands on the treatment's page; it is asked once."""

    permission = Permission.WORK_FOLLOW_UPS

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = InjectionSession.objects.filter(
            patient__in=self.patients(), public_id=public_id, state=SessionState.SIGNED
        ).first()
        if session is None:
            raise self.denied("InjectionSession")
        follow_up = ended_by(session)
        if follow_up is None:
            messages.error(request, _("No follow-up was ended by this treatment."))
        else:
            try:
                give_interval_reason(by=self.actor, follow_up=follow_up, cause=request.POST.get("cause", ""), now=self.now)
            except FollowUpRefused as refused:
                messages.error(request, refused.message)
            else:
                messages.success(request, _("The reason is kept."))
        return redirect(reverse("staff:treatment-show", args=[session.public_id]))
