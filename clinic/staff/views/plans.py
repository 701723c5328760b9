"""Plans of letters: which letters a clinic sends and when, and the hours at which they go."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.reminders.hours import SendingHours
from clinic.reminders.models import Plan
from clinic.reminders.plans import Proposed, begins_at, load_book, named_steps, newest_plan
from clinic.reminders.rules import default_steps
from clinic.reminders.services import (
    Hours,
    PlanOutdated,
    PlanRefused,
    change_hours,
    change_plan,
    check_hours,
    check_plan,
    compare_plans,
)
from clinic.reminders.steps import NamedStep, PlanStep
from clinic.staff.forms.plans import HoursForm, PlanForm, written
from clinic.staff.pages import StaffPage
from clinic.staff.plan_lines import PlanLine, difference_view, plan_lines, step_lines
from clinic.staff.plan_words import hours_words
from clinic.toxins.models import Indication


class PlanPage(StaffPage):
    """What the pages of plans share. A plan holds nothing of any patient; what a change would do to whom is shown and logged."""

    permission = Permission.MANAGE_CLINIC

    def get_clinic(self, public_id: uuid.UUID) -> Clinic:
        """One of the person's clinics; 404 (and a DENIED row) for any other."""
        clinic = self.clinics().filter(public_id=public_id).first()
        if clinic is None:
            raise self.denied("Clinic")
        return clinic

    def get_indication(self) -> Indication | None:
        """The indication that the address names; None for any."""
        code = self.request.GET.get("indication", "")
        if not code:
            return None
        found = Indication.objects.filter(code=code[:16]).first() if code.isprintable() else None
        if found is None:
            raise self.denied("Indication")
        return found


class PlanList(PlanPage):
    """The plans of each clinic and the hours at which its letters go."""

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = list(self.clinics().order_by("name", "pk"))
        lines: dict[int, list[PlanLine]] = plan_lines(clinics, now=self.now)
        shelves = [(clinic, hours_words(Hours.of(clinic)), lines[clinic.pk]) for clinic in clinics]
        indications = Indication.objects.order_by("name")
        return render(request, "staff/plan-list.html", {"shelves": shelves, "indications": indications})


class PlanShow(PlanPage):
    """One version of a plan, to be read; and that there are others."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic, indication = self.get_clinic(public_id), self.get_indication()
        versions = list(Plan.objects.filter(clinic=clinic, indication=indication).order_by("-version"))
        asked = request.GET.get("version") or (str(versions[0].version) if versions else "")
        plan = next((one for one in versions if str(one.version) == asked), None)
        if plan is None and (versions or asked):
            raise self.denied("Plan")
        steps = named_steps(plan) if plan else ()
        context = {
            "clinic": clinic,
            "indication": indication,
            "plan": plan,
            "versions": versions,
            "lines": step_lines(steps, any_indication=indication is None),
        }
        return render(request, "staff/plan-show.html", context)


@dataclass(frozen=True, slots=True)
class Base:
    """What a change of a plan begins with."""

    version: int
    named: tuple[NamedStep, ...]
    usual: tuple[PlanStep, ...]
    #: The newest version waits for its day.
    pending: Plan | None


class PlanEdit(PlanPage):
    """Change a plan: first what that would do is shown, then it is put into force."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.comparison: dict[str, Any] | None = None
        self.outdated = False

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        self.clinic, self.indication = self.get_clinic(public_id), self.get_indication()
        return self.answer(self.form())

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        self.clinic, self.indication = self.get_clinic(public_id), self.get_indication()
        form = self.form(request.POST)
        if not form.is_valid():
            return self.answer(form, status=422)
        plan = {
            "clinic": self.clinic,
            "indication": self.indication,
            "steps": form.steps(),
            "active_from": form.cleaned_data["active_from"],
            "based_on": form.cleaned_data["version"],
            "now": self.now,
        }
        try:
            if form.cleaned_data["confirmed"] == form.fingerprint():
                change_plan(by=self.actor, **plan)
                messages.success(request, _("The plan of letters is saved."))
                return redirect("staff:plan-list")
            check_plan(**plan)
        except PlanRefused as refused:
            form.refuse(refused.problems)
            return self.answer(form, status=422)
        except PlanOutdated as outdated:
            return self.overtaken(outdated.version)
        self.comparison = self.compare(form.steps(), form.cleaned_data["active_from"])
        return self.answer(form)

    @cached_property
    def base(self) -> Base:
        newest = newest_plan(self.clinic, self.indication)
        usual = default_steps()
        if self.indication is not None:
            usual = load_book(self.now).steps(self.clinic.pk, None)
        is_pending = newest is not None and newest.active_from > self.today
        named = named_steps(newest) if newest else ()
        return Base(newest.version if newest else 0, named, usual, newest if is_pending else None)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.clinic.zone).date()

    def form(self, data: Any = None) -> PlanForm:
        return PlanForm(
            data,
            named=self.base.named,
            usual=self.base.usual,
            any_indication=self.indication is None,
            version=self.base.version,
            today=self.today,
        )

    def compare(self, steps: tuple[NamedStep, ...], active_from: date) -> dict[str, Any]:
        """What the change would do, with the names of those whom the person may see."""
        comparison = compare_plans(
            clinic=self.clinic,
            indication=self.indication,
            instead=Proposed(self.clinic.pk, self.indication.pk if self.indication else None, steps),
            at=self.now,
            starts_at=max(self.now, begins_at(active_from, self.clinic.zone)),
        )
        self.listed("Patient", len(comparison.examples))
        return difference_view(comparison, clinic=self.clinic, user=self.user, now=self.now)

    def overtaken(self, version: int) -> HttpResponse:
        """What was typed comes back, to be compared with what somebody else has saved meanwhile."""
        data = self.request.POST.copy()
        data["version"], data["confirmed"] = str(version), ""
        self.outdated = True
        return self.answer(self.form(data), status=409)

    def answer(self, form: PlanForm, status: int = 200) -> HttpResponse:
        context = {
            "clinic": self.clinic,
            "indication": self.indication,
            "form": form,
            "pending": self.base.pending,
            "version": self.base.version,
            "comparison": self.comparison,
            "fingerprint": form.fingerprint() if self.comparison else "",
            "outdated": self.outdated,
        }
        return render(self.request, "staff/plan-edit.html", context, status=status)


class PlanHours(PlanPage):
    """Change the hours at which a clinic's letters go: they hold at once, so what that would do is shown first."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        return self.answer(clinic, self.form(clinic))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        form = HoursForm(request.POST)
        if not form.is_valid():
            return self.answer(clinic, form, status=422)
        was = Hours.of(clinic)
        try:
            check_hours(hours=form.hours())
            if form.cleaned_data["was"] != written(was):
                raise PlanOutdated()
            if form.cleaned_data["confirmed"] == form.fingerprint():
                change_hours(by=self.actor, clinic=clinic, hours=form.hours(), was=was, now=self.now)
                messages.success(request, _("Letters go at the new hours from now on."))
                return redirect("staff:plan-list")
        except PlanRefused as refused:
            form.refuse(refused.problems)
            return self.answer(clinic, form, status=422)
        except PlanOutdated:
            data = request.POST.copy()
            data["was"], data["confirmed"] = written(was), ""
            return self.answer(clinic, HoursForm(data), status=409, outdated=True)
        return self.answer(clinic, form, comparison=self.compare(clinic, form.hours()))

    def form(self, clinic: Clinic) -> HoursForm:
        now = Hours.of(clinic)
        return HoursForm(initial={"opens": now.opens, "closes": now.closes, "weekdays": list(now.weekdays), "was": written(now)})

    def compare(self, clinic: Clinic, hours: Hours) -> dict[str, Any]:
        changed = SendingHours(clinic.zone, hours.opens, hours.closes, frozenset(hours.weekdays))
        comparison = compare_plans(clinic=clinic, hours=changed, at=self.now, starts_at=self.now)
        self.listed("Patient", len(comparison.examples))
        return difference_view(comparison, clinic=clinic, user=self.user, now=self.now)

    def answer(
        self,
        clinic: Clinic,
        form: HoursForm,
        *,
        status: int = 200,
        comparison: dict[str, Any] | None = None,
        outdated: bool = False,
    ) -> HttpResponse:
        context = {
            "clinic": clinic,
            "form": form,
            "comparison": comparison,
            "fingerprint": form.fingerprint() if comparison else "",
            "outdated": outdated,
            "hours": hours_words(Hours.of(clinic)),
        }
        return render(self.request, "staff/plan-hours.html", context, status=status)
