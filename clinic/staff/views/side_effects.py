"""The log of side effects, one of them with all that is known, and its review."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.patients.services import Refused
from clinic.practice.roles import Permission
from clinic.safety.models import SideEffectState
from clinic.safety.services import acknowledge, review, visible_to
from clinic.staff.forms.side_effect_filters import SideEffectFilter
from clinic.staff.forms.side_effects import ReviewForm
from clinic.staff.names import Names
from clinic.staff.pages import StaffPage
from clinic.staff.paging import AFTER, BEFORE, page_of
from clinic.staff.side_effect_pages import SideEffectPage
from clinic.treatments.models import VialUse

#: The newest report first; served by the index `side_effect_newest_first`.
ORDER = ("-reported_at", "-id")


class SideEffectList(StaffPage):
    """Every reported side effect of the reader's clinics, the newest first."""

    permission = Permission.VIEW_SIDE_EFFECT_LOG

    def get(self, request: HttpRequest) -> HttpResponse:
        seen = visible_to(self.user)
        clinics = list(self.clinics().order_by("name", "pk"))
        # Who works in two time zones reads the days of the first clinic.
        filters = SideEffectFilter(request.GET, seen, names=Names(clinics), zone=clinics[0].zone)
        context: dict[str, Any] = {"form": filters.form, "tabs": self.tabs(request.GET, {}, "")}
        if not filters.form.is_valid():
            return render(request, "staff/side-effect-list.html", context, status=422)
        counts = filters.qs.by_state()
        state = filters.form.cleaned_data["state"]
        found = filters.qs.filter(state=state) if state else filters.qs
        uses = Prefetch("session__current_version__vial_uses", VialUse.objects.select_related("vial__lot").order_by("pk"))
        rows = found.with_facts().select_related("session__current_version").prefetch_related(uses)
        page = page_of(rows, params=request.GET, order=ORDER, scope=seen)
        self.listed("SideEffect", len(page.rows))
        context |= {
            "tabs": self.tabs(request.GET, counts, state),
            "total": sum(counts.values()),
            "page": page,
            "zone": clinics[0].zone,
        }
        return render(request, "staff/side-effect-list.html", context)

    def tabs(self, params: QueryDict, counts: dict[str, int], chosen: str) -> list[dict[str, Any]]:
        """A link for each state that keeps the other filters, with its count."""
        every = [("", _("All"), sum(counts.values()))]
        every += [(state, str(label), counts.get(state, 0)) for state, label in SideEffectState.choices]
        tabs = []
        for state, word, count in every:
            query = params.copy()
            for name in ("state", AFTER, BEFORE):
                query.pop(name, None)
            if state:
                query["state"] = state
            tabs.append({"word": word, "count": count, "query": f"?{query.urlencode()}", "is_current": state == chosen})
        return tabs


class SideEffectShow(SideEffectPage):
    """One side effect: the report, the treatment before it, its versions and reviews."""

    template = "staff/side-effect-show.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.show(self.load(public_id))


class SideEffectAcknowledge(SideEffectPage):
    """Take notice of a report. A button, not a page."""

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        side_effect = self.load(public_id)
        acknowledge(by=self.actor, side_effect=side_effect, now=self.now)
        messages.success(request, _("Noted: you have seen this report."))
        return redirect("staff:side-effect-show", side_effect.public_id)


class SideEffectReview(SideEffectPage):
    """Judge a side effect. Each look is kept; the newest says where it stands."""

    permission = Permission.REVIEW_SIDE_EFFECTS
    template = "staff/side-effect-review.html"

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.show(self.load(public_id), form=ReviewForm())

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        side_effect = self.load(public_id)
        form = ReviewForm(request.POST)
        if form.is_valid():
            try:
                review(by=self.actor, side_effect=side_effect, now=self.now, **form.cleaned_data)
            except Refused as refused:
                form.refuse(refused.problems)
            else:
                messages.success(request, _("The review is kept."))
                return redirect("staff:side-effect-show", side_effect.public_id)
        return self.show(side_effect, 422, form=form)
