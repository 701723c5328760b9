"""A letter that is still to come, as its patient would see it if it went with what is known today."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clinic.patients.models import Patient
from clinic.practice.roles import Permission
from clinic.reminders.services import ComingLetter, letter_to_come
from clinic.reminders.wording import moment_words
from clinic.staff.letter_frames import AROUND_POLICY, sheet, shut_in
from clinic.staff.pages import StaffPage


class _OneLetter(StaffPage):
    """A letter to come, named in the address or the next one. Whether there is one is said of the patient: a view of them."""

    permission = Permission.VIEW_LETTERS

    def load(self, public_id: uuid.UUID) -> tuple[Patient, ComingLetter | None]:
        """The patient, and the letter if it goes as things stand; 404 outside the scope."""
        patient = self.get_patient(public_id)
        coming = letter_to_come(patient=patient, handle=self.handle(), now=self.now)
        self.viewed(patient)
        return patient, coming

    def handle(self) -> str:
        return self.request.GET.get("letter", "")

    def status(self, coming: ComingLetter | None) -> int:
        """A letter that was asked for by name and does not go is not to be found; that none goes at all is an answer."""
        return 404 if coming is None and self.handle() else 200


class LetterPreview(_OneLetter):
    """To whom, when and in what language it goes, and around it nothing: the letter stands in a frame."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        patient, coming = self.load(public_id)
        context: dict[str, Any] = {"patient": patient, "coming": coming}
        if coming is not None:
            address, query = reverse("staff:letter-sheet", args=[public_id]), {"letter": self.handle()}
            context |= {
                "language_name": dict(settings.LANGUAGES).get(coming.language, coming.language),
                "when": moment_words(coming.when, patient.clinic.zone, at=self.now),
                "sheet_url": f"{address}?{urlencode(query)}",
                "text_url": f"{address}?{urlencode({**query, 'as': 'text'})}",
            }
        response = render(request, "staff/letter-preview.html", context, status=self.status(coming))
        response.headers["Content-Security-Policy"] = AROUND_POLICY
        return response


class LetterSheet(_OneLetter):
    """The letter alone, shut in."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        _patient, coming = self.load(public_id)
        if coming is not None:
            return sheet(coming.letter, as_text=request.GET.get("as") == "text")
        problems = [_("As things stand this letter does not go.")]
        return shut_in(render(request, "staff/wording-refused.html", {"problems": problems}, status=self.status(coming)))
