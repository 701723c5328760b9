"""Amending a signed treatment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.care.amending import amend_treatment
from clinic.practice.roles import Permission
from clinic.staff.drafts import DraftPlace, offered, place_of_amendment, posted_from, posted_revision
from clinic.staff.forms.amendments import AmendForm
from clinic.staff.forms.points import (
    MORE_ROWS,
    PREFIX,
    PointFormSet,
    Row,
    point_rows,
    points_of,
    posted_count,
    posted_rows,
    show_problems,
)
from clinic.staff.forms.treatments import day_of
from clinic.staff.forms.vials import VIAL_FIELDS
from clinic.staff.on_record import values_on_record
from clinic.staff.recording import Desk, lay_desk, row_of
from clinic.staff.templates_offered import TemplateShelf
from clinic.staff.treatment_pages import TreatmentPage
from clinic.staff.unwritten import UNWRITTEN, log_unwritten
from clinic.staff.version_lines import ChangeLine, change_lines
from clinic.staff.views.treatments import TreatmentRecord
from clinic.treatments import dosing
from clinic.treatments.models import (
    FollowUp,
    FollowUpState,
    Injection,
    InjectionSession,
    SessionState,
    SessionVersion,
    TreatmentDraft,
    VialUse,
)
from clinic.treatments.services import (
    AmendedMeanwhile,
    DraftConflict,
    Draw,
    Problem,
    TreatmentRefused,
    current_of,
    draft_of,
    draws_from,
    problems_from,
    total_of,
)


class TreatmentAmend(TreatmentPage, TreatmentRecord):
    """The page on which the treatment was recorded, filled in with what is on record, and the reason of the change.

    Amended by somebody else meanwhile: 409, with what they changed beside what was typed here.
    """

    permission = Permission.RECORD_TREATMENTS
    template = "staff/treatment-amend.html"
    session: InjectionSession
    version: SessionVersion

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        if (away := self.open(public_id)) is not None:
            return away
        if (draft := draft_of(condition=self.session.condition, session=self.session)) is not None:
            return self.go_on_with(draft) if "draft" in request.GET else self.offer_amendment(draft)
        desk = self.desk(QueryDict())
        rows = [row_of(one) for one in self.injections]
        return self.page(
            desk, rows, initial=values_on_record(self.version, list(self.uses.values()), self.injections, self.running)
        )

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        if (away := self.open(public_id)) is not None:
            return away
        desk = self.desk(request.POST)
        rows = posted_rows(request.POST)
        if "add_rows" in request.POST or "preview" in request.POST:
            more = MORE_ROWS if "add_rows" in request.POST else 0
            return self.page(desk, rows, initial=request.POST.dict(), ready=posted_count(request.POST) + more)
        form = self.form_for(desk, request.POST)
        points = point_rows(0)(request.POST, prefix=PREFIX, form_kwargs=desk.row_facts())
        problems: list[Problem] = []
        if form.is_valid() & points.is_valid():
            try:
                return self.amend(form, points)
            except TreatmentRefused as refused:
                problems = show_problems(refused.problems, form, points)
            except AmendedMeanwhile:
                return self.tell_of_amendment(desk, rows, form)
            except DraftConflict as conflict:
                return self.page(desk, rows, form=form, points=points, status=409, conflict=conflict)
            except OperationalError:
                log_unwritten()
                return self.page(desk, rows, form=form, points=points, status=UNWRITTEN)
        return self.page(desk, rows, form=form, points=points, problems=problems)

    def open(self, public_id: uuid.UUID) -> HttpResponse | None:
        """Load the treatment. One that is void is led back to: there is nothing to amend."""
        self.session = self.load(public_id)
        self.version = current_of(self.session)
        if self.session.state == SessionState.SIGNED:
            return None
        messages.info(self.request, _("This treatment is void: it cannot be amended any more."))
        return redirect("staff:treatment-show", public_id)

    @cached_property
    def injections(self) -> list[Injection]:
        return list(self.version.injections.select_related("site").order_by("order"))

    @cached_property
    def uses(self) -> dict[int, VialUse]:
        """What the version took, by vial, in the order of taking; what was only thrown away comes last."""
        uses = self.version.vial_uses.select_related("vial__lot__product", "vial__presentation__product").order_by("pk")
        return {use.vial_id: use for use in sorted(uses, key=lambda use: not use.units_given)}

    @cached_property
    def running(self) -> FollowUp | None:
        """The treatment's follow-up while it runs: only then does anything here move it."""
        return FollowUp.objects.filter(session=self.session, state=FollowUpState.ACTIVE).first()

    def desk(self, posted: QueryDict) -> Desk:
        """The desk as it lay before the treatment: its own units are in the vials again, and it is not its own past."""
        used = [str(use.vial.public_id) for use in self.uses.values()]
        first, *more = [posted.get(name, "") for name in VIAL_FIELDS] if "vial" in posted else used or [""]
        desk = lay_desk(
            patient=self.session.patient,
            condition=self.session.condition,
            shelf=TemplateShelf(self.session.condition, ()),
            now=self.now,
            on=day_of(posted.get("performed_on", "")) or self.session.performed_on,
            vial_id=first,
            more_vial_ids=more,
            before=self.session,
        )
        if desk is None:
            raise self.denied("InjectionSession")
        offered = {vial.pk for vial in desk.vials}
        desk.vials += [use.vial for use in self.uses.values() if use.vial_id not in offered]
        for vial in desk.vials:
            if (own := self.uses.get(vial.pk)) is not None:
                # Whether it was another patient's too was settled when it was drawn from.
                desk.shared.discard(vial.pk)
                vial.units_given -= own.units_given
                vial.units_wasted -= own.units_wasted
        if self.session.practitioner not in desk.practitioners:
            desk.practitioners.append(self.session.practitioner)
        for one in self.injections:
            desk.sites.setdefault(one.site.code, one.site)
        return desk

    def form_for(self, desk: Desk, data: QueryDict | None = None, initial: dict[str, object] | None = None) -> AmendForm:
        return AmendForm(
            data,
            initial=initial,
            practitioners=desk.practitioners,
            vials=desk.vials,
            shared=desk.shared,
            zone=desk.patient.clinic.zone,
            today=desk.today,
            with_own_date=self.running is not None,
        )

    def amend(self, form: AmendForm, points: PointFormSet) -> HttpResponse:
        values = form.cleaned_data
        given = points_of(points.filled(), separate=values["separate_points"])
        draws = self.draws(form, total_of(given))
        before = self.version.number
        session = amend_treatment(
            by=self.actor,
            session=self.session,
            expected_version=values["based_on"],
            practitioner=values["practitioner"],
            points=given,
            draws=draws,
            performed_on=values["performed_on"],
            own_next_on=values.get("own_next_on"),
            notes=values["notes"],
            guidance=values["guidance"],
            lid_technique=values["lid_technique"],
            discard_rest=values["discard_rest"],
            units_are_of_product=values["units_are_of_product"],
            reason=values["reason"],
            draft_revision=posted_revision(self.request.POST),
            now=self.now,
        )
        number = current_of(session).number
        if number == before:
            messages.success(self.request, _("The next date is changed. The record of the treatment stays as it was."))
        else:
            text = _("The treatment is amended: this is version %(number)d. What was signed before can still be read.")
            messages.success(self.request, text % {"number": number})
        return redirect("staff:treatment-show", session.public_id)

    def draws(self, form: AmendForm, total: Decimal) -> list[Draw]:
        """What each vial gave, from the first until it was empty. Raises TreatmentRefused where what was wasted cannot be."""
        values = form.cleaned_data
        wasted, why, is_rest = values["wasted_units"], values["waste_reason"], values["discard_rest"]
        if problems := problems_from(dosing.check_waste(wasted=wasted, reason=why, discard_rest=is_rest)):
            raise TreatmentRefused(problems)
        draws = draws_from(
            form.vials_given(),
            total=total,
            wasted=wasted,
            reason=why,
            discard_rest=False,
            shared_confirmed=values["shared_confirmed"],
        )
        return [*draws[:-1], replace(draws[-1], waste_reason=why)] if is_rest else draws

    def tell_of_amendment(self, desk: Desk, rows: Sequence[Row], form: AmendForm) -> HttpResponse:
        """What was typed stays, on top of the version that stands now; what has changed meanwhile is told beside it."""
        changes = self.changes_since(form.cleaned_data["based_on"])
        data = self.request.POST.copy()
        data["based_on"] = str(self.version.number)
        form = self.form_for(desk, data)
        points = point_rows(0)(data, prefix=PREFIX, form_kwargs=desk.row_facts())
        return self.page(desk, rows, form=form, points=points, status=409, meanwhile=changes, is_late=True)

    def changes_since(self, number: int) -> list[ChangeLine]:
        """What is different in the version that stands from the one with this number."""
        seen = self.session.versions.filter(number=number).select_related("product", "practitioner").first()
        return change_lines(seen, self.version) if seen else []

    def draft_place(self, desk: Desk) -> DraftPlace:
        return place_of_amendment(self.session)

    def based_on(self, draft: TreatmentDraft) -> int:
        """The version on top of which a draft was begun; that of today where it says none that there is."""
        text = posted_from(draft).get("based_on", "")
        return int(text) if text in {str(number) for number in range(1, self.version.number)} else self.version.number

    def offer_amendment(self, draft: TreatmentDraft) -> HttpResponse:
        """Ask whether to go on with the draft that there is or to discard it."""
        self.viewed(self.session.patient, draft)
        context = {
            "session": self.session,
            "version": self.version,
            "is_stale": self.based_on(draft) != self.version.number,
        }
        context |= offered(draft, self.session.patient, place_of_amendment(self.session))
        return render(self.request, "staff/amendment-draft.html", context)

    def go_on_with(self, draft: TreatmentDraft) -> HttpResponse:
        """The form as it was left. Where the record has been amended since, what is different stands above it.

        It stays on top of the version that it was begun on: signing it is refused once, with those changes beside it.
        """
        self.viewed(self.session.patient, draft)
        typed, number = posted_from(draft), self.based_on(draft)
        is_late = number != self.version.number
        return self.page(
            self.desk(typed),
            posted_rows(typed),
            initial=typed.dict(),
            ready=posted_count(typed),
            typed=typed.dict(),
            draft_revision=draft.revision,
            meanwhile=self.changes_since(number) if is_late else [],
            is_late=is_late,
        )

    def page(self, desk: Desk, rows: Sequence[Row], **given: Any) -> HttpResponse:
        if self.request.method == "GET" and "typed" not in given and self.running is not None:
            given["window"] = desk.next_window(treated_on=self.session.performed_on, own_on=self.running.own_on)
        is_other = desk.product is not None and desk.product.pk != self.session.product_id
        return self.answer(
            desk,
            rows,
            **given,
            session=self.session,
            version=self.version,
            running=self.running,
            zone=self.session.clinic.zone,
            other_product=desk.product if is_other else None,
        )
