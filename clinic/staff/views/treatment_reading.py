"""Reading a treatment: as it stands, and any version of its record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.patients.services import treatment_consent_on
from clinic.practice.models import Membership
from clinic.practice.roles import PERMISSIONS, Permission, Role
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.staff.checking import answers_of
from clinic.staff.consent_words import consent_words
from clinic.staff.document_lines import part_of
from clinic.staff.measure_words import off_plan
from clinic.staff.pages import StaffPage
from clinic.staff.pictures.window_bar import Axis, WindowFacts
from clinic.staff.treatment_maps import given_maps
from clinic.staff.treatment_pages import TreatmentPage
from clinic.staff.version_lines import ChangeLine, change_lines, history_of
from clinic.treatments import dosing
from clinic.treatments.models import FollowUp, Injection, InjectionSession, PointSide, SessionState
from clinic.treatments.services import current_of


class TreatmentShow(StaffPage):
    """A signed treatment as it stands."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        signed = InjectionSession.objects.filter(state=SessionState.SIGNED)
        session = (
            InjectionSession.objects.filter(patient__in=self.patients(), public_id=public_id)
            .exclude(state=SessionState.DRAFT)
            .annotate(has_others=Exists(signed.filter(patient=OuterRef("patient")).exclude(pk=OuterRef("pk"))))
            .select_related(
                "patient__clinic",
                "clinic",
                "condition__indication",
                "current_version__signed_by",
                "current_version__product",
                "current_version__practitioner",
            )
            .first()
        )
        if session is None or session.current_version is None:
            raise self.denied("InjectionSession")
        self.viewed(session.patient, session)
        version = session.current_version
        membership = Membership.objects.get(user=self.user, clinic=session.patient.clinic)
        injections = list(version.injections.select_related("site").order_by("order"))
        follow_up = FollowUp.objects.filter(session=session).first()
        today = self.now.astimezone(session.clinic.zone).date()
        booked = follow_up.appointments.filter(state__in=COMING_STATES).first() if follow_up else None
        facts = _window_facts(session, follow_up, booked) if follow_up else None
        context = {
            "patient": session.patient,
            "session": session,
            "version": version,
            "injections": injections,
            "maps": given_maps(injections),
            "sides": _by_side(injections),
            "vial_uses": version.vial_uses.select_related("vial__lot__product", "vial__presentation").order_by("pk"),
            "answers": answers_of(version),
            "consent": consent_words(treatment_consent_on(patient=session.patient, on=version.performed_on)),
            "overrides": session.overrides.select_related("by").order_by("pk"),
            "follow_up": follow_up,
            "facts": facts,
            "axis": Axis.covering(today, facts.days()) if facts else None,
            "may_compare": session.has_others and session.state == SessionState.SIGNED,
            "may_book": follow_up and follow_up.is_active and not booked and membership.may(Permission.BOOK),
            "may_record": session.state == SessionState.SIGNED and membership.may(Permission.RECORD_TREATMENTS),
            "may_report": membership.may(Permission.REPORT_SIDE_EFFECTS),
            "may_see_log": membership.may(Permission.VIEW_SIDE_EFFECT_LOG),
            "side_effects": session.side_effects.select_related("current_version__term").order_by("-reported_at"),
            "off_plan": off_plan(session) if session.state == SessionState.SIGNED else None,
            "may_say_why": membership.may(Permission.WORK_FOLLOW_UPS),
            "history": history_of(session),
            "documents": part_of(session.patient, PERMISSIONS[Role(membership.role)], session=session),
        }
        return render(request, "staff/treatment-show.html", context)


class TreatmentVersion(TreatmentPage):
    """One version of a treatment's record as it was signed, and what it says otherwise than the one before."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = self.load(public_id)
        wanted = request.GET.get("number", str(current_of(session).number))
        versions = {
            str(one.number): one
            for one in session.versions.filter(signed_at__isnull=False).select_related("product", "practitioner", "signed_by")
        }
        version = versions.get(wanted)
        if version is None:
            raise self.denied("InjectionSession")
        self.viewed(session.patient, session)
        before = versions.get(str(version.number - 1))
        injections = list(version.injections.select_related("site").order_by("order"))
        changes: list[ChangeLine] = [] if before is None else change_lines(before, version)
        context = {
            "patient": session.patient,
            "session": session,
            "version": version,
            "history": history_of(session),
            "before": before,
            "changes": changes,
            "injections": injections,
            "maps": given_maps(injections),
            "sides": _by_side(injections),
            "answers": answers_of(version),
            "consent": consent_words(treatment_consent_on(patient=session.patient, on=version.performed_on)),
            "overrides": session.overrides.select_related("by").order_by("pk"),
            "vial_uses": version.vial_uses.select_related("vial__lot__product", "vial__presentation").order_by("pk"),
        }
        return render(request, "staff/treatment-version.html", context)


def _by_side(injections: Sequence[Injection]) -> list[dict[str, object]]:
    """What was given on each side, in the sides' order."""
    totals = dosing.totals((one.side, one.units) for one in injections)
    return [{"name": side.label, "units": totals.by_side[side]} for side in PointSide if side in totals.by_side]


def _window_facts(session: InjectionSession, follow_up: FollowUp, booked: Appointment | None) -> WindowFacts:
    return WindowFacts(
        treated_on=session.performed_on,
        opens_on=follow_up.opens_on,
        closes_on=follow_up.closes_on,
        suggested_from=follow_up.suggested_from,
        suggested_until=follow_up.suggested_until,
        worn_off_on=follow_up.worn_off_on,
        appointment_on=booked.starts_at.astimezone(session.clinic.zone).date() if booked else None,
    )
