"""Forms of protocol templates."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.staff.forms.fields import LineField, PlainForm

OWN, CLINIC = "own", "clinic"


class TemplateNameForm(PlainForm):
    """What a template is called."""

    name = LineField(label=_("Name"), max_length=80, error_messages={"required": _("Give the template a name.")})


class TemplateKeepForm(TemplateNameForm):
    """A treatment's points kept as a template: under which name, and for whom."""

    owner = forms.ChoiceField(
        label=_("For whom"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose for whom."), "invalid_choice": _("Choose for whom.")},
    )

    def __init__(self, *args: Any, clinic: str, is_practitioner: bool, **options: Any) -> None:
        """`is_practitioner`: only who treats here can have templates of their own."""
        super().__init__(*args, **options)
        own = [(OWN, _("for myself"))] if is_practitioner else []
        everybody = (CLINIC, _("for everybody who treats at %(clinic)s") % {"clinic": clinic})
        cast(forms.ChoiceField, self.fields["owner"]).choices = [*own, everybody]
