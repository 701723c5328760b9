"""Recording a treatment."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import cast

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from clinic.care.services import complete_visit, visits_left_over
from clinic.patients.models import Condition, Patient
from clinic.patients.services import treatment_consent_on
from clinic.practice.roles import Permission
from clinic.staff.checking import Interview
from clinic.staff.consent_words import consent_words
from clinic.staff.drafts import DraftPlace, draft_state, offered, place_of, posted_from, posted_revision
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
from clinic.staff.forms.stock import USUAL_WASTE
from clinic.staff.forms.treatments import TreatmentForm, day_of
from clinic.staff.forms.vials import VIAL_FIELDS
from clinic.staff.pages import StaffPage
from clinic.staff.recording import Desk, lay_desk
from clinic.staff.templates_offered import shelf_for
from clinic.staff.unwritten import UNWRITTEN, log_unwritten
from clinic.staff.vials import shares_in_words
from clinic.treatments.models import FollowUp, InjectionSession, TreatmentDraft
from clinic.treatments.services import AlreadyRecorded, DraftConflict, Problem, TreatmentRefused, draft_of


class TreatmentRecord(StaffPage):
    """One page to record a treatment in the order of the hand, and to sign it.

    What is wrong stands beside its field with status 422, the form kept as it was filled in and nothing written. Asking for
    more rows or for the next window sends the form too, and writes nothing either.
    """

    permission = Permission.RECORD_TREATMENTS
    template = "staff/treatment-record.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient = self.get_patient(public_id)
        condition = self.condition_of(patient)
        if condition is None:
            return self.choose_condition(patient)
        if (draft := draft_of(condition=condition)) is not None:
            return self.go_on(patient, condition, draft) if "draft" in request.GET else self.offer(patient, condition, draft)
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
        interview = Interview(desk, request.POST, by=self.actor, now=self.now)
        if not {"add_rows", "preview", "answer_no"}.isdisjoint(request.POST):
            more = MORE_ROWS if "add_rows" in request.POST else 0
            return self.answer(
                desk, rows, interview=interview, initial=request.POST.dict(), ready=posted_count(request.POST) + more
            )
        form = self.form_for(desk, request.POST)
        points = point_rows(0)(request.POST, prefix=PREFIX, form_kwargs=desk.row_facts())
        problems: list[Problem] = []
        # All are asked, so that everything is told at once.
        if form.is_valid() & points.is_valid() & interview.is_valid():
            try:
                return self.sign(desk, form, points, interview)
            except TreatmentRefused as refused:
                problems = show_problems(interview.refuse(refused), form, points)
            except DraftConflict as conflict:
                return self.answer(desk, rows, interview=interview, form=form, points=points, status=409, conflict=conflict)
            except OperationalError:
                log_unwritten()
                return self.answer(desk, rows, interview=interview, form=form, points=points, status=UNWRITTEN)
        return self.answer(desk, rows, interview=interview, form=form, points=points, problems=problems)

    def sign(self, desk: Desk, form: TreatmentForm, points: PointFormSet, interview: Interview) -> HttpResponseRedirect:
        """Complete the visit and go on to the signed treatment."""
        values = form.cleaned_data
        try:
            session = complete_visit(
                by=self.actor,
                patient=desk.patient,
                condition=desk.condition,
                practitioner=values["practitioner"],
                vials=form.vials_given(),
                points=points_of(points.filled(), separate=values["separate_points"]),
                performed_on=values["performed_on"],
                own_next_on=values["own_next_on"],
                notes=values["notes"],
                discard_rest=values["discard_rest"],
                wasted=values["wasted_units"],
                waste_reason=values["waste_reason"],
                shared_confirmed=values["shared_confirmed"],
                lid_technique=values["lid_technique"],
                guidance=values["guidance"],
                answers=interview.answers,
                reasons=interview.reasons.given,
                public_id=values["token"],
                draft_revision=posted_revision(self.request.POST),
                now=self.now,
            )
        except AlreadyRecorded as recorded:
            messages.info(self.request, _("This treatment was signed already; nothing was written a second time."))
            return redirect("staff:treatment-show", recorded.session.public_id)
        self.tell(session, desk)
        return redirect("staff:treatment-show", session.public_id)

    def offer(self, patient: Patient, condition: Condition, draft: TreatmentDraft) -> HttpResponse:
        """Ask whether to go on with the draft that there is or to discard it."""
        self.viewed(patient, draft)
        return render(self.request, "staff/treatment-draft.html", offered(draft, patient, place_of(patient, condition)))

    def go_on(self, patient: Patient, condition: Condition, draft: TreatmentDraft) -> HttpResponse:
        """The form as it was left."""
        self.viewed(patient, draft)
        typed = posted_from(draft)
        desk = self.lay_desk(patient, condition, typed)
        rows = posted_rows(typed)
        return self.answer(
            desk,
            rows,
            initial=typed.dict(),
            ready=posted_count(typed),
            typed=cast(dict[str, str], typed.dict()),
            draft_revision=draft.revision,
        )

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

    def draft_place(self, desk: Desk) -> DraftPlace:
        """Where what is typed here is kept."""
        return place_of(desk.patient, desk.condition)

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
            on=day_of(posted.get("performed_on", "")),
            vial_id=posted.get("vial", ""),
            more_vial_ids=[posted.get(name, "") for name in VIAL_FIELDS[1:]],
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
            shared=desk.shared,
            zone=desk.patient.clinic.zone,
            today=desk.today,
        )

    def answer(
        self,
        desk: Desk,
        rows: Sequence[Row],
        *,
        interview: Interview | None = None,
        initial: Mapping[str, object] | None = None,
        form: TreatmentForm | None = None,
        points: PointFormSet | None = None,
        problems: Sequence[Problem] = (),
        ready: int = READY_ROWS,
        status: int = 422,
        typed: Mapping[str, str] | None = None,
        draft_revision: int | None = None,
        conflict: DraftConflict | None = None,
        **more: object,
    ) -> HttpResponse:
        """The page: with `form` and `points` as they were refused (`status`), or fresh from `initial` and `rows` (200)."""
        self.viewed(desk.patient)
        if form is None:
            status, form = 200, self.form_for(desk, initial=dict(initial or {}))
        if points is None:
            points = point_rows(spare_rows(rows, ready=ready))(
                prefix=PREFIX,
                initial=[row.initial() for row in rows],
                form_kwargs=desk.row_facts(),
            )
        else:
            points.mark_errors()
        typed = self.request.POST.dict() if typed is None else typed
        treated_on = day_of(typed["performed_on"]) if "performed_on" in typed else desk.on
        totals = desk.totals(rows)
        chosen = form.vials_chosen()
        interview = interview or Interview(desk, None, by=self.actor, now=self.now)
        asking, noted = interview.look(
            rows, treated_on=treated_on, vials=chosen, lid_technique=str(form["lid_technique"].value() or "")
        )
        context = {
            "patient": desk.patient,
            "condition": desk.condition,
            "desk": desk,
            "form": form,
            "points": points,
            "problems": problems,
            "is_refused": status == 422,
            "is_unwritten": status == UNWRITTEN,
            "interview": interview,
            "asking": asking,
            "noted": noted,
            "waiting": sum(bool(line.error) for line in asking),
            "maps": desk.maps(rows),
            "totals": totals,
            "left_in_vial": sum((vial.units_left for vial in chosen), -totals.units - form.wasted_so_far()) if chosen else None,
            "shares": shares_in_words(chosen, totals.units),
            "usual_waste": USUAL_WASTE,
            "asks_for_separate_points": has_twins((site, side) for site, side, _units in desk.shown(rows)),
            "treated_on": treated_on,
            "consent": consent_words(treatment_consent_on(patient=desk.patient, on=treated_on or desk.today)),
            "draft": draft_state(self.draft_place(desk), desk, typed, draft_revision, conflict),
            "window": desk.next_window(
                treated_on=treated_on, own_on=day_of(typed.get("own_next_on", "")), limits=interview.limits
            ),
        }
        return render(self.request, self.template, context | more, status=status)
