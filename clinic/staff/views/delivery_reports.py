"""Reports about letters that no program could deal with: read by a person, and settled."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.reminders import services, unread_reports
from clinic.reminders.delivery_reports import DeliveryReport
from clinic.reminders.services import DecisionRefused
from clinic.reminders.wording import why_unread
from clinic.staff.letter_tabs import REPORTS, decides_everywhere, letter_tabs, reports_to_read
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of

#: The newest first; served by the index `delivery_report_waiting`.
ORDER = ("-received_at", "-id")
#: More of a report than this nobody reads on a page.
MOST_SHOWN = 20_000


class DeliveryReportPage(StaffPage):
    """A page about reports that wait for this person."""

    permission = Permission.DECIDE_LETTERS

    @cached_property
    def known_clinics(self) -> list[Clinic]:
        return list(self.clinics().order_by("name", "pk"))

    def waiting(self) -> QuerySet[DeliveryReport]:
        """The reports that wait for this person, with what a row shows."""
        everywhere = decides_everywhere(self.known_clinics)
        return reports_to_read(self.known_clinics, everywhere=everywhere).select_related("message__patient")

    def get_report(self, public_id: uuid.UUID) -> DeliveryReport:
        """The waiting report with this public id; 404 (and a DENIED row) for any other."""
        found = self.waiting().filter(public_id=public_id).first()
        if found is None:
            raise self.denied("DeliveryReport")
        return found


class DeliveryReportList(DeliveryReportPage):
    """Every report that waits, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        page = page_of(self.waiting(), params=request.GET, order=ORDER)
        self.listed("DeliveryReport", len(page.rows))
        context = {
            "page": page,
            "tabs": letter_tabs(current=REPORTS, may_decide=True),
            "rows": [{"report": one, "why": why_unread(one.why)} for one in page.rows],
            "zone": self.known_clinics[0].zone,
        }
        return render(request, "staff/delivery-report-list.html", context)


class DeliveryReportShow(DeliveryReportPage):
    """The text of a report as it came, for reading: never as a page of its own making."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        report = self.get_report(public_id)
        text = unread_reports.text_of(report.public_id)
        if text is None:
            messages.error(request, _("The text of this report is not kept on this machine."))
            return redirect("staff:delivery-report-list")
        if report.message and report.message.patient:
            self.viewed(report.message.patient, report)
        else:
            self.listed("DeliveryReport", 1)
        context = {
            "report": report,
            "why": why_unread(report.why),
            "text": text.decode("utf-8", "replace")[:MOST_SHOWN],
            "zone": self.known_clinics[0].zone,
        }
        return render(request, "staff/delivery-report-show.html", context)


class DeliveryReportSettle(DeliveryReportPage):
    """Somebody has read the report and done what had to be done. A button, not a page."""

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        report = self.get_report(public_id)
        try:
            services.settle_report(by=self.actor, report=report, now=self.now)
        except DecisionRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The report is settled, and its text is deleted."))
        return redirect("staff:delivery-report-list")
