"""The choice of two treatments to compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.staff.comparing_choice import choice_words
from clinic.staff.forms.fields import PlainForm
from clinic.treatments.models import InjectionSession


class CompareForm(PlainForm):
    """Two treatments of one patient, sent by GET. What is offered is signed; of what the patient has, only a void one is not."""

    one = forms.ChoiceField(label=_("Earlier treatment"))
    other = forms.ChoiceField(label=_("Later treatment"))

    default_error_messages = {
        "required": _("Choose a treatment."),
        "invalid_choice": _("This treatment is void: it counts for nothing and is compared with none."),
    }

    def __init__(self, *args: Any, signed: Iterable[InjectionSession], **options: Any) -> None:
        super().__init__(*args, **options)
        self._signed = {str(one.public_id): one for one in signed}
        choices = [("", "–"), *((key, choice_words(one)) for key, one in self._signed.items())]
        for field in self.fields.values():
            cast(forms.ChoiceField, field).choices = choices
            field.error_messages.update(self.default_error_messages)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "one" in cleaned and cleaned["one"] == cleaned.get("other"):
            self.add_error("other", _("Choose two different treatments."))
        return cleaned

    def pair(self) -> tuple[InjectionSession, InjectionSession]:
        """The two that a valid form names."""
        return self._signed[self.cleaned_data["one"]], self._signed[self.cleaned_data["other"]]
