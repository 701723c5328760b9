"""A clinic's own words in a letter."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.reminders.letter_wordings import LONGEST_OPENING, LONGEST_SUBJECT, Words
from clinic.staff.forms.fields import LineField, PlainForm, TextField


class WordingForm(PlainForm):
    """The subject and the beginning of a letter; an empty one leaves the standard words."""

    version = forms.IntegerField(min_value=0, max_value=32000, widget=forms.HiddenInput)
    subject = LineField(label=_("Subject"), max_length=LONGEST_SUBJECT, required=False)
    opening = TextField(
        label=_("Beginning of the letter"),
        max_length=LONGEST_OPENING,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Plain text; an empty line begins a new paragraph."),
    )

    def words(self) -> Words:
        """What was typed. After is_valid()."""
        return Words(self.cleaned_data["subject"], self.cleaned_data["opening"])
