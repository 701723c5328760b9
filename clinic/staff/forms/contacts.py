"""One try to reach a patient: how, how it went, and what follows from that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import DayField, LineField, PlainForm
from clinic.staff.forms.follow_ups import ActionForm, note_field
from clinic.treatments.models import ContactChannel, ContactOutcome, DeclineReason, FollowUp


def _call_back_on() -> DayField:
    return DayField(
        label=_("Calls back on"),
        required=False,
        help_text=_("Only for “will call back”: the follow-up rests until this day, and a task for it is raised."),
    )


def _declined_why() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Declined because"),
        required=False,
        choices=[("", "–"), *DeclineReason.choices],
        help_text=_("Only for “declined”."),
    )


def _ends() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("Stop the follow-up as well"),
        required=False,
        help_text=_("Only for “declined”: without it the patient stays on the list."),
    )


class ContactForm(ActionForm):
    """One try to reach the patient."""

    channel = forms.ChoiceField(label=_("How"), choices=ContactChannel.choices, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=ContactOutcome.choices, widget=forms.RadioSelect)
    call_back_on = _call_back_on()
    declined_why = _declined_why()
    ends = _ends()
    note = note_field(_("Note"), 250, _("What a colleague should know who looks next."))


class TaskForm(PlainForm):
    """What came of a task, and the call that settled it, if it is to be logged on a follow-up."""

    outcome = LineField(
        label=_("What came of it"), max_length=200, required=False, help_text=_("May stay empty where a call is logged below.")
    )
    contact = forms.ChoiceField(
        label=_("Log the call as"), required=False, choices=[("", _("log no call")), *ContactOutcome.choices]
    )
    follow_up = forms.ChoiceField(label=_("On the follow-up"), required=False)
    call_back_on = _call_back_on()
    declined_why = _declined_why()
    ends = _ends()

    def __init__(self, data: Any = None, *, follow_ups: Sequence[FollowUp] = ()) -> None:
        """`follow_ups` are those of the patient that run, each with its condition and indication."""
        super().__init__(data)
        self._follow_ups = {one.public_id.hex: one for one in follow_ups}
        words = [
            (key, f"{one.condition.indication}, {one.condition.get_side_display()}") for key, one in self._follow_ups.items()
        ]
        cast(forms.ChoiceField, self.fields["follow_up"]).choices = words
        if not follow_ups:
            for name in ("contact", "follow_up", "call_back_on", "declined_why", "ends"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A task is done with some word about it: a call that is logged says enough."""
        given = super().clean() or {}
        if given.get("contact"):
            given["outcome"] = given.get("outcome") or str(ContactOutcome(given["contact"]).label)
        elif not given.get("outcome") and "outcome" not in self.errors:
            self.add_error("outcome", _("Say in a few words what came of it."))
        return given

    def call(self) -> dict[str, Any]:
        """The call that a valid form logs, as `care.phoning` takes it; empty where none is."""
        given = self.cleaned_data
        if not given.get("contact"):
            return {}
        follow_up = self._follow_ups.get(given["follow_up"]) or next(iter(self._follow_ups.values()))
        return {
            "follow_up": follow_up,
            "contact": given["contact"],
            "call_back_on": given["call_back_on"],
            "declined_why": given["declined_why"],
            "ends": given["ends"],
        }
