"""The private addresses under which calendar programs read a practitioner's visits: made and revoked."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic, Practitioner
from clinic.practice.roles import Permission
from clinic.practice.services import memberships_of
from clinic.scheduling.calendar_feeds import CalendarFeed
from clinic.scheduling.services import practitioners_of
from clinic.scheduling.services.feeding import create_feed, revoke_feed
from clinic.staff.pages import StaffPage


class _Feeds(StaffPage):
    """The feeds of everybody who treats at the reader's clinics: they tell whoever holds this permission nothing new."""

    permission = Permission.RECORD_TREATMENTS

    def pairs(self) -> list[tuple[Clinic, Practitioner]]:
        """Whose feeds at which clinic this person may make and revoke. One query for each clinic of theirs."""
        here = [one.clinic for one in memberships_of(self.user) if one.may(self.permission)]
        return [(clinic, person) for clinic in here for person in practitioners_of(clinic)]

    def pair(self, clinic_id: UUID, practitioner_id: UUID) -> tuple[Clinic, Practitioner]:
        """One of these; 404 for any other."""
        asked = (clinic_id, practitioner_id)
        found = next((pair for pair in self.pairs() if (pair[0].public_id, pair[1].public_id) == asked), None)
        if found is None:
            raise self.denied("CalendarFeed")
        return found

    def show(self, token: str = "", shown: tuple[Clinic, Practitioner] | None = None) -> HttpResponse:
        """The page; with the address of the feed that was just made."""
        pairs = self.pairs()
        live = {
            (feed.clinic_id, feed.practitioner_id): feed
            for feed in CalendarFeed.objects.filter(
                clinic__in={clinic.pk for clinic, _person in pairs}, revoked_at__isnull=True
            ).select_related("created_by")
        }
        context = {
            "rows": [
                {"clinic": clinic, "practitioner": person, "feed": live.get((clinic.pk, person.pk))} for clinic, person in pairs
            ],
            "address": f"{settings.SITE_URL}{reverse('api:calendar-read', args=[token])}" if token else "",
            "shown": shown,
        }
        return render(self.request, "staff/calendar-feed-list.html", context)


class CalendarFeedList(_Feeds):
    """Who has a feed, since when. An address is shown once, when it is made."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()


class CalendarFeedCreate(_Feeds):
    """Makes an address, or another one in its place, and shows it this once."""

    def get(self, request: HttpRequest, clinic_id: UUID, public_id: UUID) -> HttpResponse:
        self.pair(clinic_id, public_id)
        return redirect("staff:calendar-feed-list")

    def post(self, request: HttpRequest, clinic_id: UUID, public_id: UUID) -> HttpResponse:
        clinic, practitioner = self.pair(clinic_id, public_id)
        token = create_feed(by=self.actor, practitioner=practitioner, clinic=clinic, now=self.now)
        return self.show(token, (clinic, practitioner))


class CalendarFeedRevoke(_Feeds):
    """Makes an address open nothing any more."""

    def post(self, request: HttpRequest, clinic_id: UUID, public_id: UUID) -> HttpResponse:
        clinic, practitioner = self.pair(clinic_id, public_id)
        if revoke_feed(by=self.actor, practitioner=practitioner, clinic=clinic, now=self.now):
            messages.success(request, _("The address opens nothing any more."))
        return redirect("staff:calendar-feed-list")
