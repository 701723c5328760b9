"""What the list of overrides is narrowed to: kind, severity, person, month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any, cast

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from clinic.accounts import User
from clinic.staff.forms.fields import PlainForm
from clinic.treatments.check_words import NAMES
from clinic.treatments.models import Override, OverrideSeverity

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


class MonthForm(PlainForm):
    """One month, or none."""

    month = forms.CharField(
        label=_("Month"), required=False, max_length=20, widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-11"})
    )

    def clean_month(self) -> date | None:
        """The first day of the month."""
        text = self.cleaned_data["month"].strip()
        if not text:
            return None
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValidationError(_("Enter a month as 2026-11."))
        return date(int(found[1]), int(found[2]), 1)

    def span(self, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """When the month of a valid form begins and ends in `zone`; None, None where it names none."""
        first: date | None = self.cleaned_data["month"]
        if first is None:
            return None, None
        ends = first + relativedelta(months=1)
        return datetime.combine(first, time.min, tzinfo=zone), datetime.combine(ends, time.min, tzinfo=zone)


class OverrideFilterForm(MonthForm):
    """The filters, sent by GET. All may be empty."""

    field_order = ("kind", "severity", "by", "month")

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("any")), *sorted(NAMES.items())])
    severity = forms.ChoiceField(label=_("Severity"), required=False, choices=[("", _("any")), *OverrideSeverity.choices])
    by = forms.ChoiceField(label=_("Signed by"), required=False)

    def __init__(self, *args: Any, people: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self._people = {str(one.public_id): one for one in people}
        choices = [("", _("anybody")), *((key, one.name or one.email) for key, one in self._people.items())]
        cast(forms.ChoiceField, self.fields["by"]).choices = choices

    def narrow(self, overrides: QuerySet[Override], *, zone: tzinfo) -> QuerySet[Override]:
        """The overrides that a valid form asks for; a month begins and ends in `zone`."""
        wanted = self.cleaned_data
        if wanted["kind"]:
            overrides = overrides.filter(code=wanted["kind"])
        if wanted["severity"]:
            overrides = overrides.filter(severity=wanted["severity"])
        if wanted["by"]:
            overrides = overrides.filter(by=self._people[wanted["by"]])
        begins, ends = self.span(zone)
        if begins and ends:
            overrides = overrides.filter(at__gte=begins, at__lt=ends)
        return overrides
