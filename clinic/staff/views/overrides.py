"""The treatments that were signed past a check, for those who review them."""

from __future__ import annotations

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.accounts import User
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.staff.forms.override_filters import OverrideFilterForm
from clinic.staff.pages import StaffPage
from clinic.staff.paging import page_of
from clinic.treatments.check_words import NAMES
from clinic.treatments.checks.findings import Code
from clinic.treatments.models import Override

#: The newest first; served by the index `override_newest_first`.
ORDER = ("-at", "-id")


class OverrideList(StaffPage):
    """Every override at the reader's clinics, the newest first. For one month also how many of each kind and by whom."""

    permission = Permission.REVIEW_OVERRIDES

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = [one.clinic for one in memberships_of(self.user) if one.may(self.permission)]
        people = User.objects.filter(memberships__clinic__in=clinics).distinct().order_by("name", "pk")
        # Without filters the form is bound too: it is valid, and asks for everything.
        form = OverrideFilterForm(request.GET, people=list(people))
        if not form.is_valid():
            return render(request, "staff/override-list.html", {"form": form}, status=422)
        seen = Override.objects.filter(session__patient__in=self.patients())
        found = form.narrow(seen, zone=clinics[0].zone)
        page = page_of(
            found.select_related("session__patient", "session__product", "session__condition__indication", "by"),
            params=request.GET,
            order=ORDER,
            scope=seen,
        )
        self.listed("Override", len(page.rows))
        context = {
            "form": form,
            "page": page,
            "rows": [{"override": one, "kind": _kind(one.code)} for one in page.rows],
            "zone": clinics[0].zone,
            "report": self.report(found) if form.cleaned_data["month"] else None,
        }
        return render(request, "staff/override-list.html", context)

    def report(self, found: QuerySet[Override]) -> list[dict[str, object]]:
        """How many of each kind, and by whom, most first: the month's report. One query."""
        counted = (
            found.order_by().values_list("code", "severity", "by__name").annotate(number=Count("pk")).order_by("-number", "code")
        )
        return [{"kind": _kind(code), "severity": severity, "by": by, "number": number} for code, severity, by, number in counted]


def _kind(code: str) -> str:
    """What a kind of check is called; one that this version does not know, by its code."""
    return str(NAMES[Code(code)]) if code in set(Code) else code
