"""The page a link leads to: the booked visit, or times to choose from, or whom to phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from clinic.links import LinkPurpose, LinkRefused
from clinic.portal.forms import ChooseTimeForm, OtherDaysForm
from clinic.portal.pages import PortalPage, refuse
from clinic.portal.situation import Offer, Situation, Task, may_move, offer_for, situation_of, waits_for_a_call
from clinic.practice.models import Practitioner
from clinic.scheduling.services import value_of
from clinic.scheduling.slots import by_day
from clinic.treatments.models import FollowUp


@dataclass(frozen=True)
class Again:
    """The time that the patient had before, as one more choice."""

    practitioner: Practitioner
    starts_at: datetime

    @property
    def value(self) -> str:
        """What the form sends back for it."""
        return value_of(self.practitioner.public_id, self.starts_at)


#: What has just been done, as the address says it after a redirect.
DONE = ("booked", "moved", "cancelled", "asked", "kept")
_NOTHING_OFFERED = Offer([], with_anyone=True, others_treat=False)


class BookingPage(PortalPage):
    """What the pages for choosing, seeing and cancelling a visit share."""

    purposes = (LinkPurpose.BOOK, LinkPurpose.VISIT)

    def show(
        self, situation: Situation, *, form: ChooseTimeForm | None = None, problem: str = "", status: int = 200
    ) -> HttpResponse:
        """Answer with the page that fits the situation; `problem` is told beside the choice."""
        if situation.visit is not None:
            return self.page(
                "link-visit",
                visit=situation.visit,
                may_cancel=situation.visit.starts_at > self.now,
                may_move=may_move(self.link, situation, now=self.now),
                done=self.done(),
                status=status,
            )
        waits = waits_for_a_call(self.link)
        if situation.task is Task.CHOOSE:
            return self._choose(situation, form, problem, status, waits)
        may_ask = situation.task is Task.PHONE and bool(self.patient.phone)
        return self.page("link-phone", situation=situation, may_ask=may_ask, waits=waits, done=self.done(), status=status)

    def back(self, done: str = "") -> HttpResponseRedirect:
        """Lead to the page of the link, which shows how things stand now; `done` says what the patient has just done."""
        address = reverse("portal:link-show", args=[self.token])
        return HttpResponseRedirect(f"{address}?done={done}" if done else address)

    def done(self) -> str:
        """What the patient has just done, if the address says so."""
        said = self.request.GET.get("done", "")
        return said if said in DONE else ""

    def _choose(self, situation: Situation, form: ChooseTimeForm | None, problem: str, status: int, waits: bool) -> HttpResponse:
        visit = situation.cancelled if situation.may_have_again else None
        return self.choosing(
            "link-choose",
            follow_up=situation.follow_up,
            again=Again(visit.practitioner, visit.starts_at) if visit else None,
            form=form,
            problem=problem,
            status=status,
            situation=situation,
            waits=waits,
            done=self.done(),
        )

    def choosing(
        self,
        name: str,
        *,
        follow_up: FollowUp | None,
        again: Again | None,
        form: ChooseTimeForm | None,
        problem: str,
        status: int,
        **more: Any,
    ) -> HttpResponse:
        """Answer with the page `name`: the times on offer for `follow_up` as the address asks for them, and the one `again`."""
        other_days = OtherDaysForm(self.request.GET)
        from_on = other_days.cleaned_data["on"] if other_days.is_valid() else None
        asked_for_anyone = self.request.GET.get("with") == "anyone"
        offer = _NOTHING_OFFERED
        if follow_up is not None:
            offer = offer_for(follow_up, from_on=from_on, with_anyone=asked_for_anyone, now=self.now)
        return self.page(
            name,
            offer=offer,
            days=by_day([time for time in offer.times if again is None or time.value != again.value], lambda time: time.on),
            today=self.now.astimezone(self.clinic.zone).date(),
            again=again,
            chosen=form["time"].value() if form else None,
            problems=[*(form.errors.get("time", []) if form else []), *([problem] if problem else [])],
            other_days=other_days,
            from_on=from_on,
            asked_for_anyone=asked_for_anyone,
            shown_query=_shown_query(from_on, asked_for_anyone=asked_for_anyone),
            later_on=offer.times[-1].on + timedelta(days=1) if offer.times else None,
            status=status if other_days.is_valid() else max(status, 400),
            **more,
        )


class LinkShow(BookingPage):
    """The page behind a letter's link."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show what there is to do; change nothing."""
        return self.show(situation_of(self.link, now=self.now))


@method_decorator(csrf_exempt, name="dispatch")
class LinkMissing(View):
    """Any other address below the patients' pages: nothing, calmly, to whoever posts too (a mail program has no cookie)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer as for a token that nobody was ever sent."""
        return refuse(request, LinkRefused("UNKNOWN"), now=timezone.now())


def _shown_query(from_on: date | None, *, asked_for_anyone: bool) -> str:
    """The part of the address that says which times are shown, so that a refused choice comes back among the same ones."""
    shown = ({"on": f"{from_on:%Y-%m-%d}"} if from_on else {}) | ({"with": "anyone"} if asked_for_anyone else {})
    return f"?{urlencode(shown)}" if shown else ""
