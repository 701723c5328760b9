"""What the lists of letters may be narrowed to, and why letters are paused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Clinic
from clinic.reminders.models import MessageState
from clinic.reminders.services.pausing import LONGEST_REASON
from clinic.reminders.states import State
from clinic.reminders.wording import step_choices
from clinic.staff.forms.fields import DayField, LineField

#: The lists: what goes next, why nothing goes, what went, what needs a person.
SHOWN = (
    ("next", _("Goes next")),
    ("why", _("Nothing will go")),
    ("went", _("Went or ended")),
    ("problems", _("Needs you")),
)
#: The states that a list can be narrowed to.
STATES_SHOWN = {
    "problems": (State.UNKNOWN, State.FAILED, State.DEAD, State.HELD),
    "went": (
        State.SENT, State.BOUNCED, State.COMPLAINED, State.CANCELLED, State.SUPERSEDED, State.EXPIRED, State.SUPPRESSED,
    ),
}  # fmt: skip
UNTIL = (
    ("week", _("in the next seven days")),
    ("today", _("today")),
    ("tomorrow", _("tomorrow")),
    ("day", _("on the date beside it")),
)
#: So far ahead a date may be asked about.
FURTHEST = timedelta(days=730)


class LetterFilter(forms.Form):
    """Sent by GET; every value stands in the address. Fields that a list has no use for are left out."""

    show = forms.ChoiceField(choices=SHOWN, required=False, widget=forms.HiddenInput)
    until = forms.ChoiceField(label=_("Due"), choices=UNTIL, required=False)
    on = DayField(label=_("Date"), required=False)
    step = forms.ChoiceField(label=_("Letter"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    clinic = forms.ChoiceField(label=_("Clinic"), required=False)

    def __init__(self, data: Any, *, clinics: Sequence[Clinic], today: date) -> None:
        """`today` is the date of the first of these clinics."""
        super().__init__(data)
        self._today = today
        self._clinics = {clinic.public_id.hex: clinic for clinic in clinics}
        self._choices("step", step_choices())
        self._choices("clinic", [(key, clinic.name) for key, clinic in self._clinics.items()])
        shown = self.data.get("show") or "next"
        if shown != "next":
            del self.fields["until"], self.fields["on"]
        if shown in STATES_SHOWN:
            self._choices("state", [(state, MessageState(state).label) for state in STATES_SHOWN[shown]])
        else:
            del self.fields["step"], self.fields["state"]
        if len(clinics) == 1:
            del self.fields["clinic"]

    def _choices(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("any")), *choices]

    @property
    def helper(self) -> FormHelper:
        """Rows of fields; the page puts the form around them."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper

    def clean_on(self) -> date | None:
        """What has gone stands in another list."""
        day: date | None = self.cleaned_data["on"]
        if day is not None and day < self._today:
            raise ValidationError(_("Choose today or a later day: what went stands under “Went or ended”."))
        if day is not None and day > self._today + FURTHEST:
            raise ValidationError(_("Choose a day within two years from now."))
        return day

    def clean(self) -> dict[str, Any]:
        """Whoever chooses to see a date names one."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("until") == "day" and cleaned.get("on", self._today) is None:
            self.add_error("on", _("Enter a date."))
        return cleaned

    def chosen_day(self) -> date | None:
        """The one day that is asked about: a date that was entered counts whatever else is chosen. After is_valid()."""
        if self.cleaned_data.get("on"):
            day: date = self.cleaned_data["on"]
            return day
        return self._today + timedelta(days=1) if self.cleaned_data.get("until") == "tomorrow" else None

    def chosen_clinics(self) -> list[Clinic]:
        """The clinic that was chosen, or all. After is_valid()."""
        key = self.cleaned_data.get("clinic")
        return [self._clinics[key]] if key else list(self._clinics.values())


class PauseForm(forms.Form):
    """Pause or resume the letters of one clinic, or of all."""

    clinic = forms.UUIDField(required=False, widget=forms.HiddenInput)
    reason = LineField(label=_("Why"), max_length=LONGEST_REASON, required=False)
    resume = forms.BooleanField(required=False, widget=forms.HiddenInput)
    #: When the list was shown that somebody has looked at, and whether somebody said that the database is the right one.
    looked_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    is_right_database = forms.BooleanField(
        label=_("This is the right database, and no other installation sends from a copy of it."), required=False
    )

    def __init__(self, *args: Any, asks_whose_database: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not asks_whose_database:
            del self.fields["is_right_database"]
