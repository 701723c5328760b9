"""Recording a treatment, and reading one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from clinic.care.services import complete_visit, visits_left_over
from clinic.patients.models import Condition, Patient
from clinic.practice.models import Membership
from clinic.practice.roles import Permission
from clinic.scheduling.models import COMING_STATES, Appointment
from clinic.staff.forms.points import (
    MORE_ROWS,
    PREFIX,
    READY_ROWS,
    PointFormSet,
    Row,
    has_twins,
    point_rows,
    points_of,
    posted_count,
    posted_rows,
    show_problems,
    spare_rows,
)
from clinic.staff.forms.treatments import TreatmentForm
from clinic.staff.pages import StaffPage
from clinic.staff.pictures.window_bar import Axis, WindowFacts
from clinic.staff.recording import Desk, given_map, lay_desk
from clinic.staff.templates_offered import shelf_for
from clinic.treatments import dosing
from clinic.treatments.models import FollowUp, Injection, InjectionSession, PointSide, SessionState
from clinic.treatments.services import AlreadyRecorded, Problem, TreatmentRefused


class TreatmentRecord(StaffPage):
    """One page to record a treatment in the order of the hand, and to sign it.

    What is wrong stands beside its field with status 422, the form kept as it was filled in and nothing written. Asking for
    more rows or for the next window sends the form too, and writes nothing either.
    """

    permission = Permission.RECORD_TREATMENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        desk = self.lay_desk(patient, condition, QueryDict())
        rows = desk.first_rows()
        return self.answer(desk, rows, initial=self.first_values(desk, rows))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        desk = self.lay_desk(patient, condition, request.POST)
        rows = posted_rows(request.POST)
        if "add_rows" in request.POST or "preview" in request.POST:
            more = MORE_ROWS if "add_rows" in request.POST else 0
            return self.answer(desk, rows, initial=request.POST.dict(), ready=posted_count(request.POST) + more)
        form = self.form_for(desk, request.POST)
        points = point_rows(0)(request.POST, prefix=PREFIX, form_kwargs=desk.row_facts())
        problems: list[Problem] = []
        # Both are asked, so that everything is told at once.
        if form.is_valid() & points.is_valid():
            try:
                return self.sign(desk, form, points)
            except TreatmentRefused as refused:
                problems = show_problems(refused.problems, form, points)
        return self.answer(desk, rows, form=form, points=points, problems=problems)

    def sign(self, desk: Desk, form: TreatmentForm, points: PointFormSet) -> HttpResponseRedirect:
        """Complete the visit and go on to the signed treatment."""
        values = form.cleaned_data
        try:
            session = complete_visit(
                by=self.actor,
                patient=desk.patient,
                condition=desk.condition,
                practitioner=values["practitioner"],
                vial=values["vial"],
                points=points_of(points.filled(), separate=values["separate_points"]),
                performed_on=values["performed_on"],
                own_next_on=values["own_next_on"],
                notes=values["notes"],
                discard_rest=values["discard_rest"],
                lid_technique=values["lid_technique"],
                guidance=values["guidance"],
                public_id=values["token"],
                now=self.now,
            )
        except AlreadyRecorded as recorded:
            messages.info(self.request, _("This treatment was signed already; nothing was written a second time."))
            return redirect("staff:treatment-show", recorded.session.public_id)
        self.tell(session, desk)
        return redirect("staff:treatment-show", session.public_id)

    def tell(self, session: InjectionSession, desk: Desk) -> None:
        """Say what signing did, and what it left for staff to do."""
        follow_up = FollowUp.objects.filter(session=session).first()
        if follow_up is not None:
            messages.success(
                self.request,
                _("Treatment signed. Next: opens %(opens)s, closes %(closes)s.")
                % {"opens": date_format(follow_up.opens_on, "j M Y"), "closes": date_format(follow_up.closes_on, "j M Y")},
            )
        else:
            messages.success(self.request, _("Treatment signed."))
        if desk.past and desk.past[0].performed_on > session.performed_on:
            messages.warning(
                self.request,
                _("It is older than the treatment of %(newest)s, so the follow-up stays as it was.")
                % {"newest": date_format(desk.past[0].performed_on, "j M Y")},
            )
        for visit in visits_left_over(session=session):
            messages.warning(
                self.request,
                format_html(
                    _('A visit is still booked: <a href="{}">{}, {}</a>. Keep it or cancel it.'),
                    reverse("staff:appointment-show", args=[visit.public_id]),
                    date_format(visit.starts_at.astimezone(visit.clinic.zone), "j M Y, H:i"),
                    visit.practitioner,
                ),
            )

    def condition_of(self, patient: Patient) -> Condition | None:
        """The condition named in the address, or the patient's only one; None when it has to be chosen. 404 for any other."""
        named = self.request.GET.get("condition")
        conditions = list(patient.conditions.select_related("indication", "patient").order_by("pk"))
        if named is None:
            return conditions[0] if len(conditions) == 1 else None
        found = next((one for one in conditions if str(one.public_id) == named), None)
        if found is None:
            raise self.denied("Condition")
        return found

    def choose_condition(self, patient: Patient) -> HttpResponse:
        self.viewed(patient)
        conditions = patient.conditions.select_related("indication").order_by("pk")
        return render(self.request, "staff/treatment-condition.html", {"patient": patient, "conditions": conditions})

    def lay_desk(self, patient: Patient, condition: Condition, posted: QueryDict) -> Desk:
        wanted = self.request.GET.get
        shelf = shelf_for(condition, user=self.user, wanted_id="" if wanted("repeat") else wanted("template", ""))
        if shelf is None:
            raise self.denied("ProtocolTemplate")
        desk = lay_desk(
            patient=patient,
            condition=condition,
            shelf=shelf,
            now=self.now,
            on=_day(posted.get("performed_on", "")),
            vial_id=posted.get("vial", ""),
            repeat_id=wanted("repeat", ""),
        )
        if desk is None:
            raise self.denied("InjectionSession")
        return desk

    def first_values(self, desk: Desk, rows: Sequence[Row]) -> dict[str, object]:
        mine = [one for one in desk.practitioners if one.user_id == self.user.pk] or desk.practitioners
        return {
            "token": uuid.uuid4(),
            "performed_on": desk.today,
            "practitioner": str(mine[0].public_id) if len(mine) == 1 else "",
            "vial": str(desk.vials[0].public_id) if len(desk.vials) == 1 else "",
            "separate_points": has_twins((row.site, row.side) for row in rows),
        }

    def form_for(self, desk: Desk, data: QueryDict | None = None, initial: dict[str, object] | None = None) -> TreatmentForm:
        return TreatmentForm(
            data,
            initial=initial,
            practitioners=desk.practitioners,
            vials=desk.vials,
            zone=desk.patient.clinic.zone,
            today=desk.today,
        )

    def answer(
        self,
        desk: Desk,
        rows: Sequence[Row],
        *,
        initial: dict[str, object] | dict[str, str] | None = None,
        form: TreatmentForm | None = None,
        points: PointFormSet | None = None,
        problems: Sequence[Problem] = (),
        ready: int = READY_ROWS,
    ) -> HttpResponse:
        """The page: with `form` and `points` as they were refused (422), or fresh from `initial` and `rows` (200)."""
        self.viewed(desk.patient)
        status = 200 if form is None else 422
        if form is None:
            form = self.form_for(desk, initial=dict(initial or {}))
        if points is None:
            points = point_rows(spare_rows(rows, ready=ready))(
                prefix=PREFIX,
                initial=[row.initial() for row in rows],
                form_kwargs=desk.row_facts(),
            )
        else:
            points.mark_errors()
        typed = self.request.POST
        treated_on = _day(typed["performed_on"]) if "performed_on" in typed else desk.today
        totals = desk.totals(rows)
        chosen = next((vial for vial in desk.vials if str(vial.public_id) == str(form["vial"].value() or "")), None)
        context = {
            "patient": desk.patient,
            "condition": desk.condition,
            "desk": desk,
            "form": form,
            "points": points,
            "problems": problems,
            "map": desk.map(rows),
            "totals": totals,
            "left_in_vial": chosen.units_left - totals.units if chosen else None,
            "vial": chosen,
            "asks_for_separate_points": has_twins((site, side) for site, side, _units in desk.shown(rows)),
            "treated_on": treated_on,
            "window": desk.next_window(treated_on=treated_on, own_on=_day(typed.get("own_next_on", ""))),
        }
        return render(self.request, "staff/treatment-record.html", context, status=status)


class TreatmentShow(StaffPage):
    """A signed treatment as it stands."""

    permission = Permission.VIEW_PATIENTS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        session = (
            InjectionSession.objects.filter(patient__in=self.patients(), public_id=public_id)
            .exclude(state=SessionState.DRAFT)
            .select_related(
                "patient__clinic", "clinic", "condition__indication", "product", "practitioner", "current_version__signed_by"
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
            "map": given_map(injections),
            "sides": _by_side(injections),
            "vial_uses": version.vial_uses.select_related("vial__lot__product", "vial__presentation").order_by("pk"),
            "follow_up": follow_up,
            "facts": facts,
            "axis": Axis.covering(today, facts.days()) if facts else None,
            "may_book": follow_up and follow_up.is_active and not booked and membership.may(Permission.BOOK),
            "may_record": membership.may(Permission.RECORD_TREATMENTS),
            "may_report": membership.may(Permission.REPORT_SIDE_EFFECTS),
            "may_see_log": membership.may(Permission.VIEW_SIDE_EFFECT_LOG),
            "side_effects": session.side_effects.select_related("current_version__term").order_by("-reported_at"),
        }
        return render(request, "staff/treatment-show.html", context)


def _by_side(injections: Sequence[Injection]) -> list[dict[str, object]]:
    totals = dosing.totals((one.side, one.units) for one in injections)
    return [{"name": side.label, "units": totals.by_side[side]} for side in PointSide if side in totals.by_side]


def _day(text: str) -> date | None:
    """A day as the form's own field writes it; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


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
