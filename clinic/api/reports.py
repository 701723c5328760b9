"""Takes reports about letters over HTTP from whoever holds a secret of this installation (REPORT_SECRETS)."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from clinic import audit
from clinic.reminders.delivery_reports import ReportWay
from clinic.reminders.services import Taken, take_report
from clinic.reminders.signatures import WINDOW, is_signed, signed_at, use_up

#: Our letters have some ten kilobytes; a report about one has little more.
MOST_BYTES = 2 << 20
TIMESTAMP, SIGNATURE, SCHEME = "X-Report-Timestamp", "X-Report-Signature", "sha256="

_SAID = {Taken.ACTED: "taken", Taken.KNOWN: "known", Taken.FOR_A_PERSON: "kept for a person"}


@method_decorator(csrf_exempt, name="dispatch")
class ReportTake(View):
    """One mail (RFC 822) a request, as it came. Does not exist unless a secret is set.

    401 for a signature that is missing or wrong, 400 for a time that is none or too far from ours, 409 for a signature that was
    used before, 413 for too long a body. Says nothing about any letter.
    """

    def post(self, request: HttpRequest) -> JsonResponse:
        if not settings.REPORT_SECRETS:
            raise Http404
        now = timezone.now()
        timestamp, given = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
        if not given.startswith(SCHEME) or not timestamp:
            return _refused(401, f"Sign the report: {TIMESTAMP} and {SIGNATURE}.")
        at = signed_at(timestamp)
        if at is None or abs(at - now) > WINDOW:
            return _refused(400, f"{TIMESTAMP} is not within five minutes of this server's clock.")
        length = request.headers.get("Content-Length", "")
        if not length.isdigit():
            return _refused(411, "Say how long the report is: Content-Length.")
        if int(length) > MOST_BYTES:
            return _refused(413, f"A report has at most {MOST_BYTES} bytes.")
        # Not `body`, whose limit is meant for forms.
        content = request.read(MOST_BYTES + 1)
        if not is_signed(given.removeprefix(SCHEME), secrets=settings.REPORT_SECRETS, timestamp=timestamp, content=content):
            return _refused(401, "The signature is not one of this report with a secret of this installation.")
        with transaction.atomic():
            if not use_up(given, now=now):
                return _refused(409, "This signature was used before: sign anew.")
            taken = take_report(by=audit.Actor.system(), content=content, way=ReportWay.WEBHOOK, now=now)
        return JsonResponse({"report": _SAID[taken]})


def _refused(status: int, why: str) -> JsonResponse:
    return JsonResponse({"error": why}, status=status)
