"""What a calendar shows: which clinic, whose days, from when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Clinic, Practitioner
from clinic.staff.forms.fields import DayField, PlainForm

DAY, WEEK = "day", "week"
VIEWS = ((DAY, _("Day")), (WEEK, _("Week")))


class CalendarForm(PlainForm):
    """The address of a calendar, sent by GET. All may be empty: then it is today, at the first clinic, with everybody there."""

    clinic = forms.ChoiceField(label=_("Clinic"), required=False)
    on = DayField(label=_("Day"), required=False)
    view = forms.ChoiceField(required=False, choices=VIEWS, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinics: Sequence[Clinic], **options: Any) -> None:
        super().__init__(*args, **options)
        self._clinics = {str(one.public_id): one for one in clinics}
        choices = [(key, one.name) for key, one in self._clinics.items()]
        cast(forms.ChoiceField, self.fields["clinic"]).choices = choices
        if len(clinics) == 1:
            self.fields["clinic"].widget = forms.HiddenInput()

    @property
    def chosen_clinic(self) -> Clinic:
        """The clinic that a valid form asks for: the first one unless another is named."""
        return self._clinics.get(self.cleaned_data["clinic"]) or next(iter(self._clinics.values()))


class PeopleForm(PlainForm):
    """Whose days to show; nobody named is everybody."""

    # In an address it reads "with=…", a word that Python keeps for itself.
    field_order = ("with",)

    def __init__(self, *args: Any, practitioners: Sequence[Practitioner], **options: Any) -> None:
        super().__init__(*args, **options)
        self._people = {str(one.public_id): one for one in practitioners}
        self.fields["with"] = forms.MultipleChoiceField(
            label=_("With"),
            required=False,
            choices=[(key, one.name) for key, one in self._people.items()],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": _("Choose somebody who treats patients at this clinic.")},
        )

    @property
    def chosen(self) -> list[Practitioner]:
        """The practitioners whom a valid form asks for."""
        wanted = self.cleaned_data["with"]
        return [one for key, one in self._people.items() if not wanted or key in wanted]
