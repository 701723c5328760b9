"""Public holidays: proposed for a year, taken over by a person."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic
from clinic.scheduling.services import (
    Displaced,
    HoursRefused,
    Proposal,
    all_of,
    closing,
    countries,
    proposals,
    set_holiday_region,
    take_over_holidays,
)
from clinic.staff.forms.fields import PlainForm
from clinic.staff.forms.hours import HolidayRegionForm, HolidaysForm
from clinic.staff.views.hours_changing import HoursChangePage

#: How many years after the present one are proposed.
YEARS_AHEAD = 2


class HolidaysTake(HoursChangePage):
    """The public holidays of a year, and which of them the clinic is closed on."""

    template = "staff/holidays-take.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        return self.answer(clinic, HolidaysForm(proposals=self.open_ones(clinic)))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        form = HolidaysForm(request.POST, proposals=self.open_ones(clinic))
        if not form.is_valid():
            return self.answer(clinic, form, status=422)
        days = form.cleaned_data["days"]
        return self.decide(
            clinic,
            form,
            all_of([closing(None, day, day) for day in days]),
            lambda: take_over_holidays(by=self.actor, clinic=clinic, days=days, now=self.now),
        )

    def answer(
        self, clinic: Clinic, form: PlainForm, *, displaced: Displaced | None = None, status: int = 200, **more: Any
    ) -> HttpResponse:
        this_year = self.today(clinic).year
        region = {"country": clinic.country, "region": clinic.region}
        more = {
            "region_form": HolidayRegionForm(countries=countries(), initial=region),
            "year": self.year(clinic),
            "years": range(this_year, this_year + YEARS_AHEAD + 1),
            "closed": [one for one in self.proposals(clinic) if one.is_closed],
            "open_ones": self.open_ones(clinic),
            **more,
        }
        return super().answer(clinic, form, displaced=displaced, status=status, **more)

    def year(self, clinic: Clinic) -> int:
        """The year that the address names; this one for anything else."""
        this_year = self.today(clinic).year
        known = {str(year): year for year in range(this_year, this_year + YEARS_AHEAD + 1)}
        return known.get(self.request.GET.get("year", ""), this_year)

    def proposals(self, clinic: Clinic) -> list[Proposal]:
        return proposals(clinic=clinic, year=self.year(clinic))

    def open_ones(self, clinic: Clinic) -> list[Proposal]:
        """Those still to come on which the clinic is not closed yet."""
        today = self.today(clinic)
        return [one for one in self.proposals(clinic) if not one.is_closed and one.on >= today]


class HolidayRegionSet(HolidaysTake):
    """Whose public holidays are proposed. The form stands on the page of the holidays."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return redirect("staff:holidays-take", self.get_clinic(public_id).public_id)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        form = HolidayRegionForm(request.POST, countries=countries())
        if form.is_valid():
            try:
                set_holiday_region(by=self.actor, clinic=clinic, now=self.now, **form.cleaned_data)
            except HoursRefused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("Saved. Nothing is closed until you take holidays over."))
                return redirect("staff:holidays-take", clinic.public_id)
        return self.answer(clinic, HolidaysForm(proposals=self.open_ones(clinic)), status=422, region_form=form)
