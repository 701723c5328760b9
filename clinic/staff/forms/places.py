"""Places on a picture, as people type them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:[.,][0-9]{1,40})?")


class PercentField(forms.CharField):
    """A place on a picture, in percent from its left or top edge: "37.5" or "37,5"."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control form-control-sm text-end"}
        )
        super().__init__(max_length=80, required=False, widget=widget, **options)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        percent = percent_or_none(text)
        if percent is None:
            raise ValidationError(_("Enter a number from 0 to 100."), code="invalid")
        return percent


def percent_or_none(text: str) -> Decimal | None:
    """A number from 0 to 100 as typed, to two decimals; None for anything else."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    number = Decimal(text.strip().replace(",", "."))
    return number.quantize(Decimal("0.01")) if 0 <= number <= 100 else None
