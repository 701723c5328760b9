"""What is typed about a rule of a label: comparing it, writing a clinic's own, ending it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import DayField, LineField, PlainForm, UnitsField
from clinic.toxins.models import Indication, IntervalUnit, LabelRule, Product, RuleScope
from clinic.toxins.services import RuleText

_NUMBER = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class NumberField(forms.CharField):
    """A whole number of at most four digits 0 to 9; whether it is possible is the service's to say."""

    widget = _NUMBER

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if re.fullmatch("[0-9]{1,4}", text) is None:
            raise ValidationError(_("Enter a whole number of at most four digits."), code="invalid")
        return int(text)


class RuleVerifyForm(PlainForm):
    """With which text the rule was compared."""

    note = LineField(
        label=_("Compared with"),
        max_length=200,
        help_text=_("Which text, of which date: “SmPC of March 2026, section 4.2”."),
    )


class RuleEndForm(PlainForm):
    """The last day on which an own rule counts."""

    last_day = DayField(label=_("Last day on which it counts"))


class RuleTextForm(PlainForm):
    """What a version of a rule says, from when, and where that was read."""

    wording = LineField(
        label=_("In words"), max_length=250, help_text=_("As whoever signs should read it: “12 weeks between treatments”.")
    )
    units = UnitsField(label=_("Ceiling, U"), required=False, widget=_NUMBER)
    units_per_kg = UnitsField(
        label=_("Ceiling, U per kg"), required=False, help_text=_("Of two ceilings the lower one counts."), widget=_NUMBER
    )
    interval_value = NumberField(label=_("Time"))
    interval_unit = forms.ChoiceField(
        label=_("Unit of the label"),
        required=False,
        choices=[("", "–"), *IntervalUnit.choices],
        help_text=_("12 weeks, 3 months and 90 days are three different intervals."),
        error_messages={"invalid_choice": _("Choose the unit that the label uses.")},
    )
    age_from = NumberField(label=_("From age, years"))
    age_until = NumberField(label=_("Until age, years"))
    only_first = forms.BooleanField(label=_("For the first treatment only"), required=False)
    muscle = forms.ChoiceField(
        label=_("Muscle"),
        required=False,
        help_text=_("Both its sides together. Without one: each muscle, each side by itself."),
        error_messages={"invalid_choice": _("Choose a muscle of the catalogue.")},
    )
    source = LineField(label=_("Source"), max_length=200, help_text=_("Which text, of which date, which section."))
    from_general_knowledge = forms.BooleanField(label=_("From general knowledge: no text was read for it"), required=False)
    valid_from = DayField(label=_("Counts from"), help_text=_("Today at the earliest, by the day of the treatment."))
    valid_until = DayField(label=_("Until"), required=False, help_text=_("The last day, if there is one."))

    def __init__(self, *args: Any, muscles: Sequence[str], scope: str = "", **options: Any) -> None:
        """With a `scope` only what such a rule can say is asked."""
        super().__init__(*args, **options)
        cast(forms.ChoiceField, self.fields["muscle"]).choices = [("", "–"), *((one, one) for one in muscles)]
        for name in _NOT_SAID_BY.get(scope, _TIME if scope else ()):
            del self.fields[name]

    def says(self) -> RuleText:
        """What was typed; once the form is valid."""
        values = {name: self.cleaned_data[name] for name in _TEXT if name in self.fields}
        return RuleText(**values)


class RuleAddForm(RuleTextForm):
    """An own rule: of which product, for which use, and what it limits."""

    product = forms.ChoiceField(
        label=_("Product"), error_messages={"required": _("Choose the product."), "invalid_choice": _("Choose the product.")}
    )
    indication = forms.ChoiceField(
        label=_("For"), required=False, error_messages={"invalid_choice": _("Choose an indication, or every use.")}
    )
    scope = forms.ChoiceField(
        label=_("It limits"),
        choices=[("", _("Choose…")), *RuleScope.choices],
        error_messages={"required": _("Choose what the rule limits."), "invalid_choice": _("Choose what the rule limits.")},
    )
    field_order = ("product", "indication", "scope")

    def __init__(self, *args: Any, products: Sequence[Product], indications: Sequence[Indication], **options: Any) -> None:
        super().__init__(*args, **options)
        self._products = {str(one.public_id): one for one in products}
        self._indications = {one.code: one for one in indications}
        choices = [("", _("Choose…")), *((key, f"{one} ({one.generic_name})") for key, one in self._products.items())]
        cast(forms.ChoiceField, self.fields["product"]).choices = choices
        uses = [("", _("every use")), *((key, str(one)) for key, one in self._indications.items())]
        cast(forms.ChoiceField, self.fields["indication"]).choices = uses

    def clean_product(self) -> Product:
        return self._products[self.cleaned_data["product"]]

    def clean_indication(self) -> Indication | None:
        return self._indications.get(self.cleaned_data["indication"])


def first_values(rule: LabelRule, *, valid_from: date) -> dict[str, object]:
    """What the next version of a rule begins with: what this one says, and nothing of its source or of its days."""
    kept = [name for name in _TEXT if name not in ("source", "from_general_knowledge")]
    return {**{name: _plain(getattr(rule, name)) for name in kept}, "valid_from": valid_from}


def _plain(value: object) -> object:
    return f"{value:f}".rstrip("0").rstrip(".") if hasattr(value, "normalize") else value


_TEXT = (
    "wording", "source", "units", "units_per_kg", "interval_value", "interval_unit", "age_from", "age_until", "only_first",
    "muscle", "from_general_knowledge",
)  # fmt: skip
_TIME = ("interval_value", "interval_unit", "muscle")
#: By scope: what a rule of it cannot say. A ceiling of any other scope has no time and names no muscle.
_NOT_SAID_BY = {
    RuleScope.INTERVAL.value: ("units", "units_per_kg", "muscle"),
    RuleScope.ROLLING.value: ("muscle",),
    RuleScope.MUSCLE.value: ("interval_value", "interval_unit"),
}
