"""The words of letters: what a clinic says in place of the standard ones, looked at before anybody gets it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clinic.practice.models import Clinic
from clinic.practice.roles import Permission
from clinic.reminders.letter_wordings import STANDARD, Words, load_wordings
from clinic.reminders.neutral_words import variables
from clinic.reminders.rules import RULES
from clinic.reminders.services import (
    FULLER,
    TrialRefused,
    WordingOf,
    WordingOutdated,
    WordingRefused,
    change_words,
    newest_wording,
    preview,
    send_test,
)
from clinic.reminders.wording import step_words
from clinic.staff.forms.wordings import WordingForm
from clinic.staff.letter_frames import AROUND_POLICY, sheet, shut_in
from clinic.staff.pages import StaffPage


class WordingPage(StaffPage):
    """What the pages of words share. They hold nothing of any patient."""

    permission = Permission.MANAGE_CLINIC

    def get_clinic(self, public_id: uuid.UUID) -> Clinic:
        """One of the person's clinics; 404 (and a DENIED row) for any other."""
        clinic = self.clinics().filter(public_id=public_id).first()
        if clinic is None:
            raise self.denied("Clinic")
        return clinic

    def get_wording(self, public_id: uuid.UUID) -> WordingOf:
        """Which words the address names; without a name the first letter in the clinic's language. 404 for what there is not."""
        clinic, params = self.get_clinic(public_id), self.request.GET
        letter = params.get("letter", FULLER[0])
        language = params.get("language", clinic.language)
        is_fuller = params.get("words") == "fuller"
        known = {rule.letter for rule in RULES.values() if rule.letter}
        if letter not in known or language not in dict(settings.LANGUAGES) or (is_fuller and letter not in FULLER):
            raise self.denied("LetterWording")
        return WordingOf(clinic, letter, language, is_fuller)


class WordingList(WordingPage):
    """Every letter in every language, and whether the clinic has words of its own for it."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        clinic = self.get_clinic(public_id)
        book = load_wordings([clinic.pk])

        def own(letter: str, language: str, *, is_fuller: bool) -> bool:
            return book.get((clinic.pk, letter, language, is_fuller), STANDARD) != STANDARD

        lines = [
            {
                "title": step_words(code),
                "letter": rule.letter,
                "has_fuller": rule.letter in FULLER,
                "cells": [
                    {
                        "language": language,
                        "name": name,
                        "own": own(rule.letter, language, is_fuller=False),
                        "fuller": own(rule.letter, language, is_fuller=True),
                    }
                    for language, name in settings.LANGUAGES
                ],
            }
            for code, rule in RULES.items()
            if rule.letter
        ]
        return render(request, "staff/wording-list.html", {"clinic": clinic, "lines": lines, "languages": settings.LANGUAGES})


class WordingEdit(WordingPage):
    """Change the words of one letter in one language; look at it and try it on oneself first."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        return self.answer(self.get_wording(public_id))

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        of = self.get_wording(public_id)
        form = WordingForm(request.POST)
        if not form.is_valid():
            return self.answer(of, form, status=422)
        words = form.words()
        try:
            if "test" in request.POST:
                send_test(by=self.actor, user=self.user, of=of, words=words, now=self.now)
                messages.success(request, _("The test letter is on its way to %(address)s.") % {"address": self.user.email})
                return self.answer(of, form)
            change_words(by=self.actor, of=of, words=words, based_on=form.cleaned_data["version"], now=self.now)
        except WordingRefused as refused:
            form.refuse(refused.problems)
            return self.answer(of, form, status=422)
        except TrialRefused as refused_test:
            form.add_error(None, str(refused_test))
            return self.answer(of, form, status=422)
        except WordingOutdated as outdated:
            data = request.POST.copy()
            data["version"] = str(outdated.version)
            return self.answer(of, WordingForm(data), status=409, outdated=newest_wording(of))
        messages.success(request, _("Letters that are written from now on have these words."))
        return redirect("staff:wording-list", of.clinic.public_id)

    def answer(self, of: WordingOf, form: WordingForm | None = None, *, status: int = 200, outdated: Any = None) -> HttpResponse:
        newest = newest_wording(of)
        if form is None:
            words = Words(newest.subject, newest.opening) if newest else STANDARD
            version = newest.version if newest else 0
            form = WordingForm(initial={"version": version, "subject": words.subject, "opening": words.opening})
        query = urlencode({"letter": of.letter, "language": of.language, "words": "fuller" if of.is_fuller else "neutral"})
        context = {
            "clinic": of.clinic,
            "form": form,
            "title": next(step_words(code) for code, rule in RULES.items() if rule.letter == of.letter),
            "language_name": dict(settings.LANGUAGES)[of.language],
            "is_fuller": of.is_fuller,
            "newest": newest,
            "outdated": outdated,
            "variables": [f"{{{name}}}" for name in variables(has_visit=of.has_visit)],
            "preview_url": f"{reverse('staff:wording-preview', args=[of.clinic.public_id])}?{query}",
            "text_url": f"{reverse('staff:wording-preview', args=[of.clinic.public_id])}?{query}&as=text",
            "address": self.user.email,
        }
        response = render(self.request, "staff/wording-edit.html", context, status=status)
        response.headers["Content-Security-Policy"] = AROUND_POLICY
        return response


class WordingPreview(WordingPage):
    """The letter alone, shut in: as an invented patient would see it. With POST as it stands in the form, not yet saved."""

    def get(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        of = self.get_wording(public_id)
        newest = newest_wording(of)
        return self.shown(of, Words(newest.subject, newest.opening) if newest else STANDARD)

    def post(self, request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
        of = self.get_wording(public_id)
        form = WordingForm(request.POST)
        if form.is_valid():
            return self.shown(of, form.words())
        return self.framed([_("Correct what is marked when you save.")], status=422)

    def shown(self, of: WordingOf, words: Words) -> HttpResponse:
        try:
            letter = preview(of=of, words=words, now=self.now)
        except WordingRefused as refused:
            return self.framed([problem.message for problem in refused.problems], status=422)
        return sheet(letter, as_text=self.request.GET.get("as") == "text")

    def framed(self, problems: list[str], status: int) -> HttpResponse:
        response = render(self.request, "staff/wording-refused.html", {"problems": problems}, status=status)
        return shut_in(response)
