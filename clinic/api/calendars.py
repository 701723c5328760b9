"""A practitioner's visits for calendar programs, by whoever holds the feed's address."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views import View

from clinic import audit
from clinic.scheduling.calendar_file import CONTENT_TYPE
from clinic.scheduling.services.feeding import feed_file, open_feed


class CalendarRead(View):
    """The calendar, or 304 where the program has it as it is. 404 for an address that opens nothing, without a word about why."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        feed = open_feed(token)
        if feed is None:
            return HttpResponse("There is no calendar here.\n", status=404, content_type="text/plain; charset=utf-8")
        now = timezone.now()
        content, count = feed_file(feed, host=settings.SITE_HOST, site_url=settings.SITE_URL, now=now)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        response = get_conditional_response(request, etag=etag) or HttpResponse(content, content_type=CONTENT_TYPE)
        if not isinstance(response, HttpResponseNotModified) and request.method == "GET":
            # What was handed out is written down; that nothing was new hands out nothing.
            reader = audit.Actor.system()
            audit.record(by=reader, action=audit.Action.EXPORTED, what=feed, clinic_id=feed.clinic_id, count=count, now=now)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
