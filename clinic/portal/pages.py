"""What every page for patients does before anything else: open the link, or refuse it calmly.

The token in the address is the only authority here. No cookie is read or set, so there is nothing that another site could
make a browser send along, and the forms need no CSRF token; mail programs post to the page that stops letters without any.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from redis.exceptions import RedisError

from clinic import audit
from clinic.links import LinkRefused, PatientLink, open_link
from clinic.patients.models import Patient
from clinic.practice.models import Clinic

#: Wrong addresses that one caller may try in this many seconds before being told to wait.
WRONG_TRIES = 30
WRONG_SECONDS = 600

log = logging.getLogger(__name__)
Answer = TypeVar("Answer", bound=HttpResponseBase)


@method_decorator(csrf_exempt, name="dispatch")
class PortalPage(View):
    """A page behind a patient link of one of `purposes`. GET and HEAD show and change nothing; POST acts.

    An unknown address, or one meant for another purpose: 404, in words that do not tell which. One that has expired or was
    revoked: 410, with the clinic's phone. A known link leaves a row in the audit log. Texts are in the patient's language,
    times in the clinic's zone.
    """

    purposes: ClassVar[tuple[str, ...]]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Read the clock."""
        super().setup(request, *args, **kwargs)
        self.now = timezone.now()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Open the link and answer; whatever is answered may be kept by nobody."""
        self.token = str(kwargs.pop("token"))
        try:
            self.link = open_link(self.token, now=self.now, purposes=self.purposes)
        except LinkRefused as refused:
            return refuse(request, refused, now=self.now)
        _record_opening(request, self.link, now=self.now)
        with translation.override(self.patient.language), timezone.override(self.clinic.zone):
            return _private(super().dispatch(request, *args, **kwargs))

    @property
    def patient(self) -> Patient:
        return self.link.patient

    @property
    def clinic(self) -> Clinic:
        return self.link.patient.clinic

    @property
    def actor(self) -> audit.Actor:
        """The patient, as the audit log names them."""
        return audit.Actor.patient(address=self.request.META.get("REMOTE_ADDR", ""))

    def page(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """Render one of the portal's templates for this patient."""
        # Messages belong to a member of staff who may be signed in in the same browser.
        shared = {"clinic": self.clinic, "patient": self.patient, "token": self.token, "messages": ()}
        return render(self.request, f"portal/{template}.html", {**shared, **context}, status=status)


def refuse(request: HttpRequest, refused: LinkRefused, *, now: datetime) -> HttpResponse:
    """Answer for an address that opens nothing: calmly, and without saying whether it ever did unless it was this patient's."""
    link = refused.link
    if link is None:
        status = 429 if _tries_too_often(request) else 404
        return _private(render(request, "portal/link-refused.html", {"messages": ()}, status=status))
    _record_opening(request, link, now=now)
    clinic = link.patient.clinic
    with translation.override(clinic.language):
        return _private(render(request, "portal/link-refused.html", {"clinic": clinic, "messages": ()}, status=410))


def _record_opening(request: HttpRequest, link: PatientLink, *, now: datetime) -> None:
    audit.record(
        by=audit.Actor.patient(address=request.META.get("REMOTE_ADDR", "")),
        action=audit.Action.LINK_OPENED,
        what=link,
        patient_public_id=link.patient.public_id,
        clinic_id=link.patient.clinic_id,
        now=now,
    )


def _private(response: Answer) -> Answer:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _tries_too_often(request: HttpRequest) -> bool:
    """Count a wrong address against its caller. A right one is never counted nor held up."""
    caller = hashlib.sha256(request.META.get("REMOTE_ADDR", "").encode()).hexdigest()
    key = f"portal-wrong-{caller}"
    try:
        cache.add(key, 0, timeout=WRONG_SECONDS)
        return int(cache.incr(key)) > WRONG_TRIES
    except (RedisError, ValueError) as error:
        # The counter is out of reach, or ran out between the two calls. The address opens nothing either way.
        log.warning("Wrong patient links are not being counted: %s", type(error).__name__)
        return False
