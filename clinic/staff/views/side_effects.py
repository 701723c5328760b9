"""The log of side effects, one of them with all that is known, and its review."""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.patients.services import Refused
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.safety.models import SideEffectState
from clinic.safety.services import acknowledge, review, visible_to
from clinic.staff.forms.side_effect_filters import Narrowed, narrow
from clinic.staff.forms.side_effects import ReviewForm
from clinic.staff.kept import Kept, change_seen_by
from clinic.staff.names import names_at
from clinic.staff.pages import StaffPage
from clinic.staff.paging import AFTER, BEFORE, page_of
from clinic.staff.side_effect_lines import facts_of, laid_out, lines_of
from clinic.staff.side_effect_pages import SideEffectPage

#: The newest report first; served by the index `side_effect_newest_first`.
ORDER = ("-reported_at", "-id")


class SideEffectList(StaffPage):
    """Every reported side effect of the reader's clinics, the newest first."""

    permission = Permission.VIEW_SIDE_EFFECT_LOG

    def get(self, request: HttpRequest) -> HttpResponse:
        clinics = [one.clinic for one in memberships_of(self.user) if one.may(self.permission)]
        seen = visible_to(self.user)
        change = change_seen_by(request)
        narrowed = narrow(request.GET, seen, clinics=clinics, newest_change=change)
        if narrowed.side_effects is None:
            refused = {"form": narrowed.form, "tabs": self.tabs(request.GET, {}, "")}
            return render(request, "staff/side-effect-list.html", refused, status=422)
        counts = _counts(narrowed, newest_change=change)
        found = narrowed.side_effects.filter(state=narrowed.state) if narrowed.state else narrowed.side_effects
        page = page_of(facts_of(found), params=request.GET, order=ORDER, scope=seen)
        lines = lines_of(page.rows, zone=clinics[0].zone, names=names_at(clinics, newest_change=change))
        self.listed("SideEffect", len(lines))
        context = {
            "form": narrowed.form,
            "tabs": self.tabs(request.GET, counts, narrowed.state),
            "total": sum(counts.values()),
            "page": page,
            "rows": [laid_out(line, get_language()) for line in lines],
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


_COUNTS: Kept[Hashable, dict[str, int]] = Kept()


def _counts(narrowed: Narrowed, *, newest_change: Hashable) -> dict[str, int]:
    """How many there are in each state, from memory if they were counted since the newest change."""
    found = narrowed.side_effects
    if found is None:
        return {}
    return found.by_state() if narrowed.known_as is None else _COUNTS.get((newest_change, narrowed.known_as), found.by_state)


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
