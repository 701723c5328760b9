"""Which vials a treatment used, what was thrown away in it, and the word of whoever uses one for a second patient."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import DataChoiceField, LineField, UnitsField
from clinic.staff.vials import vial_data, vial_text
from clinic.toxins.models import Vial

#: Where the vials stand in the form, in the order in which they are emptied.
VIAL_FIELDS = ("vial", "vial_2", "vial_3")


def _vial_field(label: Any, **options: Any) -> DataChoiceField:
    return DataChoiceField(
        label=label,
        attrs={"data-vial": True},
        error_messages={
            "required": _("Choose the vial that was used."),
            "invalid_choice": _("Choose a vial of this clinic."),
        },
        **options,
    )


class VialsForm(forms.Form):
    """The vials of a treatment, emptied one after the other. Choices are given as rows; what comes back are the rows chosen."""

    vial = _vial_field(_("Vial"), help_text=_("Only vials that may be used on the day are offered."))
    vial_2 = _vial_field(_("Second vial"), required=False)
    vial_3 = _vial_field(_("Third vial"), required=False)
    shared_confirmed = forms.BooleanField(
        label=_("This vial was used for another patient before, and I confirm that it was used for this one too"),
        help_text=_("A vial is labelled for one patient in the US. Your name and the time of signing are kept with this."),
        required=False,
    )
    discard_rest = forms.BooleanField(label=_("Discard what is left in the vial"), required=False)
    wasted_units = UnitsField(
        label=_("Or units discarded"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    waste_reason = LineField(
        label=_("Why discarded"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"list": "usual-waste", "autocomplete": "off"}),
    )

    may_be_chosen: ClassVar[tuple[str, ...]] = VIAL_FIELDS

    def offer_vials(self, vials: Sequence[Vial], zone: tzinfo, shared: Collection[int]) -> None:
        """Offer these vials, those in `shared` (by key) as used for another patient before."""
        self._vials = {str(one.public_id): one for one in vials}
        by_product: dict[str, list[tuple[str, str]]] = {}
        for key, one in self._vials.items():
            words = vial_text(one, zone, is_shared=one.pk in shared)
            by_product.setdefault(str(one.lot.product), []).append((key, words))
        data = {key: vial_data(one, is_shared=one.pk in shared) for key, one in self._vials.items()}
        for name in self.may_be_chosen:
            nothing = ("", _("Choose…") if self.fields[name].required else _("none"))
            self._offer(name, [nothing, *by_product.items()], data)
        self.asks_about_sharing = bool(shared) or bool(self["shared_confirmed"].value())

    def _offer(self, name: str, choices: list[Any], data: Mapping[str, Mapping[str, str]] | None = None) -> None:
        cast(DataChoiceField, self.fields[name]).offer(choices, data)

    def clean_wasted_units(self) -> Decimal:
        return self.cleaned_data["wasted_units"] or Decimal(0)

    def vials_given(self) -> list[Vial]:
        """The vials chosen, in their order. Only after the form was found valid."""
        return [self._vials[key] for name in self.may_be_chosen if (key := self.cleaned_data[name])]

    def vials_chosen(self) -> list[Vial]:
        """The vials chosen so far, whether the form is valid or not."""
        keys = (str(self[name].value() or "") for name in self.may_be_chosen)
        return [self._vials[key] for key in keys if key in self._vials]

    def wasted_so_far(self) -> Decimal:
        """The units discarded as typed, whether the form is valid or not; zero where they are no number of units."""
        try:
            return max(self.fields["wasted_units"].clean(str(self["wasted_units"].value() or "")) or Decimal(0), Decimal(0))
        except ValidationError:
            return Decimal(0)

    @property
    def has_more_vials(self) -> bool:
        """Whether a second vial is chosen, or something is wrong with one: then its fields are shown at once."""
        return any(self[name].value() or name in self.errors for name in self.may_be_chosen[1:])

    @property
    def has_waste(self) -> bool:
        """Whether something is said of units discarded."""
        names = ("wasted_units", "waste_reason")
        return any(self[name].value() or name in self.errors for name in names)
