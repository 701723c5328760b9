"""Unusually many letters of one clinic, stopped by the engine: what they are, before somebody lets them go."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.practice.roles import Permission
from clinic.reminders.models import MessageState
from clinic.reminders.piles import LetterPile
from clinic.reminders.wording import step_choices
from clinic.staff.letter_lines import message_lines
from clinic.staff.paging import page_of
from clinic.staff.views.letters import LetterPage


class LetterPileShow(LetterPage):
    """Every ready letter of the clinic, how many of which kind, and the word that lets them go."""

    permission = Permission.DECIDE_LETTERS

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = next((one for one in self.known_clinics if one.public_id == public_id), None)
        if clinic is None:
            raise self.denied("Clinic")
        ready = self.letters().filter(clinic=clinic, state=MessageState.READY)
        by_step = ready.order_by().values_list("step").annotate(number=Count("pk")).order_by("-number", "step")
        words = dict(step_choices())
        steps: list[dict[str, Any]] = [{"word": words.get(step, step), "number": number} for step, number in by_step]
        page = page_of(ready, params=request.GET, order=("ready_at", "id"), scope=self.letters())
        context = {
            "clinic": clinic,
            "pile": LetterPile.objects.filter(clinic=clinic, looked_at__isnull=True).first(),
            "looked_at": self.now.isoformat(),
            "total": sum(step["number"] for step in steps),
            "steps": steps,
            "page": page,
            "lines": message_lines(page.rows, now=self.now, deciding={clinic.pk}),
        }
        self.listed("Message", len(page.rows))
        return render(request, "staff/letter-pile.html", context)
