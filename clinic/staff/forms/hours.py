"""What is typed about when a clinic sees patients: weekly hours, single days, closures, holidays, kinds of visit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.practice.models import Practitioner
from clinic.scheduling.services import Proposal
from clinic.scheduling.slots import WeeklyHours
from clinic.staff.forms.fields import DayField, LineField, PlainForm
from clinic.staff.forms.rules import NumberField

Span = tuple[time, time]
_CLOCK = r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])"
_SPAN = re.compile(rf"{_CLOCK} ?[-–] ?{_CLOCK}")
_SPANS_WORDS = _("Enter times such as 09:00-12:00, 13:00-16:30.")


class SpansField(LineField):
    """Times of one day, as 09:00-12:00, 13:00-16:30; empty for none. Whether they are in order is the service's to say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=80, required=False, **options)

    def clean(self, value: Any) -> tuple[Span, ...]:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return ()
        found = [_SPAN.fullmatch(part.strip()) for part in re.split("[,;]", text)]
        if not all(found):
            raise ValidationError(_SPANS_WORDS, code="invalid")
        return tuple((time(int(one[1]), int(one[2])), time(int(one[3]), int(one[4]))) for one in found if one)


def written_spans(spans: Iterable[Span]) -> str:
    """The times of a day as they are typed."""
    return ", ".join(f"{starts:%H:%M}-{ends:%H:%M}" for starts, ends in sorted(spans))


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        input_formats=["%H:%M", "%H.%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Enter a time such as 09:30.")},
    )


class WholeNumberField(NumberField):
    """A whole number that has to be given."""

    def clean(self, value: Any) -> int:
        number = super().clean(value)
        if number is None:
            raise ValidationError(_("Enter a number."), code="required")
        return number


class WeeklyHoursForm(PlainForm):
    """The times of each weekday, and from when to when they hold."""

    from_on = DayField(label=_("From"), help_text=_("Until the day before, the hours stay as they are."))
    until_on = DayField(
        label=_("Until"),
        required=False,
        help_text=_("For hours of a season; afterwards the present ones hold again. Empty: for good."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for day, name in WEEKDAYS.items():
            self.fields[f"day_{day}"] = SpansField(label=name)
        self.fields["day_0"].help_text = _("Such as 09:00-12:00, 13:00-16:30. Empty: nobody is seen.")

    def hours(self) -> list[WeeklyHours]:
        """What was typed, once the form is valid."""
        return [WeeklyHours(day, *span) for day in WEEKDAYS for span in self.cleaned_data[f"day_{day}"]]


def first_hours(hours: Iterable[WeeklyHours], *, from_on: date) -> dict[str, object]:
    """What a change of the weekly hours begins with: those that hold on the day `from_on`."""
    by_day: dict[int, list[Span]] = {}
    for one in hours:
        if one.valid_from <= from_on and (one.valid_until is None or from_on <= one.valid_until):
            by_day.setdefault(one.weekday, []).append((one.starts, one.ends))
    return {"from_on": from_on, **{f"day_{day}": written_spans(spans) for day, spans in by_day.items()}}


class _WhoForm(PlainForm):
    """A form that is about one of the clinic's practitioners."""

    practitioner = forms.ChoiceField(
        label=_("Who"), error_messages={"required": _("Choose who."), "invalid_choice": _("Choose who.")}
    )

    def __init__(self, *args: Any, practitioners: Sequence[Practitioner], nobody: Any, **options: Any) -> None:
        """`nobody` is what the choice of no practitioner is called."""
        super().__init__(*args, **options)
        self._people = {str(one.public_id): one for one in practitioners}
        who = cast(forms.ChoiceField, self.fields["practitioner"])
        who.choices = [("", nobody), *((key, str(one)) for key, one in self._people.items())]

    def clean_practitioner(self) -> Practitioner | None:
        return self._people.get(self.cleaned_data["practitioner"])


class SpecialHoursForm(_WhoForm):
    """Other hours of one practitioner on one day."""

    on = DayField(label=_("Day"))
    spans = SpansField(label=_("Hours of that day"), help_text=_("In place of the weekly ones: 09:00-12:00, 13:00-16:30."))
    reason = LineField(label=_("Reason"), max_length=120)


class ClosureForm(_WhoForm):
    """Days, or a part of one day, on which nobody is seen."""

    stands_for: ClassVar[Mapping[str, str]] = {"on": "from_on"}
    from_on = DayField(label=_("First day"))
    until_on = DayField(label=_("Last day"), required=False, help_text=_("Empty: one day."))
    starts = _clock(_("From, for a part of one day"))
    ends = _clock(_("To"))
    reason = LineField(label=_("Reason"), max_length=120, help_text=_("Staff read it in the calendar; patients do not."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["practitioner"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if "starts" in self.errors or "ends" in self.errors:
            return cleaned
        if (starts is None) != (ends is None):
            self.add_error("ends" if ends is None else "starts", _("A part of a day has a beginning and an end."))
        elif starts is not None and cleaned.get("until_on") not in (None, cleaned.get("from_on")):
            self.add_error("until_on", _("A part of a day is on one day: leave the times empty, or the last day."))
        return cleaned

    @property
    def last_day(self) -> date:
        """The last day, once the form is valid."""
        return cast(date, self.cleaned_data["until_on"] or self.cleaned_data["from_on"])


class HolidaysForm(PlainForm):
    """Which of the proposed public holidays the clinic is closed on."""

    days = forms.MultipleChoiceField(
        label=_("Closed on"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one day."),
            "invalid_choice": _("Choose days of the list."),
            "invalid_list": _("Choose days of the list."),
        },
    )

    def __init__(self, *args: Any, proposals: Sequence[Proposal], **options: Any) -> None:
        super().__init__(*args, **options)
        days = cast(forms.MultipleChoiceField, self.fields["days"])
        days.choices = [(one.on.isoformat(), f"{date_format(one.on, 'D j M Y')}: {one.name}") for one in proposals]
        days.initial = [key for key, _label in days.choices]

    def clean_days(self) -> list[date]:
        return [date.fromisoformat(one) for one in self.cleaned_data["days"]]


class HolidayRegionForm(PlainForm):
    """Whose public holidays are proposed."""

    NOWHERE = "NONE"

    country = forms.ChoiceField(label=_("Country"), error_messages={"invalid_choice": _("Choose a country of the list.")})
    region = LineField(
        label=_("Region"),
        max_length=8,
        required=False,
        help_text=_("Its short code, if it has holidays of its own: BY for Bavaria, SCT for Scotland."),
    )

    def __init__(self, *args: Any, countries: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        # A value of its own, so that a form of which nothing arrived takes no country away.
        named = [(self.NOWHERE, _("none: propose nothing")), *countries.items()]
        cast(forms.ChoiceField, self.fields["country"]).choices = named
        self.initial["country"] = self.initial.get("country") or self.NOWHERE

    def clean_country(self) -> str:
        chosen = cast(str, self.cleaned_data["country"])
        return "" if chosen == self.NOWHERE else chosen

    def clean_region(self) -> str:
        return cast(str, self.cleaned_data["region"]).upper()


class VisitKindForm(PlainForm):
    """A kind of visit: its name, its length and what is kept free after it."""

    name = LineField(label=_("Name"), max_length=60, help_text=_("Patients read it too: say nothing of the treatment."))
    minutes = WholeNumberField(label=_("Length, minutes"))
    buffer_minutes = WholeNumberField(label=_("Kept free after it, minutes"), initial="0")
