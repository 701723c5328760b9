"""What is typed and ticked about the checks of a treatment: today's answers, and the reasons for going on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from clinic.staff.forms.fields import LineField
from clinic.treatments.check_words import ANSWER_NEEDED, QUESTIONS
from clinic.treatments.checks.answers import NO, Item
from clinic.treatments.models import PreCheckAnswer
from clinic.treatments.services import REASON_LENGTH

#: How the fields of a form are called: these and an item, or the key of a finding.
ANSWER, REASON = "answer-", "reason-"
#: No treatment is asked so much; whoever sends more is no form of ours.
MOST_REASONS = 80


class PreCheckForm(forms.Form):
    """The questions before a treatment, each to be answered with yes or no. Nothing is chosen beforehand."""

    def __init__(self, *args: Any, items: Sequence[Item], required: Sequence[Item], **options: Any) -> None:
        """`items` stand on the page; without an answer to one of the `required` the form is refused."""
        super().__init__(*args, **options)
        self._required = required
        for item in items:
            self.fields[f"{ANSWER}{item}"] = forms.ChoiceField(
                label=QUESTIONS[item],
                choices=PreCheckAnswer.choices,
                required=False,
                error_messages={"invalid_choice": ANSWER_NEEDED},
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for item in self._required:
            name = f"{ANSWER}{item}"
            if not given.get(name) and name not in self.errors:
                self.add_error(name, ANSWER_NEEDED)
        return given

    def answers(self) -> dict[str, str]:
        """The answers by item, without what is no answer; the form may be valid or not."""
        sent = {item: str(self[f"{ANSWER}{item}"].value() or "") for item in Item if f"{ANSWER}{item}" in self.fields}
        return {str(item): answer for item, answer in sent.items() if answer in PreCheckAnswer.values}


def no_to_the_rest(posted: QueryDict, items: Sequence[Item]) -> QueryDict:
    """What was sent, with "no" to each question that had no answer."""
    answered = posted.copy()
    for item in items:
        if posted.get(f"{ANSWER}{item}") not in PreCheckAnswer.values:
            answered[f"{ANSWER}{item}"] = NO
    return answered


class Reasons:
    """The reasons as typed, by the key of the finding they were typed for. What cannot be kept counts as none, and says why."""

    def __init__(self, posted: Mapping[str, Any]) -> None:
        names = [name for name in posted if name.startswith(REASON)][:MOST_REASONS]
        self._typed = {name.removeprefix(REASON): str(posted[name]) for name in names}
        self.given: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        field = LineField(max_length=REASON_LENGTH, required=False)
        for key, text in self._typed.items():
            try:
                self.given[key] = field.clean(text)
            except ValidationError as refused:
                self._refused[key] = " ".join(refused.messages)

    def typed_for(self, key: str, stem: str) -> str:
        """What stands in the field of a finding: typed for it, or for the same one while its numbers were others."""
        if key in self._typed:
            return self._typed[key]
        return next((text for other, text in self._typed.items() if other.rpartition(".")[0] == stem), "")

    def refusal(self, key: str) -> str:
        """Why what was typed for this finding cannot be kept; empty where it can."""
        return self._refused.get(key, "")
