"""Changing when patients are seen. What a change does to visits that are booked is shown before it is saved."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic, Practitioner
from clinic.practice.roles import Permission
from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.models import Availability, Closure
from clinic.scheduling.services import (
    Displaced,
    HoursRefused,
    be_away,
    change_or_show,
    change_weekly_hours,
    close,
    closing,
    end_closure,
    end_exception,
    going_away,
    keeping_hours,
    practitioners_of,
    seeing_only,
    set_special_hours,
)
from clinic.scheduling.services.offering import weekly_in
from clinic.scheduling.services.timetables import Proposed
from clinic.scheduling.slots import WeeklyHours
from clinic.staff.forms.fields import PlainForm
from clinic.staff.forms.hours import ClosureForm, SpecialHoursForm, WeeklyHoursForm, first_hours
from clinic.staff.hours_lines import visit_lines
from clinic.staff.views.hours import MOST_SHOWN, HoursPage


class HoursChangePage(HoursPage):
    """A form about a clinic's hours."""

    permission = Permission.MANAGE_CLINIC
    template = ""

    def decide(
        self, clinic: Clinic, form: PlainForm, proposed: Proposed, change: Callable[[], object], **more: Any
    ) -> HttpResponse:
        """Save what was typed, or show which visits it would displace; beside the fields, what is refused."""
        try:
            displaced = change_or_show(
                clinic=clinic,
                proposed=proposed,
                change=change,
                confirmed=self.request.POST.get("confirmed", ""),
                now=self.now,
                most=MOST_SHOWN,
            )
        except HoursRefused as refused:
            form.refuse(refused.problems)
            return self.answer(clinic, form, status=422, **more)
        if displaced is not None:
            self.listed("Appointment", len(displaced.visits))
            return self.answer(clinic, form, displaced=displaced, **more)
        if self.request.POST.get("confirmed"):
            messages.success(self.request, _("Saved. These visits have to be moved."))
            return redirect("staff:move-list", clinic.public_id)
        messages.success(self.request, _("Saved. No visit had to give way."))
        return redirect("staff:hours-show", clinic.public_id)

    def answer(
        self, clinic: Clinic, form: PlainForm, *, displaced: Displaced | None = None, status: int = 200, **more: Any
    ) -> HttpResponse:
        context: dict[str, object] = {"clinic": clinic, "form": form, **more}
        if displaced is not None:
            context |= {
                "displaced": displaced,
                "lines": visit_lines(displaced.visits, clinic),
                "more_displaced": displaced.count - len(displaced.visits),
            }
        with timezone.override(clinic.zone):
            return render(self.request, self.template, context, status=status)


class HoursChange(HoursChangePage):
    """The weekly hours of a practitioner from a day on. What was stays as it is."""

    template = "staff/hours-change.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID, practitioner_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        person = self.get_practitioner(clinic, practitioner_id)
        from_on = self.today(clinic) + timedelta(days=1)
        form = WeeklyHoursForm(initial=first_hours(self.hours(clinic, person), from_on=from_on))
        return self.answer(clinic, form, person=person)

    def post(self, request: HttpRequest, public_id: uuid.UUID, practitioner_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        person = self.get_practitioner(clinic, practitioner_id)
        form = WeeklyHoursForm(request.POST)
        if not form.is_valid():
            return self.answer(clinic, form, status=422, person=person)
        hours = form.hours()
        from_on: date = form.cleaned_data["from_on"]
        until_on: date | None = form.cleaned_data["until_on"]

        def change() -> None:
            change_weekly_hours(
                by=self.actor,
                clinic=clinic,
                practitioner=person,
                hours=hours,
                from_on=from_on,
                until_on=until_on,
                now=self.now,
            )

        return self.decide(clinic, form, keeping_hours(person, hours, from_on, until_on), change, person=person)

    def hours(self, clinic: Clinic, person: Practitioner) -> list[WeeklyHours]:
        return [weekly_in(row) for row in Availability.objects.filter(clinic=clinic, practitioner=person)]


class SpecialHoursSet(HoursChangePage):
    """Other hours of a practitioner on a single day."""

    template = "staff/special-hours-set.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        return self.answer(clinic, self.form(clinic))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        form = self.form(clinic, request.POST)
        if not form.is_valid():
            return self.answer(clinic, form, status=422)
        values = form.cleaned_data
        proposed = seeing_only(values["practitioner"], values["on"], values["spans"])
        return self.decide(
            clinic, form, proposed, lambda: set_special_hours(by=self.actor, clinic=clinic, now=self.now, **values)
        )

    def form(self, clinic: Clinic, *args: object) -> SpecialHoursForm:
        return SpecialHoursForm(*args, practitioners=practitioners_of(clinic), nobody=_("Choose…"))


class ClosureAdd(HoursChangePage):
    """Days, or a part of one, on which nobody is seen: of the clinic or of one practitioner."""

    template = "staff/closure-add.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        return self.answer(clinic, self.form(clinic))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        form = self.form(clinic, request.POST)
        if not form.is_valid():
            return self.answer(clinic, form, status=422)
        values = form.cleaned_data
        who, first, last = values["practitioner"], values["from_on"], form.last_day
        if values["starts"] is None:
            return self.decide(
                clinic,
                form,
                closing(who, first, last),
                lambda: close(
                    by=self.actor,
                    clinic=clinic,
                    practitioner=who,
                    from_on=first,
                    until_on=last,
                    reason=values["reason"],
                    now=self.now,
                ),
            )
        return self.decide(
            clinic,
            form,
            going_away(who, first, values["starts"], values["ends"]),
            lambda: be_away(
                by=self.actor,
                clinic=clinic,
                practitioner=who,
                on=first,
                starts=values["starts"],
                ends=values["ends"],
                reason=values["reason"],
                now=self.now,
            ),
        )

    def form(self, clinic: Clinic, *args: object) -> ClosureForm:
        return ClosureForm(*args, practitioners=practitioners_of(clinic), nobody=_("the whole clinic"))


class ClosureEnd(HoursPage):
    """A button: patients are seen again on these days."""

    permission = Permission.MANAGE_CLINIC

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        closure = Closure.objects.filter(clinic__in=self.clinics(), public_id=public_id).select_related("clinic").first()
        if closure is None:
            raise self.denied("Closure")
        return self.end(closure.clinic, lambda: end_closure(by=self.actor, closure=closure, now=self.now))

    def end(self, clinic: Clinic, do: Callable[[], None]) -> HttpResponse:
        """Do it, or say why not."""
        try:
            do()
        except HoursRefused as refused:
            messages.error(self.request, refused.problems[0].message)
        else:
            messages.success(self.request, _("Taken back: the weekly hours hold again."))
        return redirect("staff:hours-show", clinic.public_id)


class ExceptionEnd(ClosureEnd):
    """A button: the weekly hours hold again on this day."""

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        found = HoursException.objects.filter(clinic__in=self.clinics(), public_id=public_id).select_related("clinic").first()
        if found is None:
            raise self.denied("HoursException")
        return self.end(found.clinic, lambda: end_exception(by=self.actor, exception=found, now=self.now))
