"""What is typed about toxin that a patient had somewhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import DayField, LineField, PlainForm, UnitsField
from clinic.toxins.models import Product


class GivenElsewhereForm(PlainForm):
    """A product, its units, the day and the place."""

    product = forms.ChoiceField(
        label=_("Product"), error_messages={"required": _("Choose the product."), "invalid_choice": _("Choose the product.")}
    )
    units = UnitsField(label=_("Units"), help_text=_("In the units of that product."))
    given_on = DayField(label=_("Given on"))
    place = LineField(label=_("Where"), max_length=120)

    def __init__(self, *args: Any, products: Sequence[Product], **options: Any) -> None:
        super().__init__(*args, **options)
        self._products = {str(one.public_id): one for one in products}
        choices = [("", _("Choose…")), *((key, f"{one} ({one.generic_name})") for key, one in self._products.items())]
        cast(forms.ChoiceField, self.fields["product"]).choices = choices

    def clean_product(self) -> Product:
        return self._products[self.cleaned_data["product"]]


class VoidForm(PlainForm):
    """Why an entry does not count."""

    stands_for: ClassVar[dict[str, str]] = {"void_reason": "reason"}
    reason = LineField(label=_("Why it does not count"), max_length=200)
