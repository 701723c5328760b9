"""Fields that take what people type: tidied, and refused where it would do harm further on. Other forms use them too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, cast

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, ProhibitNullCharactersValidator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clinic.patients.names import tidy
from clinic.patients.services import Problem
from clinic.patients.validators import validate_line, validate_text

#: A date field takes "26" for the year 26. No day of a patient, a vial or a visit lies outside these years.
EARLIEST, LATEST = date(1880, 1, 1), date(2199, 12, 31)
_YEAR_WORDS = _("Enter a date with a year between 1880 and 2199.")
PLAUSIBLE_DAYS = [MinValueValidator(EARLIEST, _YEAR_WORDS), MaxValueValidator(LATEST, _YEAR_WORDS)]

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:[.,][0-9]{1,40})?")


class LineField(forms.CharField):
    """One line of text. NUL, control characters, line breaks and marks that turn the direction of writing are refused."""

    several_lines = False

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)
        # Ours speaks of NUL too, in the same words as of every other control character.
        self.validators = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]
        self.validators.append(validate_text if self.several_lines else validate_line)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        text = tidy(text, several_lines=self.several_lines)
        self.validate(text)
        return text

    def run_validators(self, value: Any) -> None:
        # Of what is too long nothing more is said, and nothing more is done with it.
        if self.max_length is not None and len(value) > self.max_length:
            raise ValidationError(
                _("At most %(most)d characters; this has %(length)d."), params={"most": self.max_length, "length": len(value)}
            )
        super().run_validators(value)


class TextField(LineField):
    """Text of any number of lines. Control characters other than line breaks and tabs are refused."""

    several_lines = True
    widget = forms.Textarea(attrs={"rows": 3})


class DayField(forms.DateField):
    """A day, picked or typed as 2026-12-03 or 03.12.2026. Two orders of month and day with slashes would be guessing."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "error_messages",
            {"required": _("Enter a date."), "invalid": _("Enter a date such as 2026-12-03 or 03.12.2026.")},
        )
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            input_formats=["%Y-%m-%d", "%d.%m.%Y"],
            validators=PLAUSIBLE_DAYS,
            **options,
        )


class UnitsField(forms.CharField):
    """Units as people type them: "2.5" or "2,5" with the digits 0 to 9; no exponent, no thousands mark, no words.

    Whether such a number of units is possible is the service's to say.
    """

    widget = forms.TextInput(
        attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control form-control-sm text-end"}
    )

    def __init__(self, **options: Any) -> None:
        options.setdefault("error_messages", {})["required"] = _("Enter the units.")
        super().__init__(max_length=80, **options)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        if _NUMBER.fullmatch(text) is None:
            raise ValidationError(_("Enter units as a number such as 2.5."), code="invalid")
        number = text.replace(",", ".")
        # Also where they are zeros: "1,000" may have been meant as a thousand.
        if len(number.partition(".")[2]) > 2:
            raise ValidationError(_("Enter at most two decimals."), code="too_fine")
        return Decimal(number)


class DataSelect(forms.Select):
    """A select whose options carry `data-` attributes, by option value.

    It is written without Django's template for each option: a table of points has thousands of them.
    """

    def __init__(self, *, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"class": "form-select", **(attrs or {})})
        self.data: Mapping[str, Mapping[str, str]] = {}

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        for key, text in self.data.get(str(value), {}).items():
            option["attrs"][f"data-{key}"] = text
        return option

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        groups = format_html_join("", "{}", ((_group(label, options),) for label, options, _index in widget["optgroups"]))
        return format_html('<select name="{}"{}>{}</select>', widget["name"], _attributes(widget["attrs"]), groups)


def _group(label: str | None, options: Iterable[Mapping[str, Any]]) -> SafeString:
    parts = ((option["value"], _attributes(option["attrs"]), option["label"]) for option in options)
    written = format_html_join("\n", '<option value="{}"{}>{}</option>', parts)
    return format_html('<optgroup label="{}">{}</optgroup>', label, written) if label else written


def _attributes(attrs: Mapping[str, Any]) -> SafeString:
    """As Django's template writes them: in their order, what is true without a value, what is false not at all."""
    said = {name: value for name, value in attrs.items() if value is not False and value is not None}
    bare = format_html_join("", " {}", ((name,) for name, value in said.items() if value is True))
    return format_html_join("", ' {}="{}"', ((name, value) for name, value in said.items() if value is not True)) + bare


class DataChoiceField(forms.ChoiceField):
    """A choice among rows that the view offers, each option with its `data-` attributes."""

    def __init__(self, *, attrs: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(widget=DataSelect(attrs=attrs), **options)

    def offer(self, choices: list[Any], data: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.choices = choices
        cast(DataSelect, self.widget).data = data or {}


class PlainForm(forms.Form):
    """A form that a template wraps in its own tag, and that shows beside its fields what a service refuses."""

    #: Where the form has one field for what a service knows by other names: {the service's name: the form's}.
    stands_for: ClassVar[Mapping[str, str]] = {}

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Show each problem beside the field it is about; above the form if the form has no such field."""
        for problem in problems:
            field = self.stands_for.get(problem.field, problem.field)
            self.add_error(field if field in self.fields else None, problem.message)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper
