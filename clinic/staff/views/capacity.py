"""What comes towards a clinic: windows by week against free times, and who would be pushed past their window."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.care.capacity import forecast
from clinic.practice.roles import Permission
from clinic.staff.pages import StaffPage
from clinic.staff.pictures.capacity_chart import lay_out
from clinic.treatments.models import FollowUp

#: So many of those who would be pushed past their window are named.
MOST_NAMED = 50


class CapacityShow(StaffPage):
    """The next half year of one clinic: the one named in the address, or else the person's first."""

    permission = Permission.WORK_FOLLOW_UPS

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = list(self.clinics().order_by("name", "pk"))
        named = request.GET.get("clinic")
        clinic = next((one for one in clinics if named in (None, str(one.public_id))), None)
        if clinic is None:
            raise self.denied("Clinic")
        follow_ups = FollowUp.objects.filter(patient__in=self.patients())
        ahead = forecast(clinic=clinic, follow_ups=follow_ups, now=self.now, most=MOST_NAMED)
        self.listed("FollowUp", len(ahead.pushed))
        context = {
            "clinic": clinic,
            "others": [one for one in clinics if one != clinic],
            "forecast": ahead,
            "chart": lay_out(ahead.weeks),
            "wanted": sum(week.wanted for week in ahead.weeks),
            "free": sum(week.free for week in ahead.weeks),
            "unnamed": ahead.pushed_count - len(ahead.pushed),
        }
        return render(request, "staff/capacity-show.html", context)
